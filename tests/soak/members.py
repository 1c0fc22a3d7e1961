"""Members of one network as real daemons: made, started, killed, restored; the lines between."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RELAY = os.path.join(HERE, "..", "e2e", "relay.py")
ANSWER_S = 60  # a daemon that takes longer for one command hangs
START_S = 20
TRY_S = 0.02


class Failed(Exception):
    """What was promised does not hold; the text says what."""


def until(what, seconds, condition):
    """The condition decides, not the clock: the clock only says when to give up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"within {seconds} s this never became true: {what}")
        time.sleep(TRY_S)


def free_port(taken=set()):
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in taken:
            taken.add(port)
            return port


class Cable:
    """A relay that can be pulled."""

    def __init__(self, target):
        self.port, self.target, self.process = free_port(), target, None

    def plug(self):
        self.process = subprocess.Popen(
            [sys.executable, RELAY, str(self.port), str(self.target)], stdout=subprocess.PIPE)
        if b"ready" not in self.process.stdout.readline():
            raise Failed("the relay does not listen")

    def pull(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


class Member:
    def __init__(self, programs, folder, label, role):
        self.minga = os.path.join(programs, "minga")
        self.mingad = os.path.join(programs, "mingad")
        self.label, self.role, self.folder = label, role, folder
        self.home = os.path.join(folder, label)
        self.log = os.path.join(folder, label + ".log")
        self.within = []  # what comes before a command that dials or listens: where it runs
        self.process = None
        self.peers = {}
        self.up_since = None
        self.downs = 0  # how often it was taken down: tells whether it was so during a command
        self.changing = threading.Lock()  # held by who takes it down or samples it

    def command(self, *words):
        within = self.within if words[0] == "join" else []
        return [*within, self.minga, "--home", self.home, "--no-color", "--json", *words]

    def run(self, *words):
        """exit code, rows, the error's row"""
        done = subprocess.run(self.command(*words), capture_output=True, timeout=ANSWER_S)
        rows = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == b"{"]
        error = {}
        for line in done.stderr.splitlines():
            if line[:1] == b"{":
                error = json.loads(line)
        return done.returncode, rows, error or {"error": "none", "text": done.stderr.decode()}

    def must(self, *words):
        code, rows, error = self.run(*words)
        if code != 0:
            raise Failed(f"{self.label}: {' '.join(words)[:200]}: exit {code}: {error}")
        return rows

    def status(self):
        code, rows, _ = self.run("status")
        return rows[0] if code == 0 and rows else None

    def point(self):
        """Whom it dials where: of its own configuration, so that no line goes round a cable."""
        for label, port in self.peers.items():
            subprocess.run(["git", "config", "-f", os.path.join(self.home, "config"),
                            f"peer.{label}.address", f"127.0.0.1:{port}"], check=True)

    def start(self):
        """Seconds until it answers."""
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.within, self.mingad, "--home", self.home],
                                            stderr=log)
        until(f"{self.label} answers", START_S, self.answers)
        self.up_since = time.monotonic()
        return self.up_since - began

    def answers(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.label} does not start: {self.last_words()}")
        return self.status() is not None

    def last_words(self):
        with open(self.log, errors="replace") as log:
            return " | ".join(log.read().splitlines()[-5:])

    def stop(self, how=signal.SIGTERM):
        with self.changing:
            self.downs += 1
            self.up_since = None
            self.process.send_signal(how)
            code = self.process.wait(timeout=ANSWER_S)
            self.process = None
        if code not in (0, -how):
            raise Failed(f"{self.label} ended with {code}: {self.last_words()}")

    def watch(self):
        """A daemon that ended and was not asked to is a failure."""
        with self.changing:
            code = self.process.poll() if self.up_since is not None else None
            if code is not None:
                raise Failed(f"{self.label} ended by itself with {code}: {self.last_words()}")

    def wipe(self):
        shutil.rmtree(self.home)


def states(members):
    found = [member.status() for member in members]
    return [status and status["state"] for status in found]


def one_state(members):
    """Whether all answer, and with the same state."""
    found = states(members)
    return found[0] is not None and len(set(found)) == 1


class Network:
    """Two islands of members, one listening member (hub) each; cables between the islands."""

    def __init__(self, programs, folders, islands, roles):
        """folders: label -> where its home is made; None -> where those of the others are"""
        self.members = {}
        for island in islands:
            for label in island:
                where = folders.get(label, folders[None])
                self.members[label] = Member(programs, where, label, roles.get(label, "office"))
        self.hubs = [island[0] for island in islands]
        self.islands = islands
        self.ports = {hub: free_port() for hub in self.hubs}
        self.cables = {hub: Cable(self.ports[hub]) for hub in self.hubs}
        self.cut = False

    def all(self):
        return list(self.members.values())

    def address(self, island, hub):
        return self.ports[hub] if hub in island else self.cables[hub].port

    def found(self):
        for cable in self.cables.values():
            cable.plug()
        first = self.members[self.hubs[0]]
        for island in self.islands:
            for label in island:
                member = self.members[label]
                listen = []
                if label in self.hubs:
                    listen = ["--listen", f"127.0.0.1:{self.ports[label]}",
                              "--address", f"127.0.0.1:{self.cables[label].port}"]
                if member is first:
                    member.must("init", "Programa", "--as", label, *listen, "--no-passphrase")
                else:
                    link = first.must("invite", label, "--role", member.role)[0]["link"]
                    member.must("join", link, "--no-passphrase", "--timeout", "30", *listen)
                member.peers = {hub: self.address(island, hub)
                                for hub in self.hubs if hub != label}
                member.point()
                member.start()

    def part(self):
        for cable in self.cables.values():
            cable.pull()
        self.cut = True

    def heal(self):
        for cable in self.cables.values():
            if cable.process is None:
                cable.plug()
        self.cut = False

    def end(self):
        for member in self.all():
            if member.process is not None:
                member.process.kill()
                member.process.wait()
        for cable in self.cables.values():
            cable.pull()
