#!/usr/bin/env python3
"""Proves that tidy can fail: a small tree that breaks every rule once, and one that breaks none.

usage: selftest.py        needs gcc, ar, nm and clang-format-14; writes below the temporary folder
"""

import pathlib
import subprocess
import sys
import tempfile

import source
import table
import tidy

HERE = pathlib.Path(__file__).resolve().parent

GOOD_HEADER = """/*
 * good: a module that keeps the rules.
 */
#ifndef PROTO_GOOD_H
#define PROTO_GOOD_H

#include "proto/status.h"

MUST_USE enum status good_read(const char *text);

#endif
"""
STATUS_HEADER = """/*
 * status: as much of it as the sample needs.
 */
#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#define MUST_USE __attribute__((warn_unused_result))
enum status { ST_OK, ST_AGAIN };

#endif
"""
GOOD_SOURCE = """#include "proto/good.h"

#include <string.h>

/* "malloc(3)" and free(x) in a comment or a text are no calls. */
enum status good_read(const char *text)
{
    return strlen(text) > strlen("malloc(1)") ? ST_OK : ST_AGAIN;
}
"""
ARCHITECTURE = """See [this](ARCHITECTURE.md#proto).

## `proto/`

| module | is |
| --- | --- |
| `status` | outcomes |
| `good` | an example |
"""

# What a broken tree has besides, by the rule that has to see it.
LONG_FUNCTION = "void bad_long(void);\nvoid bad_long(void)\n{\n" + "    ;\n" * 69 + "}\n"
BAD = {
    "layer-include": ("proto/bad.c", "#include <time.h>\n"),
    "include-path": ("proto/bad.c", '#include "good.h"\n'),
    "layer-symbol": ("proto/bad.c", "long time(long *);\nlong bad_now(void);\n"
                                    "long bad_now(void)\n{\n    return time(0);\n}\n"),
    "export-name": ("proto/bad.c", "int other_name;\n"),
    "tab": ("proto/bad.c", "int bad_tab;\t\n"),
    "trailing-blank": ("proto/bad.c", "int bad_blank; \n"),
    "left-over": ("proto/bad.c", "/* TO" "DO: later */\n"),
    "line-long": ("proto/bad.c", "/* " + "x" * 100 + " */\n"),
    "final-newline": ("proto/bad.c", "int bad_end;"),
    "file-long": ("proto/bad.c", "/* x */\n" * 801),
    "function-long": ("proto/bad.c", LONG_FUNCTION),
    "banned-call": ("proto/bad.c", "void bad_call(void);\nvoid bad_call(void)\n{\n"
                                   "    free(malloc(1));\n}\n"),
    "header-comment": ("proto/bad.h", "#ifndef PROTO_BAD_H\n#define PROTO_BAD_H\n#endif\n"),
    "header-guard": ("proto/bad.h", "/*\n * bad.\n */\n#ifndef BAD_H\n#define BAD_H\n#endif\n"),
    "must-use": ("proto/bad.h", "/*\n * bad.\n */\n#ifndef PROTO_BAD_H\n#define PROTO_BAD_H\n"
                                "enum status bad_read(void);\n#endif\n"),
    "format": ("proto/bad.c", "int   bad_format ;\n"),
    "no-unit-test": ("proto/bad.c", "int bad_untested;\n"),
    "no-fuzz-target": ("proto/mp.c", "int mp_decoder;\n"),
    "no-corpus": ("tests/fuzz/fuzz_bad.c", "int fuzz_bad;\n"),
    "not-in-architecture": ("proto/bad.c", "int bad_unnamed;\n"),
    "dead-link": ("README.md", "See [more](docs/MORE.md).\n"),
    "table-stale": ("proto/good.h", GOOD_HEADER),
}


def write(top, path, text):
    place = top / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def make_tree(top):
    write(top, ".clang-format", (HERE / "../../.clang-format").read_text())
    write(top, "docs/ARCHITECTURE.md", ARCHITECTURE)
    write(top, "proto/status.h", STATUS_HEADER)
    write(top, "proto/good.h", GOOD_HEADER)
    write(top, "proto/good.c", GOOD_SOURCE)
    write(top, "tests/unit/proto/test_good.c", "int test_good;\n")


def archive_of(top):
    """libproto.a of what compiles."""
    objects = []
    for path in sorted((top / "proto").glob("*.c")):
        built = path.with_suffix(".c.o")
        run = subprocess.run(["gcc", "-w", "-I", top, "-I", top / "proto", "-c", path, "-o", built],
                             capture_output=True)
        if run.returncode == 0:
            objects.append(built)
    archive = top / "libproto.a"
    subprocess.run(["ar", "crs", archive, *objects], check=True)
    return str(archive)


def rules_broken(path, text):
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        make_tree(top)
        if path is not None:
            write(top, path, text)
        findings, _, _ = tidy.run(source.top_of(folder), {"proto": archive_of(top)})
        return findings


def main():
    wrong = 0
    decoders, table.DECODERS = table.DECODERS, {}
    clean = rules_broken(None, None)
    if clean.found:
        wrong += 1
        print("selftest: a tree without fault is found fault with:")
        clean.print()
    for rule, (path, text) in BAD.items():
        table.DECODERS = {"proto/mp.c": "mp"} if rule in ("no-fuzz-target", "table-stale") else {}
        if rule not in rules_broken(path, text).rules():
            wrong += 1
            print(f"selftest: {rule} was not reported")
    table.DECODERS = decoders
    print(f"selftest: {len(BAD)} rules broken on purpose, {wrong} not seen")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
