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
from concurrent.futures import ThreadPoolExecutor

import model


def judge(args, first, seeds, folder):
    """One share of the histories: what is wrong, as sentences."""
    os.makedirs(folder, exist_ok=True)
    command = [args.program, '--seeds', str(seeds), '--first', str(first), '--out', folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    problems = [] if done.returncode == 0 else [
        done.stderr.strip() or '%s ended with %d' % (args.program, done.returncode)]
    tried = {}
    for history in model.read(os.path.join(folder, 'story.jsonl')):
        if history.ends:
            history.close()
        problems += history.problems
        for name, count in history.tried.items():
            tried[name] = tried.get(name, 0) + count
    print(done.stdout, tried)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', required=True)
    parser.add_argument('--seeds', type=int, required=True)
    parser.add_argument('--first', type=int, default=1)
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--keep', help='leave what was told and exported there')
    args = parser.parse_args()
    folder = args.keep or tempfile.mkdtemp(prefix='minga-funds-')
    problems = judge(args, args.first, args.seeds, folder)
    for problem in problems[:20]:
        print('FAILED: ' + problem, file=sys.stderr)
    if not args.keep:
        shutil.rmtree(folder)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
