#!/usr/bin/env python3
"""Seven members work for hours while one is killed every beat, and with each beat one thing more
goes wrong: a partition, a full disk, a home lost and restored; then all is healed and judged.

usage: soak.py BUILD_DIR [--hours H] [--seed N] [--beat SECONDS] [--rate EDITS] [--log FILE]
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import judge
import measure
from members import Failed, Network, one_state, states, until
from writer import Writer

ISLANDS = (("santiago", "talca", "auditor"), ("iquique", "alto-hospicio", "arica", "fosis"))
ROLES = {"auditor": "auditor", "fosis": "partner"}
LONG_LIVED = ("talca", "auditor")  # never killed: what they would leak adds up
SMALL_DISK = "arica"
EPISODES = ("backup", "partition", "restore", "fill")
SAMPLE_S = 10
PROGRAMME = "../shared/data/programme/programme.json"
ALLOTTED = 10000000
PARTED_EDITS = 30  # that a partition lasts for
REFUSALS = 3       # that a full disk is left in place for
HEAL_S = 300
QUIET_BEATS = 5  # after so many comes a quiet moment, as offices have: then replicas checkpoint
CATCH_UP_S = 120


def arguments():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("build")
    p.add_argument("--hours", type=float, default=1.0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--beat", type=float, default=60.0)
    p.add_argument("--rate", type=float, default=1.0, help="edits a second at each office")
    p.add_argument("--log")
    return p.parse_args()


class Soak:
    def __init__(self, options):
        self.options, self.random = options, random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="minga-soak.")
        self.top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        self.log = open(options.log, "w") if options.log else None
        self.counts = dict.fromkeys(("kills", "backups", "restores", "partitions", "fills",
                                     "refused_full", "killed_full", "quiet"), 0)
        self.recoveries, self.writers, self.samples, self.rested = [], [], {}, {}
        self.backups = {}  # label -> files, the oldest first
        self.over = threading.Event()
        self.small_disk()
        folders = {None: self.folder, SMALL_DISK: self.disk}
        self.network = Network(options.build, folders, ISLANDS, ROLES)
        self.members = self.network.members
        with open(os.path.join(self.folder, "secret"), "w") as f:
            f.write("una clave que nadie adivina\n")
        self.started = time.monotonic()

    def tell(self, text):
        line = f"{time.monotonic() - self.started:7.0f} s  {text}"
        print(line, flush=True)
        if self.log:
            self.log.write(line + "\n")
            self.log.flush()

    def small_disk(self):
        """A disk of its own for one member, which is gone with the mount namespace."""
        self.disk = os.path.join(self.folder, "disk")
        os.mkdir(self.disk)
        size = int(64 + 192 * self.options.hours)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0700", "none",
                               self.disk], capture_output=True)
        self.elsewhere = None
        if done.returncode != 0:  # a container: its own small /dev/shm does as well
            room = os.statvfs("/dev/shm")
            if room.f_blocks * room.f_frsize > 512 << 20:
                raise Failed(f"there is no small disk to fill: {done.stderr.decode()}")
            os.rmdir(self.disk)
            self.disk = self.elsewhere = tempfile.mkdtemp(prefix="minga-soak.", dir="/dev/shm")

    # ---- the beginning ----

    def begin(self):
        self.network.found()
        first = self.members[ISLANDS[0][0]]
        first.must("import", "programme", os.path.join(self.top, PROGRAMME))
        offices = [m for m in self.network.all() if m.role == "office"]
        for member in offices:
            first.must("fund", "allot", member.label, "workshops", "CLP", str(ALLOTTED),
                       "--date", "2009-07-05")
        shared = first.must("add", "household", "household=shared")[0]["id"]
        until("all begin from one state", 60, self.one_state)
        self.writers = [Writer(m, self.options.seed, self.options.rate, shared) for m in offices]
        self.samples = {label: [] for label in self.members}
        self.rested = {label: [] for label in self.members}
        for label in self.members:
            if label not in LONG_LIVED:
                self.backup(label)
        for writer in self.writers:
            writer.start()
        threading.Thread(target=self.sampling, daemon=True).start()

    def sampling(self):
        number = 0
        while not self.over.wait(SAMPLE_S):
            for label, member in self.members.items():
                row = measure.sample(member, self.started)
                if row:
                    # What people attach is theirs; the rest is what a commit costs.
                    files = sum(w.attached for w in self.writers) / 1024
                    row["own"] = row["disk"] - (files if member.role == "office" else 0)
                    self.samples[label].append(row)
            number += 1
            if number % 6 == 0:
                self.tell(self.line())

    def line(self):
        """What a minute's line says: edits, their latency of late, and each member's cost."""
        since = time.monotonic() - 60
        late = [s for w in self.writers for at, s in w.latencies if at >= since]
        costs = " ".join(
            f"{label[:4]} {rows[-1]['rss'] // 1024}/{rows[-1]['pss'] // 1024}M "
            f"{rows[-1]['fds']}f {rows[-1]['disk'] // 1024}M"
            for label, rows in self.samples.items() if rows)
        return (f"edits {self.edits()}, p50 {1000 * measure.share(late, 0.5):.0f} ms, "
                f"p99 {1000 * measure.share(late, 0.99):.0f} ms | {costs}")

    def one_state(self):
        return one_state(self.network.all())

    def edits(self):
        return sum(w.acknowledged for w in self.writers)

    def watch(self):
        for member in self.network.all():
            member.watch()
        for writer in self.writers:
            if writer.failure:
                raise writer.failure

    def after(self, what, seconds, condition):
        """until(), with an eye on all the others."""
        def watched():
            self.watch()
            return condition()
        until(what, seconds, watched)

    # ---- what goes wrong ----

    def writer_of(self, label):
        return next((w for w in self.writers if w.member.label == label), None)

    def start(self, member):
        self.recoveries.append(member.start())

    def kill(self):
        label = self.random.choice([x for x in self.members if x not in LONG_LIVED])
        member = self.members[label]
        member.stop(signal.SIGKILL)
        self.start(member)
        self.counts["kills"] += 1

    def backup(self, label=None):
        label = label or self.random.choice(sorted(self.backups))
        files = self.backups.setdefault(label, [])
        path = os.path.join(self.folder, f"{label}.{self.counts['backups']}.backup")
        self.members[label].must("backup", path, "--passphrase-file",
                                 os.path.join(self.folder, "secret"))
        files.append(path)
        if len(files) > 2:
            os.unlink(files.pop(0))
        self.counts["backups"] += 1

    def partition(self):
        before = [w.acknowledged for w in self.writers]
        self.network.part()
        self.after("both sides work on", CATCH_UP_S, lambda: sum(
            w.acknowledged for w in self.writers) - sum(before) >= PARTED_EDITS and all(
            w.acknowledged > b for w, b in zip(self.writers, before)))
        self.network.heal()
        hubs = [self.members[hub] for hub in self.network.hubs]
        for here, there in (hubs, hubs[::-1]):
            seq = there.status()["frontier"][there.label]
            self.after(f"{here.label} hears {there.label} again", CATCH_UP_S,
                       lambda: here.status()["frontier"][there.label] >= seq)
        self.counts["partitions"] += 1

    def restore(self):
        """What nobody else has yet goes with a disk: so it is waited for, then the home is lost."""
        label = self.random.choice(sorted(self.backups))
        member, writer = self.members[label], self.writer_of(label)
        if writer:
            writer.pause()
        seq = member.status()["frontier"].get(label, 0)
        keeper = self.members[LONG_LIVED[0]]

        def kept():
            status = keeper.status()
            return status["frontier"].get(label, 0) >= seq and status["waiting_sealed"] == 0
        self.after(f"{keeper.label} has what {label} wrote", CATCH_UP_S, kept)
        member.stop(signal.SIGKILL)
        member.wipe()
        member.must("init", "--restore", self.random.choice(self.backups[label]),
                    "--passphrase-file", os.path.join(self.folder, "secret"))
        member.point()
        self.start(member)
        self.after(f"{label} has its own commits again", CATCH_UP_S,
                   lambda: member.status()["frontier"].get(label, 0) >= seq)
        if writer:
            writer.go_on()
        self.counts["restores"] += 1

    def fill(self):
        member, writer = self.members[SMALL_DISK], self.writer_of(SMALL_DISK)
        refused = writer.refusals
        elsewhere = sum(w.acknowledged for w in self.writers if w is not writer)
        ballast = os.path.join(self.disk, "ballast")
        writer.full.set()

        def told():
            with open(ballast, "ab", buffering=0) as f:
                try:
                    while f.write(bytes(1 << 20)):
                        pass
                except OSError:
                    pass
            return writer.refusals - refused >= REFUSALS
        def shown():
            return any("disk is full" in h["text"] for h in member.status()["health"])
        self.after(f"{SMALL_DISK} says that its disk is full, to its writer and in its status",
                   CATCH_UP_S, lambda: told() and shown())
        self.after("the others work on", CATCH_UP_S, lambda: sum(
            w.acknowledged for w in self.writers if w is not writer) > elsewhere)
        cut = self.random.random() < 0.5
        if cut:
            member.stop(signal.SIGKILL)
            self.counts["killed_full"] += 1
        os.unlink(ballast)
        writer.full.clear()
        if cut:
            self.start(member)
        before = writer.acknowledged
        self.after(f"{SMALL_DISK} works on", CATCH_UP_S, lambda: writer.acknowledged > before)
        self.counts["refused_full"] += writer.refusals - refused
        self.counts["fills"] += 1

    def quiet(self):
        """Nobody writes, until the long-lived have put away what they held in memory."""
        segments = {label: self.segment(label) for label in LONG_LIVED}
        for writer in self.writers:
            writer.pause()
        self.after("quiet members checkpoint", CATCH_UP_S, lambda: all(
            self.segment(label) > segments[label] for label in LONG_LIVED))
        for label in self.members:
            row = measure.sample(self.members[label], self.started)
            if row:
                self.rested[label].append(row)
        for writer in self.writers:
            writer.go_on()
        self.counts["quiet"] += 1

    def segment(self, label):
        """The journal's open segment: each checkpoint begins another."""
        return max(os.listdir(os.path.join(self.members[label].home, "journal")))

    # ---- the run ----

    def work(self):
        """Beats, until the time is over and every kind has happened."""
        began = time.monotonic()
        run_s, beat, todo = 3600 * self.options.hours, 0, []
        while time.monotonic() - began < run_s or beat < QUIET_BEATS:
            if not todo:
                todo = self.random.sample(EPISODES, len(EPISODES))
            self.kill()
            getattr(self, todo.pop())()
            beat += 1
            if beat % QUIET_BEATS == 0:
                self.quiet()
            due = min(began + beat * self.options.beat, began + run_s)
            self.after("the next beat", self.options.beat * 4, lambda: time.monotonic() >= due)

    def rest(self):
        self.network.heal()
        for writer in self.writers:
            writer.ended.set()
        for writer in self.writers:
            writer.join(CATCH_UP_S)
        self.over.set()
        self.watch()
        began = time.monotonic()
        self.after("one state everywhere", HEAL_S, self.one_state)
        self.after("the offices hold what is sealed", HEAL_S, lambda: all(
            m.status()["waiting_sealed"] == 0 for m in self.network.all() if m.role == "office"))
        self.tell(f"healed: one state {states(self.network.all())[0]} everywhere after "
                  f"{time.monotonic() - began:.1f} s")

    def judged(self):
        values = fetched = 0
        for member in self.network.all():
            values += judge.content(member, self.writers)
            judge.money(member, self.writers, ALLOTTED)
            if member.role == "office":
                fetched += judge.files(member, self.writers, self.folder)
            judge.sound(member)
        judge.expect("an office forked", not any(
            "fork" in h["text"] for m in self.network.all() for h in m.status()["health"]))
        commits = self.members[LONG_LIVED[0]].status()["commits"]
        for member in self.network.all():
            member.stop()
            judge.sound(member)
        self.tell(f"judged: {values} values and {fetched} files held against what was "
                  f"acknowledged, money at 7 members; {commits} commits verify at 7 members, "
                  "running and stopped")

    def report(self):
        run_s = time.monotonic() - self.started
        rows = judge.slopes(self.samples, self.rested, run_s)
        keys = list(next(iter(rows.values())))
        self.tell("slopes by least squares; _h: an hour, _commit: a commit")
        self.tell(" ".join(["member".ljust(14)] + keys))
        for label, row in rows.items():
            self.tell(" ".join([label.ljust(14)] +
                               [f"{row[k]:.2f}".rjust(len(k)) for k in keys]))
        times = [s for w in self.writers for _, s in w.latencies]
        trend = 3600 * measure.slope([p for w in self.writers for p in w.latencies])
        self.tell(f"edits {self.edits()}, in doubt {sum(w.in_doubt for w in self.writers)}, "
                  f"files {sum(len(w.files) for w in self.writers)}; at a live office p50 "
                  f"{1000 * measure.share(times, 0.5):.1f} ms, p99 "
                  f"{1000 * measure.share(times, 0.99):.1f} ms, max {1000 * max(times):.0f} ms, "
                  f"slope {1000 * trend:.1f} ms an hour")
        self.tell(" ".join(f"{k} {n}" for k, n in self.counts.items()) +
                  f"; back after a kill in p50 {measure.share(self.recoveries, 0.5):.2f} s, max "
                  f"{max(self.recoveries):.2f} s")
        for what, count in self.counts.items():
            judge.expect(f"{what} never happened", count > 0 or what == "killed_full")
        wrong = judge.bounded(rows, LONG_LIVED, run_s)
        judge.expect("; ".join(wrong), not wrong)

    def run(self):
        code = 1
        try:
            commit = subprocess.run(["git", "-C", self.top, "describe", "--always", "--dirty"],
                                    capture_output=True, text=True).stdout.strip()
            o = self.options
            self.tell(f"soak of {o.hours} h, seed {o.seed}, a beat every {o.beat} s, {o.rate} "
                      f"edits/s at each of 5 offices, commit {commit}, "
                      f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC")
            self.begin()
            self.work()
            self.rest()
            self.judged()
            self.report()
            self.tell("PASSED")
            code = 0
        except Failed as e:
            self.tell(f"FAILED: {e}")
        except Exception:
            self.tell(f"FAILED: {traceback.format_exc()}")
        finally:
            self.over.set()
            self.network.end()
            if not os.environ.get("KEEP"):
                if self.elsewhere:
                    shutil.rmtree(self.elsewhere, ignore_errors=True)
                else:
                    subprocess.run(["umount", "-l", self.disk])
                shutil.rmtree(self.folder, ignore_errors=True)
        return code


if __name__ == "__main__":
    sys.exit(Soak(arguments()).run())
