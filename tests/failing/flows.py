"""The main flows: what is asked of whom while a call fails, and what has to be so afterwards."""
import base64
import os
import shutil
import signal
import subprocess

import judge
from office import GUARD_S, Answer, Office, free_port, until_true


class Network:
    """Two offices and an auditor, made once; each flow begins with copies of their homes."""

    def __init__(self, build, folder, data, page, other_page):
        self.build, self.folder, self.data = build, folder, data
        self.page, self.other_page = page, other_page
        self.ports = {}
        os.makedirs(folder)
        self.make()

    def office(self, label, page=None):
        return Office(self.build, f'{self.folder}/{label}', page or self.page)

    def template(self, label):
        return f'{self.folder}/template-{label}'

    def fresh(self, label, page=None):
        office = self.office(label, page)
        office.copy_from(self.template(label))
        return office

    def alone(self, office):
        """Nobody finds this office, and it finds nobody."""
        with open(office.home + '/config', 'r+', encoding='utf-8') as file:
            text = file.read().replace(str(self.ports['santiago']), str(free_port()))
            file.seek(0)
            file.write(text)
            file.truncate()

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
            with open(office.home + '/config', 'a', encoding='utf-8') as file:
                file.write('[office]\n\tmeet = 0s\n') # no write waits for a peer
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
        self.secret = self.folder + '/secret'
        with open(self.secret, 'w', encoding='utf-8') as file:
            file.write('correct horse battery staple\n')
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
    daemon = True  # one runs all the time
    starts = False # a program of ours: see catalogue.skipped()

    def __init__(self, name, ask, check=None, stable=False, prepare=None, most=None):
        self.name, self.ask, self.check, self.stable = name, ask, check, stable
        self.prepare = prepare # what is done before each run, and not failed
        self.most = most       # runs are slow: at most so many of a kind, whatever is asked for

    def open(self, net):
        self.net, self.number = net, 0
        self.office = net.fresh('santiago')
        if self.prepare is not None:
            net.alone(self.office)
        self.office.start()
        self.acked = []
        self.usual = self.ask(net, self.office, self.next())
        if not self.stable:
            self.usual = None if self.usual.done else self.usual
        for _ in range(2): # what only a first command needs is the affair of the flow `cold`
            self.ask(net, self.office, self.next())
            self.office.ask('status')

    def next(self):
        self.number += 1
        if self.prepare is not None:
            self.prepare(self.net, self.office, self.number)
        return self.number

    def count(self):
        page, number = self.net.page, self.next()
        page.forget()
        self.ask(self.net, self.office, number)
        self.office.ask('status')
        return page.seen()

    def once(self, kind, first, way, calls):
        """(defect or None, failures, ended by a library)"""
        o, page = self.office, self.net.page
        number, point = self.next(), (kind, first, way, calls)
        page.arm(kind, first, way, calls)
        got = self.ask(self.net, o, number)
        status = o.ask('status') if not got.gone else got # what follows the answer fails as well
        failed = page.disarm()
        defect, library = None, False
        if status.gone: # it ended, or gave up this connection
            until_true(lambda: o.ended() or o.connect() and o.ask('status').done,
                       'it ends, or goes on serving')
        if o.ended():
            defect, library = judge.daemon_end(o.end(), o.said(), page.stack(),
                                                (kind, first, way, calls))
            o.start()
        if not got.gone and not defect:
            defect = judge.answer(got, self.usual, point)
        if not defect and not status.gone:
            defect = judge.answer(status, None, point)
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
            add = o.ask('add', 'household', f'household=AFTER{end}', 'office=santiago')
            if defect is None and not add.done:
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

    def __init__(self, name, words, daemon=False, stable=True, before=None, after=None,
                 most=None):
        self.name, self.words, self.daemon, self.stable = name, words, daemon, stable
        self.before, self.after, self.most = before, after, most

    def open(self, net):
        self.net, self.number = net, 0
        self.office = net.fresh('santiago', net.other_page)
        if self.daemon:
            self.office.start()
        got = self.run()
        self.usual_exit, self.usual_out = got.returncode, got.stdout if self.stable else None
        if got.returncode not in (0, 3, 4):
            raise AssertionError(f'{self.name}: {got.returncode}: {got.stderr.decode()}')

    def run(self, page=None):
        self.number += 1
        words = self.words(self.net, self.office, self.number)
        if not self.daemon:
            self.office.copy_from(self.net.template('santiago'))
        if self.before is not None:
            self.before(self.net, self.office)
        return self.office.minga(*words, page=page, check=False)

    def count(self):
        self.net.page.reset()
        self.run(self.net.page)
        return self.net.page.seen()

    def once(self, kind, first, way, calls):
        page = self.net.page
        page.arm(kind, first, way, calls)
        got = self.run(page)
        failed = page.disarm()
        defect, library = judge.program(got, self.usual_exit, self.usual_out, page.stack(),
                                        (kind, first, way, calls))
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
    name, starts, daemon = 'start', True, False

    most = None

    def open(self, net):
        self.net = net
        self.office = net.fresh('santiago')

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
            defect, library = judge.daemon_end(o.end(), o.said(), page.stack(),
                                                (kind, first, way, calls))
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


class Join:
    """A newcomer pairs; what failed is tried again with the same link."""
    name, starts, daemon, most = 'join', True, True, None

    def open(self, net):
        self.net, self.number = net, 0
        self.office = net.fresh('santiago', net.other_page)
        self.office.start()

    def run(self, link):
        words = [self.net.build + '/mingad', '--home', self.net.folder + '/newcomer', '--join',
                 link, '--timeout', '20']
        return subprocess.run(words, env=self.net.page.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=GUARD_S, check=False)

    def link(self):
        self.number += 1
        shutil.rmtree(self.net.folder + '/newcomer', ignore_errors=True)
        if self.number % 50 == 0: # a home holds 64 open invitations
            self.office.end()
            self.office.copy_from(self.net.template('santiago'))
            self.office.start()
        got = self.office.ask('invite', f'newcomer{self.number}', role='office')
        if not got.done:
            raise AssertionError(f'invite: {got}')
        return got.rows[0]['link']

    def count(self):
        link = self.link()
        self.net.page.reset()
        self.run(link)
        return self.net.page.seen()

    def once(self, kind, first, way, calls):
        link, page = self.link(), self.net.page
        page.arm(kind, first, way, calls)
        got = self.run(link)
        failed = page.disarm()
        defect, library = judge.program(got, 0, None, page.stack(), (kind, first, way, calls))
        if got.returncode != 0:
            again = self.run(link)
            if defect is None and again.returncode != 0 and b'already' not in again.stderr:
                defect = f'tried again: {again.returncode} {again.stderr.decode()[-300:]}'
        if defect is None:
            newcomer = self.net.office('newcomer', self.net.other_page)
            newcomer.start()
            newcomer.end()
            defect = verified(newcomer)
        return defect, failed, library

    def close(self):
        return None


class Sync:
    """Two daemons; a call of one of them fails while the other writes: both arrive all the same."""
    starts, daemon, most = False, True, 12

    def __init__(self, name, faulty, restart):
        self.name, self.faulty, self.restart = name, faulty, restart

    def open(self, net):
        self.net, self.number = net, 0
        mine, other = net.page, net.other_page
        self.writer = net.fresh('santiago', mine if self.faulty == 'santiago' else other)
        self.reader = net.fresh('iquique', mine if self.faulty == 'iquique' else other)
        self.office = self.writer if self.faulty == 'santiago' else self.reader
        self.writer.start()
        self.reader.start()
        self.armed = ('', 0, '', 0)
        self.round(lambda: None)

    def arrived(self, record):
        if self.office.ended():
            return False
        got = self.reader.ask('show', record)
        return got.done and got.rows[0]['fields'].get('head_name') == f'Ana {self.number}'

    def round(self, arm):
        """One record with sealed values goes over; whether it arrived before the end."""
        self.number += 1
        if self.restart: # the handshake fails as well
            self.office.end()
            arm()
            self.office.launch()
        else:
            arm()
        o, record = self.writer, None
        words = ['household', f'household=Y{self.number}', 'office=santiago',
                 f'head_name=Ana {self.number}']
        defect = []

        def gone():
            if self.office.ended():
                page = self.net.page
                page.disarm()
                wrong, self.library = judge.daemon_end(self.office.end(), self.office.said(),
                                                       page.stack(), self.armed)
                defect.extend([wrong] if wrong else [])
                self.office.start()

        def added():
            nonlocal record
            gone()
            got = o.ask('add', *words)
            record = got.rows[0]['id'] if got.done else None
            return got.done
        until_true(added, 'the record is added')

        def there():
            gone()
            return self.arrived(record)
        until_true(there, 'the record arrives')
        return defect[0] if defect else None

    def count(self):
        self.round(self.net.page.forget)
        return self.net.page.seen()

    def once(self, kind, first, way, calls):
        page = self.net.page
        self.armed, self.library = (kind, first, way, calls), False
        defect = self.round(lambda: page.arm(kind, first, way, calls))
        return defect, page.disarm(), self.library

    def close(self):
        for office in (self.writer, self.reader):
            code = office.end()
            if code != 0:
                return f'the daemon ended with {code}: {office.said()[-300:]}'
            defect = verified(office)
            if defect:
                return defect
        return None


def by_program(office, *words):
    """minga, nothing of which fails, asks the daemon, of which something does."""
    got = office.minga(*words, check=False)
    return Answer([], ['', got.stderr.decode(errors='replace'), '', got.returncode])
