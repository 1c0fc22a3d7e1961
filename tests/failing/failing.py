#!/usr/bin/env python3
"""Each call of the main flows failed in turn: every allocation of every library, every system call.

usage: failing.py BUILD_DIR LIBRARY PROGRAMME_DIR [--most N] [--some | --flow NAME...] [--jobs N]
                  [--list]

Each flow is run once to count its calls; then once for every call and every way in which it can
fail, alone, and as the first of eight. --most N: at most N calls of a kind, evenly spread, instead
of all. --some: the flows of CI. Prints a line a flow, and each defect with the stack of the call
that failed; exits 1 where there is one.
"""
import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

import catalogue
from faults import ALLOCATION, Page, ways_of
from flows import Network

RUN = 8 # calls that fail one after the other, in the second mode


def spread(count, most, skip):
    """Which calls, 1 the first."""
    from_ = skip + 1
    left = max(count - skip, 0)
    step = 1 if most is None or left <= most else -(-left // most)
    return range(from_, from_ + left, step)


def points(seen, most, skipped):
    """Every (kind, n, way, calls)."""
    for kind, count in sorted(seen.items()):
        for n in spread(count, most, skipped.get(kind, 0)):
            for way in ways_of(kind):
                yield kind, n, way, 1
        if kind == ALLOCATION or kind in ('write', 'pwrite64', 'fsync', 'fdatasync', 'openat'):
            for n in spread(count, None if most is None else max(most // 4, 1),
                            skipped.get(kind, 0)):
                yield kind, n, ways_of(kind)[0], RUN


def symbols(build, stack):
    """The stack in names, where it is in our own programs."""
    out = []
    for frame in stack:
        name, _, offset = frame.rpartition('+')
        if name in ('minga', 'mingad'):
            got = subprocess.run(['addr2line', '-fse', f'{build}/{name}', offset],
                                 capture_output=True, text=True, check=False)
            out.append(' '.join(got.stdout.split()))
        else:
            out.append(frame)
    return out


class Tally:
    def __init__(self, name):
        self.name, self.calls, self.runs, self.failed, self.libraries = name, 0, 0, 0, 0
        self.kinds, self.defects = {}, {}

    def line(self):
        kinds = ' '.join(f'{k}={n}' for k, n in sorted(self.kinds.items()))
        return (f'{self.name}: {self.calls} calls, {self.runs} runs, {self.failed} failed calls, '
                f'{self.libraries} ended by a library, {len(self.defects)} defects: {kinds}')


def run_flow(flow, net, most, skipped, build):
    tally = Tally(flow.name)

    def note(defect, point, stack):
        where = symbols(build, stack)
        ours = [f for f in where if '.c:' in f][:3]
        key = (defect[:50], tuple(f.split(' ')[0] for f in ours))
        if key not in tally.defects:
            tally.defects[key] = (point, defect, where)
            print(f'DEFECT {flow.name} {point}\n    {defect}\n    ' + '\n    '.join(where[:14]),
                  flush=True)

    flow.open(net)
    most = min(n for n in (most, flow.most, sys.maxsize) if n is not None)
    seen = flow.count()
    tally.calls = sum(n - min(n, skipped.get(k, 0)) for k, n in seen.items())
    for point in points(seen, most, skipped):
        try:
            defect, failed, library = flow.once(*point)
        except (AssertionError, subprocess.TimeoutExpired) as wrong:
            net.page.disarm()
            flow.office.end(9)
            if flow.daemon:
                flow.office.start()
            defect, failed, library = f'afterwards: {wrong}', 1, False
        tally.runs += 1
        tally.failed += failed
        tally.libraries += library
        tally.kinds[point[0]] = tally.kinds.get(point[0], 0) + (1 if failed else 0)
        if defect:
            note(defect, point, net.page.stack())
    defect = flow.close()
    if defect:
        note(defect, ('at the end', 0, '', 0), [])
    return tally


def work(arguments, names, queue):
    """One process: its own network, its share of the flows."""
    folder = tempfile.mkdtemp(prefix='minga-failing.', dir='/dev/shm')
    net = None
    try:
        pages = [Page(f'{folder}/{name}', arguments.library) for name in ('page', 'other')]
        net = Network(arguments.build, folder + '/net', arguments.data, *pages)
        skipped = catalogue.skipped(net)
        for name in names:
            flow = catalogue.flow(name)
            try:
                tally = run_flow(flow, net, arguments.most,
                                 skipped if flow.starts and name != 'version' else {},
                                 arguments.build)
                queue.put((tally.line(), len(tally.defects), tally.failed))
            except Exception: # pylint: disable=broad-except
                queue.put((f'{name}: broke off\n{traceback.format_exc()}', 1, 0))
            finally:
                if getattr(flow, 'office', None) is not None:
                    flow.office.end(9)
    except Exception: # pylint: disable=broad-except
        queue.put((traceback.format_exc(), 1, 0))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        queue.put(None)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('library')
    p.add_argument('data')
    p.add_argument('--most', type=int)
    p.add_argument('--flow', action='append')
    p.add_argument('--some', action='store_true')
    p.add_argument('--jobs', type=int, default=2)
    p.add_argument('--list', action='store_true')
    a = p.parse_args()
    names = a.flow or catalogue.names(a.some)
    if a.list:
        print('\n'.join(names))
        return 0
    for name in ('MINGA_HOME', 'LANGUAGE', 'LC_ALL', 'LC_MESSAGES', 'XDG_RUNTIME_DIR'):
        os.environ.pop(name, None)
    os.environ['LANG'] = 'C.UTF-8'
    queue = multiprocessing.Queue()
    jobs = min(a.jobs, len(names))
    workers = [multiprocessing.Process(target=work, args=(a, names[i::jobs], queue))
               for i in range(jobs)]
    for w in workers:
        w.start()
    left, defects, failed = jobs, 0, 0
    while left > 0:
        got = queue.get()
        if got is None:
            left -= 1
            continue
        print(got[0], flush=True)
        defects += got[1]
        failed += got[2]
    for w in workers:
        w.join()
    print(f'{len(names)} flows, {failed} failed calls, {defects} defects')
    return 1 if defects > 0 or failed == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
