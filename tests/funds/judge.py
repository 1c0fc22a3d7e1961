#!/usr/bin/env python3
"""judge.py --program minga-funds --seeds N [--first S] [--jobs J] [--keep DIR]

Lets minga-funds live N histories and judges each by a model of its own (model.py).
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

sys.dont_write_bytecode = True  # nothing of ours beside the sources
import model
import tools


RULES = ('disbursement-above-award', 'award-above-line', 'purchase-above-disbursement',
         'purchase-below-disbursement', 'receipt-twice', 'no-receipt', 'not-handed-over',
         'outlay-before-act', 'outside-period', 'sessions-missing', 'conflict-on-money',
         'statement-differs', 'grant-twice', 'overdrawn', 'fork', 'frozen',
         'quarantine', 'unkept', 'back-dated')
COUNTED_FROM = 100  # with fewer histories, a rare thing may honestly not happen
PROBLEMS_MAX = 20


class Share:
    """Some of the histories, lived and judged by one process of each tool."""

    def __init__(self, args, first, seeds, folder):
        self.problems = []
        self.counts = Counter()
        self.broken = Counter()
        self.histories = 0
        shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
        os.makedirs(folder)
        command = [args.program, '--seeds', str(seeds), '--first', str(first), '--out', folder]
        self.live(command + (['--canary', args.canary] if args.canary else []))
        expected = {}
        for history in model.read(os.path.join(folder, 'story.jsonl')):
            if not history.ends:
                continue  # the program ended before it, and has said why
            history.close()
            self.histories += 1
            self.problems += history.problems
            self.broken += history.broken
            for word, count in history.tried.items():
                self.counts['answered "%s"' % word] += count
            expected[history.seed] = history.balances()
        self.problems += tools.compare(folder, expected)

    def live(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False)
        if done.returncode != 0:
            self.problems.append(done.stderr.strip() or
                                 '%s ended with %d' % (' '.join(command), done.returncode))
        for line in done.stdout.splitlines():
            count, what = line.strip().split(' ', 1)
            self.counts[what] += int(count)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', required=True)
    parser.add_argument('--seeds', type=int, required=True)
    parser.add_argument('--first', type=int, default=1)
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--keep', help='leave what was told and exported there')
    parser.add_argument('--canary', help='what the program has to break on purpose')
    parser.add_argument('--caught', help='a part of the sentence by which that has to be caught')
    args = parser.parse_args()
    folder = args.keep or tempfile.mkdtemp(prefix='minga-funds-')
    shares = []
    first, left = args.first, args.seeds
    with ProcessPoolExecutor(args.jobs) as pool:
        for job in range(args.jobs):
            seeds = left // (args.jobs - job)
            if seeds > 0:
                shares.append(pool.submit(Share, args, first, seeds,
                                          os.path.join(folder, str(job))))
            first, left = first + seeds, left - seeds
    shares = [share.result() for share in shares]
    if not args.keep:
        shutil.rmtree(folder)
    return caught(shares, args) if args.canary else report(shares, args)


def caught(shares, args):
    """A program that is broken on purpose has to fail, and for the right reason."""
    problems = [problem for share in shares for problem in share.problems]
    right = [problem for problem in problems if args.caught in problem]
    if not right:
        print('FAILED: %d histories, and the canary was not caught by "%s": %s' %
              (args.seeds, args.caught, problems[:2]), file=sys.stderr)
        return 1
    print('caught: ' + right[0])
    return 0


def report(shares, args):
    problems = [problem for share in shares for problem in share.problems]
    happened, broken = Counter(), Counter({rule: 0 for rule in RULES})
    for share in shares:
        happened.update(share.counts)
        broken.update(share.broken)
    histories = sum(share.histories for share in shares)
    for what, count in sorted(happened.items()) + list(broken.items()):
        print('%10d %s' % (count, what))
        if count == 0 and args.seeds >= COUNTED_FROM:
            problems.append('never happened: %s' % what)
    for problem in problems[:PROBLEMS_MAX]:
        print('FAILED: ' + problem.removeprefix('FAILED: '), file=sys.stderr)
    if not problems and histories != args.seeds:
        print('FAILED: %d of %d histories' % (histories, args.seeds), file=sys.stderr)
        return 1
    if problems:
        print('%d in all; one history again: judge.py --first SEED --seeds 1 --keep DIR' %
              len(problems), file=sys.stderr)
        return 1
    print('%d histories from %d on: the model, hledger, ledger and beancount say the same, and the '
          'audits find what was broken' % (histories, args.first))
    return 0


if __name__ == '__main__':
    sys.exit(main())
