#!/usr/bin/env python3
"""What the vaults held of some records, looked for in every file of some homes.

save FILE HOME RECORD...   writes slices of the items and the salts that HOME's vault holds of them
find FILE HOME...          prints each file that has one; exit 1 where there is any
"""
import base64
import os
import shutil
import sqlite3
import sys
import tempfile

SLICE, STRIDE = 16, 1024


def recent(vault, records):
    """Items of the rows that no tree has yet, as docs/FORMATS.md has them."""
    for (row,) in vault.execute("SELECT items FROM recent"):
        at = 0
        while at < len(row):
            type_bytes, record_bytes, reader_bytes = row[at + 2:at + 5]
            at += 5 + 32 + 20 + type_bytes
            record = row[at:at + record_bytes].decode()
            at += record_bytes + reader_bytes
            count = int.from_bytes(row[at:at + 4], "big")
            at += 4 + count
            if record in records:
                yield (row[at - count:at],)


def save(out, home, *records):
    copy = tempfile.mkdtemp()  # the daemon holds its own for itself
    for end in ("", "-wal"):
        if os.path.exists(f"{home}/vault.db{end}"):
            shutil.copy(f"{home}/vault.db{end}", f"{copy}/vault.db{end}")
    vault = sqlite3.connect(f"{copy}/vault.db")
    marks = ",".join("?" * len(records))
    rows = vault.execute(
        "SELECT item.bytes FROM item JOIN owner ON owner.id = item.owner"
        f" WHERE owner.record IN ({marks})", records).fetchall()
    rows += recent(vault, records)
    with open(out, "a", encoding="ascii") as file:
        for (data,) in rows:
            for at in range(0, max(1, len(data) - SLICE), STRIDE):
                file.write(base64.b16encode(data[at:at + SLICE]).decode() + "\n")
    vault.close()
    shutil.rmtree(copy)


def find(needles, *homes):
    with open(needles, encoding="ascii") as file:
        wanted = {base64.b16decode(line.strip()) for line in file}
    if not wanted:
        sys.exit("nothing to look for")
    hits = 0
    for home in homes:
        for folder, _, names in os.walk(home):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    data = file.read()
                if any(one in data for one in wanted):
                    print(path)
                    hits += 1
    sys.exit(1 if hits else 0)


if __name__ == "__main__":
    {"save": save, "find": find}[sys.argv[1]](*sys.argv[2:])
