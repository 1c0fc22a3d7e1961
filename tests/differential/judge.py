#!/usr/bin/env python3
"""Stock git as the judge of what mutants.c accepted: it has to accept it too, and to read the same.

usage: mutants REPO COUNT SEED IDENTITY… | judge.py REPO SCRATCH SIGNERS VERIFIED

Every accepted object goes into a pack that `git index-pack` checks as strictly as it can, and that
`git fsck --strict` reads again; every accepted commit is read by `git log`, and VERIFIED of them,
chosen evenly, by `git verify-commit` with the file SIGNERS. Each of these has to agree. What was
refused goes into another pack and to fsck, only to be counted: what git would have taken, and why
it was not.
"""

import collections
import hashlib
import os
import re
import subprocess
import sys
import zlib

BATCH = 50000
KINDS = {"C": ("commit", 1), "T": ("tree", 2)}
FORMAT = "%x01%T%n%P%n%an <%ae>%n%at%n%cn%n%ct%n%s%n%ce%x02%B%x03"


class Wrong(Exception):
    """git says otherwise."""


def read_exactly(stream, count):
    data = stream.read(count)
    if len(data) != count:
        raise Wrong("mutants ended in the middle")
    return data


def mutants(stream):
    """(letter, object, what goes with it) of each."""
    while head := stream.read(5):
        data = read_exactly(stream, int.from_bytes(head[1:], "big"))
        letter, more = chr(head[0]), b""
        if letter != "T":
            more = read_exactly(stream, int.from_bytes(read_exactly(stream, 5)[1:], "big"))
        yield letter, data, more


def oid_of(kind, data):
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


def pack_of(objects):
    """A pack of (number of the kind, bytes) pairs."""
    out = [b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big")]
    for kind, data in objects:
        size, head = len(data), []
        first = kind << 4 | size & 15
        size >>= 4
        while size:
            head.append(first | 128)
            first, size = size & 127, size >> 7
        head.append(first)
        out.append(bytes(head) + zlib.compress(data, 1))
    raw = b"".join(out)
    return raw + hashlib.sha1(raw).digest()


class Git:
    """A bare repository beside the history, whose objects it borrows."""

    def __init__(self, repo, folder):
        self.folder = folder
        subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
        source = os.path.join(repo, ".git") if os.path.isdir(os.path.join(repo, ".git")) else repo
        with open(os.path.join(folder, "objects/info/alternates"), "w", encoding="utf-8") as file:
            file.write(os.path.abspath(os.path.join(source, "objects")) + "\n")

    def run(self, *words, data=None, fails=False):
        done = subprocess.run(["git", "-C", self.folder, *words], input=data, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0 and not fails:
            raise Wrong(f"git {' '.join(words)}: {done.stderr.decode(errors='replace')[:2000]}")
        return done

    def take(self, objects, *checks):
        if objects:
            self.run("index-pack", "--stdin", *checks, data=pack_of(objects))

    def complaints(self):
        """What fsck says, by object."""
        said = self.run("fsck", "--strict", "--no-dangling", "--no-progress", fails=True)
        found = {}
        for line in (said.stdout + said.stderr).decode(errors="replace").splitlines():
            if oid := re.search(r"\b[0-9a-f]{40}\b", line):
                found.setdefault(oid.group(), line)
        return found


def expected(facts):
    tree, parents, author, author_time, label, commit_time, subject = facts[:7]
    return [tree, parents, author, author_time, label, commit_time, subject, f"{label}@minga"]


def check_reading(git, commits):
    """git log reads of each commit what we read."""
    if not commits:
        return
    asked = "".join(oid + "\n" for oid in commits).encode()
    log = git.run("-c", "log.showSignature=false", "log", "--stdin", "--no-walk=unsorted",
                  "--encoding=UTF-8", "--format=%H" + FORMAT, data=asked).stdout.decode()
    seen = 0
    for entry in log.split("\x03\n")[:-1]:
        oid, rest = entry.split("\x01", 1)
        head, body = rest.split("\x02", 1)
        data, facts = commits[oid]
        if head.split("\n") != expected(facts):
            raise Wrong(f"{oid}: git reads {head!r}, we {expected(facts)!r}")
        if body.rstrip("\n") != data.decode().split("\n\n", 1)[1].rstrip("\n"):
            raise Wrong(f"{oid}: git reads another message")
        seen += 1
    if seen != len(commits):
        raise Wrong(f"git log shows {seen} of {len(commits)} commits")


def check_signature(git, oid, facts, signers, keys):
    """git finds the signature good, by the key that we read."""
    said = git.run("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers}",
                   "verify-commit", oid, fails=True).stderr.decode()
    label = keys.get(facts[7])
    if f'Good "git" signature for {label} with' not in said:
        raise Wrong(f"{oid}: git verify-commit says {said!r}; the key is of {label}")


class Judge:
    def __init__(self, repo, scratch, signers, wanted):
        self.repo, self.scratch, self.signers, self.wanted = repo, scratch, signers, wanted
        self.counts, self.reasons = collections.Counter(), collections.Counter()
        self.taken = collections.Counter()
        self.seen, self.batch, self.number = set(), [], 0
        self.keys = self.read_signers(signers)

    @staticmethod
    def read_signers(path):
        """Raw key in hex -> label."""
        import base64
        keys = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                blob = base64.b64decode(line.split()[-1])
                keys[blob[-32:].hex()] = line.split()[0]
        return keys

    def add(self, letter, data, more):
        kind, number = KINDS[letter.upper()]
        self.counts["mutants"] += 1
        oid = oid_of(kind, data)
        if bytes.fromhex(oid) in self.seen:
            self.counts["mutants that came before"] += 1
            return
        self.seen.add(bytes.fromhex(oid))
        if letter.islower():
            self.reasons[kind, more.decode()] += 1
        self.batch.append((letter, oid, number, data, more))
        if len(self.batch) == BATCH:
            self.judge()

    def judge(self):
        batch, self.batch, self.number = self.batch, [], self.number + 1
        good = Git(self.repo, f"{self.scratch}/accepted-{self.number}")
        bad = Git(self.repo, f"{self.scratch}/refused-{self.number}")
        linked, loose, commits = [], [], {}
        for letter, oid, number, data, more in batch:
            if letter == "C":
                facts = more.decode().split("\n")
                commits[oid] = (data, facts)
                self.counts["commits accepted"] += 1
                if facts[9]:
                    self.counts[f"commits that replay {facts[9]}"] += 1
                (linked if facts[8] else loose).append((number, data))
            elif letter == "T":
                self.counts["trees accepted"] += 1
                loose.append((number, data))
        good.take(linked, "--strict")
        good.take(loose, "--fsck-objects")
        for oid, line in good.complaints().items():
            if oid in commits and not line.startswith(("broken link", "missing")):
                raise Wrong(f"fsck: {line}")
        check_reading(good, commits)
        step = max(1, len(commits) // self.wanted)
        for oid in list(commits)[::step][:self.wanted]:
            check_signature(good, oid, commits[oid][1], self.signers, self.keys)
            self.counts["signatures that git found good"] += 1
        bad.take([(number, data) for letter, _, number, data, _ in batch if letter.islower()])
        said = bad.complaints()
        for letter, oid, _, _, more in batch:
            if letter.islower() and oid not in said:
                self.taken[KINDS[letter.upper()][0], more.decode()] += 1

    def print(self):
        for name, count in sorted(self.counts.items()):
            print(f"differential: {name}: {count}")
        for (kind, reason), count in sorted(self.reasons.items()):
            taken = self.taken[kind, reason]
            print(f"differential: {kind} refused as {reason}: {count}, git takes {taken} of them")


def main(arguments):
    if len(arguments) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    judge = Judge(*arguments[:3], int(arguments[3]))
    try:
        for letter, data, more in mutants(sys.stdin.buffer):
            judge.add(letter, data, more)
        judge.judge()
        for name in ("commits accepted", "trees accepted", "commits that replay accepted"):
            if judge.counts[name] == 0:
                raise Wrong(f"no {name}: nothing was compared")
    except Wrong as wrong:
        print(f"differential: FAILED: {wrong}", file=sys.stderr)
        return 1
    judge.print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
