#!/usr/bin/env python3
"""Looks for the reference programme's personal data in files, whatever they are.

usage: needles.py make DATA FOLDER      the patterns of every planted value, in every form, and the
                                        list of what is left out, with the reason
       needles.py control FOLDER FILE   a file in which every pattern is planted once
       needles.py prove FOLDER FILE     whether a search of that file finds each of them
       needles.py search FOLDER PATH…   exits 1 where anything is found, and says where
       needles.py streams PCAP FOLDER   the bytes of each direction of each TCP stream, as a file
       needles.py expand PATH FOLDER    what zstd frames inside the files below PATH hold

A value is looked for as it stands and as a search folds it (small letters, no accents), each in
UTF-8, UTF-16LE, UTF-16BE, base64 at its three alignments (both alphabets), hex in both cases, and
with JSON's escapes. The search itself is GNU grep's, for fixed strings.
"""

import base64
import csv
import ctypes
import glob
import json
import os
import subprocess
import sys
import unicodedata

BYTES_MIN = 6  # shorter ones would be found anywhere
# Columns that are personal, and whose values nonetheless stand in the schema, for everyone.
CHOICES = {"status*"}
STARRED = ("households", "enterprises")
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
EXPANDED_MAX = 64 * 1024 * 1024  # of one frame


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def planted(data):
    """Values to look for, and those left out with the reason."""
    opened = []
    for path in sorted(glob.glob(f"{data}/*.csv")):
        for row in rows(path):
            opened += [value for column, value in row.items() if not column.endswith("*")]
    with open(f"{data}/programme.json", encoding="utf-8") as file:
        opened.append(file.read())
    everything_open = "\n".join(value for value in opened if value)
    values, left_out = {}, {}
    for name in STARRED:
        for row in rows(f"{data}/{name}.csv"):
            for column, value in row.items():
                if not column.endswith("*") or not value:
                    continue
                if column in CHOICES:
                    left_out[value] = f"{name}.{column}: a word of a choice, which the schema names"
                elif len(value.encode()) < BYTES_MIN:
                    left_out[value] = f"{name}.{column}: under {BYTES_MIN} bytes"
                elif value in everything_open:
                    left_out[value] = f"{name}.{column}: stands in an open column too"
                else:
                    values[value] = f"{name}.{column}"
    return values, left_out


def folded(text):
    plain = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def base64_forms(data):
    """What stands for 'data' inside a longer base64 text, at each alignment."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + data)
        first = (0, 2, 3)[before]  # characters that what stands before has a part in
        cut = {0: 0, 1: 3, 2: 2}[(before + len(data)) % 3]  # padding, and what stands behind
        inner = text[first:len(text) - cut]
        yield f"base64+{before}", inner
        yield f"base64url+{before}", inner.replace(b"+", b"-").replace(b"/", b"_")


def forms(text):
    """Every form of one value, without repetitions."""
    seen = set()
    for case, word in (("", text), ("folded ", folded(text))):
        data = word.encode()
        candidates = [("utf-8", data), ("utf-16le", word.encode("utf-16-le")),
                      ("utf-16be", word.encode("utf-16-be")), ("hex", data.hex().encode()),
                      ("HEX", data.hex().upper().encode()),
                      ("json", json.dumps(word)[1:-1].encode()), *base64_forms(data)]
        for form, pattern in candidates:
            if pattern not in seen:
                seen.add(pattern)
                yield case + form, pattern


def make(data, folder):
    values, left_out = planted(data)
    patterns = {}
    for value, column in sorted(values.items()):
        for form, pattern in forms(value):
            assert b"\n" not in pattern, "grep reads a pattern a line"
            patterns.setdefault(pattern, (form, column, value))
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/patterns", "wb") as file:
        file.write(b"\n".join(patterns) + b"\n")
    with open(f"{folder}/patterns.json", "w", encoding="utf-8") as file:
        json.dump({pattern.hex(): named for pattern, named in patterns.items()}, file)
    print(f"looking for {len(values)} values in {len(patterns)} forms")
    for value, reason in sorted(left_out.items()):
        print(f"left out: {value!r}: {reason}")


def load(folder):
    with open(f"{folder}/patterns.json", encoding="utf-8") as file:
        return {bytes.fromhex(pattern): tuple(named)
                for pattern, named in json.load(file).items()}


def find(folder, paths):
    """Every hit: (file, offset, pattern)."""
    command = ["grep", "-F", "-a", "-b", "-o", "-H", "-Z", "-r", "-f", f"{folder}/patterns", "--",
               *paths]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "LC_ALL": "C"},
                          check=False)
    if done.returncode > 1 or (done.stderr and b"No such device" not in done.stderr):
        sys.exit(f"the search itself failed: {done.stderr.decode(errors='replace')}")
    for line in done.stdout.split(b"\n"):
        if line:
            path, rest = line.split(b"\0", 1)
            offset, pattern = rest.split(b":", 1)
            yield os.fsdecode(path), int(offset), pattern


def control(folder, path):
    with open(path, "wb") as file:
        for pattern in load(folder):
            file.write(b"\x00\xff before" + pattern + b"behind \x00\xff\n")


def prove(folder, path):
    wanted, found = set(load(folder)), {pattern for _, _, pattern in find(folder, [path])}
    # One may lie within another (hex within hex, a folded form that is all small letters).
    for pattern in sorted(wanted - found):
        if not any(pattern in longer for longer in found):
            sys.exit(f"the search does not find what was planted: {load(folder)[pattern]}")
    print(f"the search finds all {len(wanted)} forms that were planted")


def size_of(path):
    if not os.path.isdir(path):
        return os.path.getsize(path)
    files = (os.path.join(top, name) for top, _, names in os.walk(path) for name in names)
    return sum(os.path.getsize(file) for file in files if os.path.isfile(file))


def search(folder, paths):
    named, hits, searched = load(folder), 0, 0
    for path in paths:
        if not os.path.exists(path):
            sys.exit(f"nothing to search at {path}")
        searched += size_of(path)
    for path, offset, pattern in find(folder, paths):
        hits += 1
        if hits <= 10:
            form, column, value = named[pattern]
            print(f"{path}: byte {offset}: {column} {value!r} as {form}")
    names = ["/".join(path.split("/")[-2:]) for path in paths]
    print(f"{hits} hits in {searched} bytes of {' '.join(names)}")
    return 1 if hits > 0 else 0


def streams(capture, folder):
    os.makedirs(folder, exist_ok=True)
    fields = ["tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.payload"]
    command = ["tshark", "-r", capture, "-Y", "tcp.len > 0 and not tcp.analysis.retransmission",
               "-T", "fields"] + [word for field in fields for word in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    total = 0
    for line in done.stdout.split("\n"):
        if line:
            stream, source, target, _, payload = line.split("\t")
            data = bytes.fromhex(payload.replace(":", ""))
            total += len(data)
            with open(f"{folder}/{stream}.{source}-{target}", "ab") as file:
                file.write(data)
    print(total)


def frames(data, library):
    at = data.find(ZSTD_MAGIC)
    while at >= 0:
        frame = data[at:]
        size = library.ZSTD_findFrameCompressedSize(frame, ctypes.c_size_t(len(frame)))
        plain = library.ZSTD_getFrameContentSize(frame, ctypes.c_size_t(len(frame)))
        if not library.ZSTD_isError(ctypes.c_size_t(size)) and 0 < plain <= EXPANDED_MAX:
            room = ctypes.create_string_buffer(plain)
            got = library.ZSTD_decompress(room, ctypes.c_size_t(plain), frame,
                                          ctypes.c_size_t(size))
            if not library.ZSTD_isError(ctypes.c_size_t(got)):
                yield room.raw[:got]
        at = data.find(ZSTD_MAGIC, at + 1)


def expand(path, folder):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_findFrameCompressedSize.restype = ctypes.c_size_t
    library.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    library.ZSTD_decompress.restype = ctypes.c_size_t
    os.makedirs(folder, exist_ok=True)
    count = 0
    for top, _, names in os.walk(path):
        for name in names:
            whole = os.path.join(top, name)
            if not os.path.isfile(whole):
                continue
            with open(whole, "rb") as file:
                data = file.read()
            for plain in frames(data, library):
                with open(f"{folder}/{count}", "wb") as file:
                    file.write(plain)
                count += 1
    print(count)


def main(words):
    commands = {"make": make, "control": control, "prove": prove, "streams": streams,
                "expand": expand}
    if len(words) >= 3 and words[0] == "search":
        return search(words[1], words[2:])
    if len(words) == 3 and words[0] in commands:
        commands[words[0]](words[1], words[2])
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
