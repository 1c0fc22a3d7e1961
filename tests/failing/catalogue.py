"""The flows by name."""
import os
import subprocess

from flows import Command, Served, Start, attach
from office import GUARD_S


def shown(field, value):
    """A check: the record that was acknowledged holds this."""
    def check(net, office, number, got):
        record = got.rows[0].get('id', net.other)
        now = office.ask('show', record)
        wanted = value(number)
        if not now.done or now.rows[0]['fields'].get(field) != wanted:
            return f'acknowledged and not there: {field}={wanted}: {now} {now.rows}'
        return None
    return check


def there(net, office, number, got):
    """A check: every id that was told is one of a record."""
    for row in got.rows:
        if 'id' in row:
            now = office.ask('show', row['id'])
            if not now.done:
                return f'acknowledged and not there: {row["id"]}: {now}'
    return None


def read(name, *words, **options):
    return Served(name, lambda net, o, i: o.ask(*[w(net) if callable(w) else w for w in words],
                                                **options), stable=True)


def rows_csv(number):
    return 'household,office,head_name*,phone*\n' + ''.join(
        f'I{number}-{i},santiago,Ana {number},+56 {number}\n' for i in range(3))


SERVED = [
    Served('add', lambda net, o, i: o.ask('add', 'household', f'household=A{i}', 'office=santiago',
                                          f'commune=C{i}'), shown('household', lambda i: f'A{i}')),
    Served('add-sealed', lambda net, o, i: o.ask(
        'add', 'household', f'household=S{i}', 'office=santiago', f'head_name=Ana {i}',
        f'phone=+56 {i}'), shown('head_name', lambda i: f'Ana {i}')),
    read('show', 'show', lambda net: net.record, history='true'),
    read('list', 'list', 'household'),
    read('find', 'find', 'Plantada'),
    read('log', 'log'),
    read('trail', 'trail', 'grant'),
    read('balance', 'fund', 'balance'),
    read('conflicts', 'conflicts'),
    read('member', 'member', 'list'),
    read('fetch', 'fetch', lambda net: net.file, offset='0'),
    read('retention', 'retention'),
    Served('set', lambda net, o, i: o.ask('set', net.other, f'commune=C{i}'), there),
    Served('import', lambda net, o, i: o.ask('import', 'household', content=rows_csv(i))),
    Served('attach', lambda net, o, i: attach(o, net.record, i, bytes([i % 256]) * 70000), there),
    Served('fund', lambda net, o, i: o.ask(
        'fund', 'expense', 'workshops', 'CLP', '10', receipt=f'R{i}', date='2009-10-02',
        today='2009-10-03', ref=f'F{i}'), there),
    Served('disclose', lambda net, o, i: o.ask('disclose', net.record, fields='head_name',
                                               to='auditor')),
    Served('invite', lambda net, o, i: o.ask('invite', f'office{i}', role='office')),
    Served('checkpoint', lambda net, o, i: o.ask('checkpoint')),
    Served('snapshot', lambda net, o, i: o.ask('snapshot')),
    Served('status', lambda net, o, i: o.ask('status')),
]

COMMANDS = [
    Command('version', lambda net, o, i: ['--version']),
    Command('c-list', lambda net, o, i: ['list', 'household'], daemon=True),
    Command('c-show', lambda net, o, i: ['show', net.record], daemon=True),
    Command('c-add', lambda net, o, i: ['add', 'household', f'household=A{i}', 'office=santiago'],
            daemon=True, stable=False),
    Command('verify', lambda net, o, i: ['verify']),
]

FLOWS = {f.name: f for f in SERVED + COMMANDS + [Start()]}


def names():
    return list(FLOWS)


def flow(name):
    return FLOWS[name]


def skipped(net):
    """The calls of a start of any of our programs, which the flow `version` fails."""
    net.page.reset()
    subprocess.run([net.build + '/minga', '--version'], env=net.page.environment(),
                   stdout=subprocess.DEVNULL, timeout=GUARD_S, check=True)
    seen = net.page.seen()
    return {'allocation': seen['allocation']}
