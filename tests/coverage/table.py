#!/usr/bin/env python3
"""table.py SUMMARY.json: gcovr's summary as lines a person reads."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mutation"))
from mutate import FILES  # pylint: disable=wrong-import-position


def line(name, files):
    """One line: how many of the lines and branches of these files were run."""
    sums = [sum(f[key] for f in files) for key in
            ("line_covered", "line_total", "branch_covered", "branch_total")]
    shares = [100 * sums[i] / max(sums[i + 1], 1) for i in (0, 2)]
    print(f"{name:32} lines {sums[0]:6} of {sums[1]:6} ({shares[0]:5.1f} %)"
          f"  branches {sums[2]:6} of {sums[3]:6} ({shares[1]:5.1f} %)")


def main():
    """Folders, then the files that decide, then both kinds together."""
    with open(sys.argv[1], encoding="utf-8") as summary:
        files = {f["filename"]: f for f in json.load(summary)["files"]}
    for folder in ("proto", "replicas", "daemon", "cli"):
        line(folder + "/", [f for name, f in files.items() if name.startswith(folder + "/")])
    for name in FILES:
        line(name, [files[name]])
    line("what decides", [files[name] for name in FILES])
    line("everything", list(files.values()))


if __name__ == "__main__":
    main()
