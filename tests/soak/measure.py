"""What a member costs, sampled; and lines through the samples."""
import os
import time

PARTS = ("repo.git", "journal", "index.db", "vault.db")


def memory(pid):
    """resident, proportional and anonymous KiB"""
    found = {}
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            words = line.split()
            if words[0] in ("Rss:", "Pss:", "Anonymous:"):
                found[words[0][:-1].lower()] = int(words[1])
    return found


def allocated(path):
    """KiB on disk of a file or a folder, by allocated blocks; what goes meanwhile counts nothing"""
    total = 0
    try:
        total = os.lstat(path).st_blocks
    except OSError:
        return 0
    for folder, folders, files in os.walk(path):
        for name in files + folders:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks
            except OSError:
                pass
    return total // 2


def disk(home):
    found = {part: 0 for part in PARTS}
    for name in os.listdir(home):
        for part in PARTS:
            if name.startswith(part):
                found[part] += allocated(os.path.join(home, name))
    found["disk"] = sum(found.values())
    return found


def sample(member, started):
    """One row, or None where it is down at this moment."""
    with member.changing:
        if member.up_since is None:
            return None
        pid = member.process.pid
        try:
            row = {"at": time.monotonic() - started, **memory(pid), **disk(member.home)}
            row["fds"] = len(os.listdir(f"/proc/{pid}/fd"))
            row["threads"] = len(os.listdir(f"/proc/{pid}/task"))
        except OSError:
            return None
        status = member.status()
        if status is None:
            return None
        row["commits"] = status["commits"]
        return row


def slope(pairs):
    """Of the least squares line through (x, y); 0 where x does not vary."""
    n = len(pairs)
    if n < 2:
        return 0.0
    mean_x = sum(x for x, _ in pairs) / n
    mean_y = sum(y for _, y in pairs) / n
    spread = sum((x - mean_x) ** 2 for x, _ in pairs)
    if spread == 0:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in pairs) / spread


def share(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(part * len(values)))] if values else 0.0
