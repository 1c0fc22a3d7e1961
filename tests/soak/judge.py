"""At the end: whether all that was acknowledged is everywhere, and what the run cost."""
import hashlib
import os

import measure
from members import Failed, until

# Bounds on what a member costs. Memory and disk follow the history that is kept, so they are told
# by commit; what follows time alone would be a leak.
MEMORY_KIB_PER_COMMIT_MAX = 4.0  # of a member that is never killed, at rest
MEMORY_MIB_MAX = 160             # at any time: 24 MiB of objects wait for a checkpoint
DISK_KIB_PER_COMMIT_MAX = 8.0
DESCRIPTORS_MAX = 128
DESCRIPTORS_PER_HOUR_MAX = 4.0
THREADS_MAX = 32
SLOPES_FROM_S = 900  # of a shorter run the start is most, and a slope says nothing
FETCH_S = 60
WARM_UP = 0.1        # of the run is left out of the slopes


def expect(what, holds):
    if not holds:
        raise Failed(what)


def households(member):
    return {row["id"]: row["fields"] for row in member.must("list", "household")}


def content(member, writers):
    """All that was acknowledged, at one member."""
    there = households(member)
    names = [fields.get("household") for fields in there.values()]
    tried = set().union(*(w.tried for w in writers))
    expect(f"{member.label} holds a household twice", len(names) == len(set(names)))
    expect(f"{member.label} holds what nobody wrote", set(names) <= tried | {"shared"})
    sealed = member.role == "office"
    checked = 0
    for writer in writers:
        for record, fields in writer.records.items():
            expect(f"{member.label} lost {record} of {writer.member.label}", record in there)
            for field, values in fields.items():
                if field in ("address", "head_name") and not sealed:
                    expect(f"{member.label} reads {field}", there[record].get(field) is None)
                    continue
                expect(f"{member.label}: {field} of {record} is {there[record].get(field)!r}, "
                       f"not one of {values!r}", there[record].get(field) in values)
                checked += 1
    return checked


def files(member, writers, folder):
    count = 0
    for writer in writers:
        for name, digest in writer.files.items():
            path = os.path.join(folder, "fetched")
            until(f"{member.label} has file {name}", FETCH_S,
                  lambda: member.run("fetch", name, "--out", path)[0] == 0)
            with open(path, "rb") as f:
                expect(f"{member.label}: file {name} is another one",
                       hashlib.sha256(f.read()).hexdigest() == digest)
            os.unlink(path)
            count += 1
    return count


def money(member, writers, allotted):
    for writer in writers:
        rows = member.must("fund", "balance", "--office", writer.member.label, "--line",
                           "workshops", "--currency", "CLP")
        expect(f"{member.label}: {writer.member.label} has {rows}, spent {writer.spent}",
               rows[0]["balance"] == allotted - writer.spent)


def sound(member):
    rows = member.must("verify")
    expect(f"{member.label} is not sound: {rows}", rows[0]["ok"] and not rows[0]["refused"])


def slopes(samples, rested, run_s):
    """One row of slopes a member; 'rested': those of quiet moments, when nothing waits in memory
    for a checkpoint."""
    rows = {}
    for label, all_rows in samples.items():
        late = [r for r in all_rows if r["at"] >= WARM_UP * run_s] or all_rows

        def line(y, x="at", scale=3600.0):
            return scale * measure.slope([(r[x], r[y]) for r in late])

        rows[label] = {
            "rss_mib_h": line("rss") / 1024, "pss_mib_h": line("pss") / 1024,
            "anonymous_mib_h": line("anonymous") / 1024, "fds_h": line("fds"),
            "threads_h": line("threads"),
            "pss_kib_commit": line("pss", "commits", 1.0),
            "rest_kib_commit": measure.slope([(r["commits"], r["pss"]) for r in rested[label]]),
            "disk_kib_commit": line("own", "commits", 1.0),
            **{part + "_kib_commit": line(part, "commits", 1.0) for part in measure.PARTS},
            "rss_max_mib": max((r["rss"] for r in all_rows), default=0) / 1024,
            "fds_max": max((r["fds"] for r in all_rows), default=0),
            "threads_max": max((r["threads"] for r in all_rows), default=0),
        }
    return rows


def bounded(rows, long_lived, run_s):
    """The sentences about bounds that do not hold."""
    wrong = []

    def at_most(label, key, bound):
        if rows[label][key] > bound:
            wrong.append(f"{label}: {key} is {rows[label][key]:.2f}, above {bound}")

    for label in rows:
        at_most(label, "fds_max", DESCRIPTORS_MAX)
        at_most(label, "threads_max", THREADS_MAX)
        if run_s >= SLOPES_FROM_S:
            at_most(label, "disk_kib_commit", DISK_KIB_PER_COMMIT_MAX)
            at_most(label, "rss_max_mib", MEMORY_MIB_MAX)
            if label in long_lived:
                at_most(label, "rest_kib_commit", MEMORY_KIB_PER_COMMIT_MAX)
                at_most(label, "fds_h", DESCRIPTORS_PER_HOUR_MAX)
    return wrong
