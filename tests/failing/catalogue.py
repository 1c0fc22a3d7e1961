"""The flows by name."""
import os
import shutil
import subprocess

from flows import Command, Join, Served, Start, Sync, attach, by_program, verified
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


def sheet(net):
    path = net.folder + '/sheet.csv'
    if not os.path.exists(path):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(rows_csv(0))
    return path


def rows_csv(number):
    return 'household,office,head_name*,phone*\n' + ''.join(
        f'I{number}-{i},santiago,Ana {number},+56 {number}\n' for i in range(3))


def plant(net, office, number):
    """A record that can be erased."""
    got = office.ask('add', 'household', f'household=D{number}', 'office=santiago',
                     'head_name=Persona Borrada')
    net.doomed = got.rows[0]['id']


def restart(net, office, number):
    if office.process is not None:
        office.end()
        office.start()


def send(net, office, number):
    """A bundle from iquique, with something new in it; no line between the two."""
    other = net.office('iquique', net.other_page)
    if number == 1:
        other.copy_from(net.template('iquique'))
    other.start()
    got = other.ask('add', 'household', f'household=B{number}', 'office=iquique', 'head_name=Eva')
    other.minga('bundle', 'write', f'{net.folder}/to{number}', '--for', 'santiago')
    other.end()
    if not got.done:
        raise AssertionError(f'at iquique: {got}')


def bare(net, office):
    """No home yet."""
    shutil.rmtree(office.home, ignore_errors=True)


def founded(net, office, number, got):
    """A check: what could not be founded can be now, or works."""
    if got.returncode != 0:
        again = office.minga('init', 'Programa', '--as', 'santiago', '--no-passphrase', check=False)
        if again.returncode != 0 and b'already' not in again.stderr:
            return f'init again: {again.returncode} {again.stderr.decode()}'
        if again.returncode != 0:
            office.start()
            added = office.ask('add', 'household', 'household=X1', 'office=santiago')
            code = office.end()
            if not added.done or code != 0:
                return f'a home that was begun: {added}, exit {code}'
    return verified(office)


def restored(net, office, number, got):
    if got.returncode != 0:
        again = office.minga('init', '--restore', net.folder + '/backup', '--passphrase-file',
                             net.secret, check=False)
        if again.returncode != 0 and b'is not empty' not in again.stderr:
            return f'restore again: {again.returncode} {again.stderr.decode()}'
    return verified(office)


def sound(net, office, number, got):
    return verified(office)


def init_words(net, office, number):
    return ['init', 'Programa', '--as', 'santiago', '--no-passphrase']


def restore_words(net, office, number):
    if number == 1:
        office.minga('backup', net.folder + '/backup', '--passphrase-file', net.secret)
    return ['init', '--restore', net.folder + '/backup', '--passphrase-file', net.secret]


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
    Served('cold', lambda net, o, i: o.ask('add', 'household', f'household=A{i}',
                                           'office=santiago', f'head_name=Ana {i}'),
           shown('head_name', lambda i: f'Ana {i}'), prepare=restart, most=200),
    Served('status', lambda net, o, i: o.ask('status')),
    Served('change', lambda net, o, i: o.ask('member', 'change', 'auditor',
                                             address=f'127.0.0.1:{2000 + i}')),
    Served('erase', lambda net, o, i: o.ask('erase', net.doomed, reason='asked for'),
           prepare=plant),
    Served('remote-audit', lambda net, o, i: by_program(o, 'audit')),
    Served('attest', lambda net, o, i: by_program(o, 'attest'), most=40),
    Served('backup', lambda net, o, i: by_program(
        o, 'backup', f'{net.folder}/backup{i}', '--passphrase-file', net.secret), most=12),
    Served('bundle-write', lambda net, o, i: by_program(
        o, 'bundle', 'write', f'{net.folder}/bundle{i}', '--for', 'iquique'), most=40),
    Served('bundle-read', lambda net, o, i: by_program(o, 'bundle', 'read', f'{net.folder}/to{i}'),
           prepare=send, most=40),
]

COMMANDS = [
    Command('version', lambda net, o, i: ['--version']),
    Command('c-list', lambda net, o, i: ['list', 'household'], daemon=True),
    Command('c-show', lambda net, o, i: ['show', net.record], daemon=True),
    Command('c-add', lambda net, o, i: ['add', 'household', f'household=A{i}', 'office=santiago'],
            daemon=True, stable=False),
    Command('c-import', lambda net, o, i: ['import', 'household', sheet(net)], daemon=True,
            stable=False),
    Command('c-attach', lambda net, o, i: ['attach', net.record, net.secret, '--name', f's{i}'],
            daemon=True, stable=False),
    Command('c-fetch', lambda net, o, i: ['fetch', net.file, '--out', f'{net.folder}/f{i}'],
            daemon=True, stable=False),
    Command('c-status', lambda net, o, i: ['status'], daemon=True, stable=False),
    Command('c-doctor', lambda net, o, i: ['doctor'], daemon=True, stable=False),
    Command('c-bundle-write', lambda net, o, i: ['bundle', 'write', f'{net.folder}/b{i}', '--for',
                                                 'iquique'], daemon=True, stable=False),
    Command('c-backup', lambda net, o, i: ['backup', f'{net.folder}/k{i}', '--passphrase-file',
                                           net.secret], daemon=True, stable=False, most=6),
    Command('verify', lambda net, o, i: ['verify']),
    Command('audit', lambda net, o, i: ['audit']),
    Command('doctor', lambda net, o, i: ['doctor'], stable=False, after=sound),
    Command('report', lambda net, o, i: ['report', 'programme']),
    Command('trail-report', lambda net, o, i: ['report', 'trail', '--html', f'{net.folder}/t{i}'],
            stable=False),
    Command('repair-index', lambda net, o, i: ['repair', 'index'], stable=False, after=sound),
    Command('repair-journal', lambda net, o, i: ['repair', 'journal'], stable=False, after=sound),
    Command('repair-refs', lambda net, o, i: ['repair', 'refs'], stable=False, after=sound),
    Command('export-ledger', lambda net, o, i: ['export', 'ledger', f'{net.folder}/l{i}']),
    Command('export-csv', lambda net, o, i: ['export', 'csv', f'{net.folder}/c{i}'], stable=False),
    Command('export-git', lambda net, o, i: ['export', 'git', f'{net.folder}/g{i}'], stable=False),
    Command('config', lambda net, o, i: ['config', 'list']),
    Command('init', init_words, stable=False, before=bare, after=founded),
    Command('restore', restore_words, stable=False, before=bare, after=restored, most=6),
]

FLOWS = {f.name: f for f in SERVED + COMMANDS + [
    Start(), Join(), Sync('sync-sender', 'santiago', False),
    Sync('sync-receiver', 'iquique', False), Sync('handshake', 'iquique', True)]}

# What fits into seconds, and has broken before: `--some`.
SOME = ['add-sealed', 'status', 'conflicts', 'attach', 'fund', 'erase', 'snapshot', 'bundle-write',
        'c-list', 'c-add', 'verify', 'init', 'start']


def names(some):
    return SOME if some else list(FLOWS)


def flow(name):
    return FLOWS[name]


def skipped(net):
    """The calls of a start of any of our programs, which the flow `version` fails."""
    net.page.reset()
    subprocess.run([net.build + '/minga', '--version'], env=net.page.environment(),
                   stdout=subprocess.DEVNULL, timeout=GUARD_S, check=True)
    seen = net.page.seen()
    return {'allocation': seen['allocation']}
