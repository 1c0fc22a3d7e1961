"""What other people's tools say of the exported books: hledger, ledger and beancount.

Each gives {seed: {(owner, line, currency): minor units}} of the accounts below Assets, and what it
complains of. hledger and ledger read all histories at once, each below an account of its own.
"""
import csv
import io
import os
import re
import subprocess

import model

# Whoever installed beancount by Debian's package has it in Debian's Python alone.
PYTHON = '/usr/bin/python3'
BEANCOUNT = r'''
import sys
from beancount import loader
from beancount.core import data
for path in sys.argv[1:]:
    entries, errors, _ = loader.load_file(path)
    for error in errors:
        print("!", path, " ".join(error.message.split()))
    sums = {}
    for entry in data.filter_txns(entries):
        for leg in entry.postings:
            key = leg.account, leg.units.currency
            sums[key] = sums.get(key, 0) + leg.units.number
    for (account, currency), number in sorted(sums.items()):
        print("=", path, account, currency, number)
'''


def minor_units(text, currency):
    sign = -1 if text.startswith('-') else 1
    return sign * model.minor_units(text.lstrip('-'), currency)


def run(*command):
    """What a tool prints, and what it complains of."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    problems = []
    if done.returncode != 0 or done.stderr.strip():
        problems.append('%s: %s' % (' '.join(command[:4]), done.stderr.strip()[:2000]))
    return done.stdout, problems


def put(out, account, currency, number):
    """'h12:Assets:arica:pool' into what is said of history 12."""
    seed, _, owner, line = account.split(':')
    out.setdefault(int(seed[1:]), {})[owner, line, currency] = minor_units(number, currency)


def hledger(folder):
    path = os.path.join(folder, 'all.ledger')
    _, problems = run('hledger', '-f', path, 'check', '--strict')
    text, more = run('hledger', '-f', path, 'balance', '--flat', '--no-total', '--empty',
                     '-O', 'csv', '--layout=bare', 'Assets')
    out = {}
    for row in csv.DictReader(io.StringIO(text)):
        put(out, row['account'], row['commodity'], row['balance'])
    return out, problems + more


def ledger(folder):
    path = os.path.join(folder, 'all.ledger')
    text, problems = run('ledger', '-f', path, '--strict', '--pedantic', 'balance', '--flat',
                         '--no-total', '--empty', '--balance-format',
                         '%(account)|%(scrub(display_total))\n', 'Assets')
    out = {}
    account = None
    for line in text.splitlines():
        name, bar, amount = line.rpartition('|')
        account = name if bar else account  # a further currency stands on a line of its own
        currency, _, number = amount.partition(' ')
        if number:
            put(out, account, currency, number)
    return out, problems


def beancount(folder, seeds):
    paths = [os.path.join(folder, 'h%d.beancount' % seed) for seed in seeds]
    text, problems = run(PYTHON, '-c', BEANCOUNT, *paths)
    out = {}
    for line in text.splitlines():
        mark, path, rest = line.split(' ', 2)
        seed = int(re.search(r'h(\d+)\.beancount$', path).group(1))
        if mark == '!':
            problems.append('seed %d: beancount: %s' % (seed, rest))
            continue
        account, currency, number = rest.split(' ')
        side, *parts = account.split(':')
        if side == 'Assets':  # Assets:Alto-hospicio:Enterprises
            owner, name = (part[0].lower() + part[1:] for part in parts)
            put(out, 'h%d:Assets:%s:%s' % (seed, owner, name), currency, number)
    return out, problems


def compare(folder, expected):
    """What the tools say otherwise than the model, as sentences."""
    problems = []
    for name, (says, complaints) in (('hledger', hledger(folder)), ('ledger', ledger(folder)),
                                     ('beancount', beancount(folder, sorted(expected)))):
        problems += complaints
        if not any(says.values()):
            problems.append('%s says nothing' % name)
        for seed, balances in expected.items():
            its = says.get(seed, {})
            for account in sorted(set(balances) | set(its)):
                if its.get(account, 0) != balances.get(account, 0):
                    problems.append('seed %d: %s says %d of %s, the model %d' % (
                        seed, name, its.get(account, 0), '/'.join(account),
                        balances.get(account, 0)))
    return problems
