"""Offices for these tests: real homes, real daemons, and what is asked of them.

The control socket is spoken here without `minga`, so that thousands of commands cost seconds; what
`minga` itself does when a call fails has flows of its own.
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

GUARD_S = 30 # only against what would hang for ever


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def until_true(condition, what, seconds=GUARD_S):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'this never became true: {what}')
        time.sleep(0.005)


def pack(value):
    """Canonical msgpack of what a request holds."""
    if isinstance(value, str):
        data = value.encode()
        n = len(data)
        head = bytes([0xa0 | n]) if n < 32 else b'\xd9' + bytes([n]) if n < 256 else \
            b'\xda' + struct.pack('>H', n) if n < 65536 else b'\xdb' + struct.pack('>I', n)
        return head + data
    n = len(value)
    if isinstance(value, dict):
        assert n < 16
        return bytes([0x80 | n]) + b''.join(pack(k) + pack(value[k]) for k in sorted(value))
    head = bytes([0x90 | n]) if n < 16 else b'\xdc' + struct.pack('>H', n)
    return head + b''.join(pack(each) for each in value)


def take(data, at):
    """The next value of an answer: a small number or a text."""
    tag = data[at]
    if tag < 0x80:
        return tag, at + 1
    if tag & 0xe0 == 0xa0:
        n, at = tag & 0x1f, at + 1
    elif tag in (0xd9, 0xda, 0xdb):
        width = {0xd9: 1, 0xda: 2, 0xdb: 4}[tag]
        n, at = int.from_bytes(data[at + 1:at + 1 + width], 'big'), at + 1 + width
    else:
        raise AssertionError(f'an answer with a value of type {tag:#x}')
    return data[at:at + n].decode(), at + n


class Answer:
    def __init__(self, rows, end):
        self.rows, self.gone = rows, end is None
        self.code, self.text, self.fix, self.exit = end if end else ('', '', '', -1)

    @property
    def done(self):
        return self.exit == 0

    def __str__(self):
        return 'no answer' if self.gone else f'exit {self.exit}, {self.code}: {self.text}'


class Office:
    """One home, and its daemon, which stands under a page."""

    def __init__(self, build, home, page, calls=True):
        self.build, self.home, self.page, self.calls = build, home, page, calls
        self.process, self.line, self.log = None, None, home + '.log'

    def minga(self, *words, page=None, calls=True, check=True):
        """The program itself. 'page': under this one."""
        env = page.environment(calls) if page else os.environ
        got = subprocess.run([self.build + '/minga', '--home', self.home, '--no-color', *words],
                             stdin=subprocess.DEVNULL, capture_output=True, env=env,
                             timeout=GUARD_S, check=False)
        if check and got.returncode != 0:
            raise AssertionError(f'minga {words}: {got.returncode}: {got.stderr.decode()}')
        return got

    def launch(self):
        """Begin the daemon; it may not answer yet."""
        with open(self.log, 'ab') as log:
            self.log_from = log.tell()
            self.process = subprocess.Popen(
                [self.build + '/mingad', '--home', self.home], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.page.environment(self.calls))

    def connect(self):
        """Whether the daemon can be spoken to."""
        self.hang_up()
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(GUARD_S)
        try:
            line.connect(self.home + '/control.sock')
        except OSError:
            line.close()
            return False
        self.line = line
        return True

    def hang_up(self):
        if self.line is not None:
            self.line.close()
            self.line = None

    def ended(self):
        return self.process is None or self.process.poll() is not None

    def start(self):
        self.launch()
        until_true(lambda: self.ended() or self.connect() and self.ask('status').done,
                   'the daemon answers')
        if self.ended():
            raise AssertionError(f'the daemon does not start: {self.said()[-400:]}')

    def said(self):
        """What the daemon logged since it was begun."""
        with open(self.log, 'rb') as log:
            log.seek(self.log_from)
            return log.read().decode(errors='replace')

    def end(self, how=signal.SIGTERM):
        """The daemon's exit code; None where there was none."""
        self.hang_up()
        process, self.process = self.process, None
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(how)
        return process.wait(GUARD_S)

    def exact(self, n):
        data = b''
        while len(data) < n:
            more = self.line.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def ask(self, verb, *words, **options):
        """One request, and its answer."""
        options = {k.replace('_', '-'): v for k, v in options.items()}
        body = pack([verb, list(words), options])
        rows = []
        try:
            if self.line is None and not self.connect():
                return Answer(rows, None)
            self.line.sendall(struct.pack('>I', len(body)) + body)
            while True:
                data = self.exact(struct.unpack('>I', self.exact(4))[0])
                kind, at = take(data, 1)
                if kind == 0:
                    rows.append(json.loads(take(data, at)[0]))
                    continue
                end = []
                for _ in range(4):
                    value, at = take(data, at)
                    end.append(value)
                return Answer(rows, end)
        except TimeoutError as slow:
            raise AssertionError(f'no answer within {GUARD_S} s: {verb} {words}') from slow
        except OSError:
            self.hang_up()
            return Answer(rows, None)

    def copy_from(self, template):
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(template, self.home, symlinks=True,
                        ignore=lambda _, names: [n for n in names if n.endswith('.sock')])
