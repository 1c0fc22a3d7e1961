"""Network namespaces and the line between them, which fabric keeps; and real daemons in them."""
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "soak"))

from members import Failed, Member, one_state, until  # noqa: E402

PORT = 7717
GENTLE = ("delay=0", "jitter=0", "loss=0", "reorder=0", "duplicate=0", "corrupt=0",
          "repaired=0", "rate=0")


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Lab:
    """Members in namespaces of their own; the first one listens, and alone can be reached where
    'translated'. The last one's namespace has as many addresses as strangers need."""

    def __init__(self, build, folder, labels, roles, translated, seed):
        self.build, self.folder, self.labels = build, folder, labels
        self.spaces = {label: f"minga-{os.getpid()}-{i}" for i, label in enumerate(labels)}
        self.members = {}
        self.processes = []
        for space in self.spaces.values():
            ip("netns", "add", space)
        words = []
        for number, label in enumerate(labels, 1):
            outside = f"/10.78.0.{number}" if translated and number > 1 else ""
            words.append(f"{self.spaces[label]}=10.77.0.{number}{outside}")
        self.fabric = subprocess.Popen(
            [os.path.join(build, "tests", "net", "fabric"), str(seed), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.fabric.stdout.readline() != "ready\n":
            raise Failed("NOT RUN: the fabric could not make its TUN devices here")
        for number, label in enumerate(labels, 1):
            space = ["-n", self.spaces[label]]
            ip(*space, "link", "set", "lo", "up")
            ip(*space, "addr", "add", f"10.77.0.{number}/24", "dev", "tun0")
            ip(*space, "link", "set", "tun0", "up")
            ip(*space, "route", "add", "default", "dev", "tun0")
            member = Member(build, folder, label, roles.get(label, "office"))
            member.within = ["ip", "netns", "exec", self.spaces[label]]
            self.members[label] = member
        ip(*space, "route", "add", "local", "10.80.0.0/16", "dev", "lo")

    def tell(self, *words):
        """One command to the fabric, by label; its answer."""
        words = [self.spaces.get(word, word) for word in words]
        self.fabric.stdin.write(" ".join(words) + "\n")
        self.fabric.stdin.flush()
        return self.fabric.stdout.readline().strip()

    def counts(self):
        return json.loads(self.tell("counts"))

    def found(self):
        first = self.members[self.labels[0]]
        first.must("init", "Programa", "--as", first.label, "--listen", f"10.77.0.1:{PORT}",
                   "--no-passphrase")
        first.start()
        for label in self.labels[1:]:
            member = self.members[label]
            link = first.must("invite", label, "--role", member.role)[0]["link"]
            member.must("join", link, "--no-passphrase", "--timeout", "30")
            member.start()
        until("all begin from one state", 60, lambda: one_state(self.all()))

    def all(self):
        return list(self.members.values())

    def run_in(self, label, *words):
        """A program in a member's namespace, that goes on until its input ends."""
        process = subprocess.Popen([*self.members[label].within, *words], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.processes.append(process)
        return process

    def logged(self, text):
        """How many lines of the members' logs hold it."""
        count = 0
        for member in self.all():
            with open(member.log, errors="replace") as log:
                count += sum(text in line for line in log)
        return count

    def end(self):
        for process in [*self.processes, *(m.process for m in self.all()), self.fabric]:
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        for space in self.spaces.values():
            subprocess.run(["ip", "netns", "del", space], capture_output=True)


def timed(condition, what, seconds):
    began = time.monotonic()
    until(what, seconds, condition)
    return time.monotonic() - began
