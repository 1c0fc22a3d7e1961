"""whole: what must be there beside a source: its test, its fuzz target, its line in a document."""

import re

import table


def check_tests(top, sources, findings):
    for source in sources:
        if source.folder not in ("proto", "replicas") or not source.name.endswith(".c"):
            continue
        test = f"tests/unit/{source.folder}/test_{source.stem}.c"
        if source.path not in table.UNTESTED and not (top / test).is_file():
            findings.add("no-unit-test", source.path, 0, f"no {test}")
    for path in table.UNTESTED:
        if not (top / path).is_file():
            findings.add("table-stale", path, 0, "named in tests/tidy/table.py, but not there")


def check_fuzz(top, findings):
    targets = {path.stem[len("fuzz_"):] for path in (top / "tests/fuzz").glob("fuzz_*.c")}
    for decoder, name in sorted(table.DECODERS.items()):
        if not (top / decoder).is_file():
            findings.add("table-stale", decoder, 0, "named in tests/tidy/table.py, but not there")
        if name not in targets:
            findings.add("no-fuzz-target", decoder, 0, f"no tests/fuzz/fuzz_{name}.c")
    for name in sorted(targets):
        corpus = top / "tests/fuzz/corpus" / name
        if not corpus.is_dir() or not any(corpus.iterdir()):
            findings.add("no-corpus", f"tests/fuzz/fuzz_{name}.c", 0, "no seeds in its corpus")


def check_architecture(top, sources, findings):
    """docs/ARCHITECTURE.md: under a heading `folder/`, a row | `stem` | … for every module."""
    document = top / "docs/ARCHITECTURE.md"
    named = {}
    folder = None
    lines = document.read_text().split("\n") if document.is_file() else []
    for number, line in enumerate(lines, 1):
        heading = re.match(r"#+ `(\w+)/`", line)
        row = re.match(r"\| (`[^|]*`) \|", line)
        if heading:
            folder = heading.group(1)
        elif line.startswith("#"):
            folder = None
        elif row and folder is not None:
            for stem in re.findall(r"`([\w.-]+)`", row.group(1)):
                named[(folder, stem)] = number
    there = {(source.folder, source.stem) for source in sources if source.folder != "tests"}
    for folder, stem in sorted(there - set(named)):
        findings.add("not-in-architecture", f"{folder}/{stem}", 0,
                     "no row in docs/ARCHITECTURE.md")
    for (folder, stem), number in sorted(named.items()):
        if folder != "tests" and (folder, stem) not in there:
            findings.add("not-in-architecture", "docs/ARCHITECTURE.md", number,
                         f"{folder}/{stem} is not there")


LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def check_links(top, others, findings):
    """What a document leads to inside the project is there."""
    for source in others:
        if not source.name.endswith(".md"):
            continue
        for number, line in enumerate(source.lines, 1):
            for target in LINK.findall(line):
                if not (top / source.path).parent.joinpath(target).exists():
                    findings.add("dead-link", source.path, number, f"{target} is not there")


def check(top, sources, others, findings):
    check_tests(top, sources, findings)
    check_fuzz(top, findings)
    check_architecture(top, sources, findings)
    check_links(top, others, findings)
