"""The main flows: what is asked of whom while a call fails, and what has to be so afterwards."""
import base64
import os
import shutil
import signal

import judge
from faults import ALLOCATION, ways_of
from office import Office, free_port, until_true

PROGRAMME = {'households': ('household', 'H'), 'enterprises': ('enterprise', 'E')}


class Network:
    """Two offices and an auditor, made once; each flow begins with copies of their homes."""

    def __init__(self, build, folder, data, page, other_page):
        self.build, self.folder, self.data = build, folder, data
        self.page, self.other_page = page, other_page
        self.ports = {}
        os.makedirs(folder)
        self.make()

    def office(self, label, page=None, calls=True):
        return Office(self.build, f'{self.folder}/{label}', page or self.page, calls)

    def template(self, label):
        return f'{self.folder}/template-{label}'

    def fresh(self, label, page=None, calls=True):
        office = self.office(label, page, calls)
        office.copy_from(self.template(label))
        return office

    def make(self):
        santiago = self.office('santiago')
        self.ports['santiago'] = free_port()
        santiago.minga('init', 'Programa', '--as', 'santiago', '--no-passphrase', '--listen',
                       f"127.0.0.1:{self.ports['santiago']}")
        santiago.start()
        others = []
        for label, role in (('iquique', 'office'), ('auditor', 'auditor')):
            link = santiago.ask('invite', label, role=role).rows[0]['link']
            other = self.office(label, self.other_page)
            other.minga('join', link, '--no-passphrase', '--timeout', '30')
            other.start()
            others.append(other)
        self.fill(santiago)
        for other in others:
            until_true(lambda o=other: o.ask('status').rows[0]['state'] ==
                       santiago.ask('status').rows[0]['state'], 'one state everywhere')
        for office in [santiago, *others]:
            office.end()
            os.rename(office.home, self.template(os.path.basename(office.home)))

    def fill(self, office):
        """Records of each kind, sealed values, money, a file."""
        with open(f'{self.data}/programme.json', encoding='utf-8') as file:
            must(office.ask('import', 'programme', content=file.read()))
        for name in ('allotments', 'households', 'enterprises', 'disbursements', 'purchases'):
            with open(f'{self.data}/{name}.csv', encoding='utf-8') as file:
                rows = file.read().splitlines()
            few = '\n'.join([rows[0]] + [r for r in rows[1:] if 'santiago' in r][:6]) + '\n'
            office.ask('import', name[:-1], content=few)
        row = must(office.ask('add', 'household', 'household=X1', 'office=santiago',
                              'head_name=Persona Plantada', 'phone=+56 2 1111')).rows[0]
        self.record = row['id']
        other = must(office.ask('add', 'household', 'household=X2', 'office=santiago')).rows[0]
        self.other = other['id']
        self.file = attach(office, self.record, 7, bytes(range(256)) * 300).rows[0]['id']


def must(answer):
    if not answer.done:
        raise AssertionError(str(answer))
    return answer


def attach(office, record, number, content):
    """One small file, in one part, as minga sends it."""
    return office.ask('attach', record, upload=f'{number:032x}', offset='0',
                      bytes=str(len(content)), name=f'n{number}.jpg', media='image/jpeg',
                      **{'class': 'personal'}, content=base64.b64encode(content).decode())


class Served:
    """A command of a daemon that runs on, through one failure after another."""
    starts = False # a program of ours: see catalogue.skipped()

    def __init__(self, name, ask, check=None, stable=False, role='santiago'):
        self.name, self.ask, self.check, self.stable, self.role = name, ask, check, stable, role

    def open(self, net, calls):
        self.net, self.number = net, 0
        self.office = net.fresh(self.role, calls=calls)
        self.office.start()
        self.acked = []
        self.usual = self.ask(net, self.office, self.next())
        if not self.stable:
            self.usual = None if self.usual.done else self.usual

    def next(self):
        self.number += 1
        return self.number

    def count(self):
        page = self.net.page
        page.forget()
        self.ask(self.net, self.office, self.next())
        self.office.ask('status')
        return page.seen()

    def once(self, kind, first, way, calls):
        """(defect or None, failures, ended by a library)"""
        o, page = self.office, self.net.page
        number = self.next()
        page.arm(kind, first, way, calls)
        got = self.ask(self.net, o, number)
        status = o.ask('status') if not got.gone else got # what follows the answer fails as well
        failed = page.disarm()
        defect, library = None, False
        if status.gone: # it ended, or gave up this connection
            until_true(lambda: o.ended() or o.connect() and o.ask('status').done,
                       'it ends, or goes on serving')
        if o.ended():
            defect, library = judge.daemon_end(o.end(), o.said(), page.stack())
            o.start()
        if not got.gone and not defect:
            defect = judge.answer(got, self.usual)
        if not defect and not status.gone:
            defect = judge.answer(status, None)
        if got.done and self.check is not None:
            self.acked.append((number, got))
            defect = defect or self.check(self.net, o, number, got)
        return defect, failed, library

    def close(self):
        """What was acknowledged is there, in the daemon, and after it ended and began again."""
        o = self.office
        defect = None
        for end in (signal.SIGTERM, signal.SIGKILL, None):
            for number, got in self.acked:
                if defect is None and self.check is not None:
                    defect = self.check(self.net, o, number, got)
            add = o.ask('add', 'household', f'household=AFTER{self.next()}', 'office=santiago')
            if self.role != 'auditor' and defect is None and not add.done:
                defect = f'a write afterwards: {add}'
            if end is not None:
                code = o.end(end)
                if defect is None and end == signal.SIGTERM and code != 0:
                    defect = f'the daemon ended with {code}: {o.said()[-300:]}'
                o.start()
        o.end()
        return defect or verified(o)


def verified(office):
    got = office.minga('verify', check=False)
    if got.returncode != 0:
        return f'verify: {got.returncode}: {got.stderr.decode()[-300:]}{got.stdout.decode()[-300:]}'
    return None


class Command:
    """A run of minga: each begins with a copy of the home, or beside a daemon that goes on."""
    starts = True

    def __init__(self, name, words, daemon=False, stable=True, after=None, fresh_home=True):
        self.name, self.words, self.daemon, self.stable = name, words, daemon, stable
        self.after, self.fresh_home = after, fresh_home

    def open(self, net, calls):
        self.net, self.calls, self.number = net, calls, 0
        self.office = net.fresh('santiago', net.other_page, calls)
        if self.daemon:
            self.office.start()
        got = self.run()
        self.usual_exit, self.usual_out = got.returncode, got.stdout if self.stable else None
        if got.returncode not in (0, 3, 4):
            raise AssertionError(f'{self.name}: {got.returncode}: {got.stderr.decode()}')

    def run(self, page=None):
        self.number += 1
        words = self.words(self.net, self.office, self.number)
        if not self.daemon and self.fresh_home:
            self.office.copy_from(self.net.template('santiago'))
        return self.office.minga(*words, page=page, calls=self.calls, check=False)

    def count(self):
        self.net.page.reset()
        self.run(self.net.page)
        return self.net.page.seen()

    def once(self, kind, first, way, calls):
        page = self.net.page
        page.arm(kind, first, way, calls)
        got = self.run(page)
        failed = page.disarm()
        defect, library = judge.program(got, self.usual_exit, self.usual_out, page.stack())
        if defect is None and self.after is not None:
            defect = self.after(self.net, self.office, self.number, got)
        return defect, failed, library

    def close(self):
        if self.daemon:
            add = self.office.ask('add', 'household', 'household=AFTER', 'office=santiago')
            code = self.office.end()
            if not add.done or code != 0:
                return f'the daemon beside it: {add}, exit {code}'
            return verified(self.office)
        return None


class Start:
    """The start of a daemon: it serves, or ends with a sentence; the next start serves."""
    name, starts = 'start', True

    def open(self, net, calls):
        self.net, self.calls = net, calls
        self.office = net.fresh('santiago', calls=calls)

    def run(self, arm):
        o = self.office
        o.copy_from(self.net.template('santiago'))
        arm()
        o.launch()
        until_true(lambda: o.ended() or o.connect() and o.ask('status').done, 'it starts')

    def count(self):
        self.run(self.net.page.reset)
        self.office.end()
        return self.net.page.seen()

    def once(self, kind, first, way, calls):
        o, page = self.office, self.net.page
        self.run(lambda: page.arm(kind, first, way, calls))
        failed = page.disarm()
        defect, library = None, False
        if o.ended():
            defect, library = judge.daemon_end(o.end(), o.said(), page.stack())
            o.start()
        shown = o.ask('show', self.net.record)
        added = o.ask('add', 'household', 'household=AFTER', 'office=santiago')
        if defect is None and not (shown.done and added.done):
            defect = f'afterwards: {shown}, {added}'
        code = o.end()
        if defect is None and code != 0:
            defect = f'the daemon ended with {code}: {o.said()[-300:]}'
        return defect or verified(o), failed, library

    def close(self):
        return None
