"""Seven members of whom one alone can be reached, over a line that is late, loses, doubles,
overtakes, damages (also where TCP cannot see it), forgets translations and is cut: edits on all
sides, and in the end one state."""
import os
import random
import time

from lab import HERE, Lab, Failed, one_state, until
from writer import Writer
import judge

LABELS = ("santiago", "iquique", "alto-hospicio", "arica", "talca", "auditor", "fosis")
ROLES = {"auditor": "auditor", "fosis": "partner"}
PROGRAMME = os.path.join(HERE, "..", "..", "..", "shared", "data", "programme", "programme.json")
ALLOTTED = 10000000
LINE = ("delay=60", "jitter=30", "loss=2", "reorder=3", "duplicate=1", "corrupt=1",
        "repaired=0.3", "rate=4096")
FAULTS = ("lost", "late", "overtaking", "doubled", "corrupted", "repaired", "cut", "refused")
FAULTS_SHORT = ("lost", "late", "overtaking", "doubled", "corrupted", "cut")
CUT_EDITS = 4  # that a member makes alone
HEAL_S = 300   # a connection that a translation forgot is given up after a minute


def begin(lab):
    lab.found()
    first = lab.members[LABELS[0]]
    first.must("import", "programme", PROGRAMME)
    offices = [m for m in lab.all() if m.role == "office"]
    for member in offices:
        first.must("fund", "allot", member.label, "workshops", "CLP", str(ALLOTTED),
                   "--date", "2009-07-05")
    shared = first.must("add", "household", "household=shared")[0]["id"]
    until("all begin from one state", 60, lambda: one_state(lab.all()))
    return offices, shared


def watched(lab, writers, condition):
    def look():
        for member in lab.all():
            member.watch()
        for writer in writers:
            if writer.failure:
                raise writer.failure
        return condition()
    return look


def trouble(lab, writers, chance, forgets, counts):
    """One cut, by which the member that is cut off works on alone; sometimes more."""
    writer = chance.choice(writers)
    before = writer.acknowledged
    lab.tell("cut", writer.member.label)
    until(f"{writer.member.label} works on alone", 120,
          watched(lab, writers, lambda: writer.acknowledged - before >= CUT_EDITS))
    lab.tell("mend", writer.member.label)
    counts["cuts"] += 1
    if chance.random() < forgets:
        lab.tell("forget")
        counts["forgotten"] += 1


def judged(lab, writers, faults, counts):
    took = time.monotonic()
    until("one state everywhere", HEAL_S, watched(lab, writers, lambda: one_state(lab.all())))
    until("the offices hold what is sealed", HEAL_S, lambda: all(
        m.status()["waiting_sealed"] == 0 for m in lab.all() if m.role == "office"))
    took = time.monotonic() - took
    for member in lab.all():
        judge.content(member, writers)
        judge.money(member, writers, ALLOTTED)
        if member.role == "office":
            judge.files(member, writers, lab.folder)
        judge.sound(member)
    happened = lab.counts()
    for fault in faults:
        judge.expect(f"{fault} never happened to a packet", happened[fault] > 0)
    bad = lab.logged("reason=bad-mac")
    judge.expect("what was forged was not seen", bad > 0 or not happened["repaired"])
    edits = sum(w.acknowledged for w in writers)
    print(f"poor line: {edits} edits at 5 offices, {counts['cuts']} cuts, {counts['forgotten']} "
          f"times translations forgotten; one state {took:.1f} s after the last edit; "
          f"{bad} links ended by a forged byte; packets: " +
          ", ".join(f"{k} {v}" for k, v in happened.items()), flush=True)


def run(build, folder, seed, seconds):
    """seconds 0: the shortest that shows anything, without what takes a minute to be noticed."""
    chance = random.Random(seed)
    lab = Lab(build, folder, LABELS, ROLES, True, seed)
    try:
        offices, shared = begin(lab)
        writers = [Writer(m, seed, 2.0, shared) for m in offices]
        lab.tell("set", *LINE)
        forgets = 0.3 if seconds > 0 else 0
        for writer in writers:
            writer.start()
        counts = {"cuts": 0, "forgotten": 0}
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s or counts["cuts"] < 2:
            trouble(lab, writers, chance, forgets, counts)
        for writer in writers:
            writer.ended.set()
        for writer in writers:
            writer.join(60)
        judged(lab, writers, FAULTS if seconds > 0 else FAULTS_SHORT, counts)
    except Failed:
        for member in lab.all():
            print(f"{member.label}: {member.last_words()}", flush=True)
        raise
    finally:
        lab.end()
