#!/usr/bin/env python3
"""Checks layers, names, sizes, calls and completeness of a source tree.

usage: tidy.py TOP [FOLDER=ARCHIVE…]      proto=build/libproto.a replicas=build/libreplicas.a …

Prints a line a finding, "path:line: rule: what", and exits 1 where there is any.
"""

import sys

import layers
import shape
import source
import whole


def run(top, archives):
    """All rules over one tree: what breaks them, and what soon will."""
    findings, advice = source.Findings(), source.Findings()
    sources, others = source.read_c(top), source.read_other(top)
    shape.check(top, sources, others, findings, advice)
    layers.check_includes(sources, findings)
    layers.check_archives(archives, findings)
    whole.check(top, sources, others, findings)
    return findings, advice, len(sources)


def main(arguments):
    if not arguments or any("=" not in word for word in arguments[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    archives = dict(word.split("=", 1) for word in arguments[1:])
    findings, advice, count = run(source.top_of(arguments[0]), archives)
    for path, _, _, text in sorted(advice.found):
        print(f"note: {path}: {text}")
    findings.print()
    print(f"tidy: {count} C files, {len(findings.found)} findings")
    return 1 if findings.found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
