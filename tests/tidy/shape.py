"""shape: sizes, banned calls, plain text, comments: what can be seen in one file."""

import re
import subprocess

import table

CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
# In halves, so that this file keeps its own rule. In quotes the third may be a currency's code.
LEFT_OVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|(?<!\")XX" r"X|HA" r"CK)\b")
STATUS_PROTOTYPE = re.compile(r"^(static inline )?enum status \**(\w+)\(")


def check_text(source, findings):
    """Rules for every text file."""
    for number, line in enumerate(source.lines, 1):
        if "\t" in line:
            findings.add("tab", source.path, number, "a tab; indent with spaces")
        if line != line.rstrip():
            findings.add("trailing-blank", source.path, number, "blanks at the end of the line")
        if LEFT_OVER.search(line):
            findings.add("left-over", source.path, number,
                         "something left for later: do it, or write it down elsewhere")
    if source.text and not source.text.endswith("\n"):
        findings.add("final-newline", source.path, len(source.lines), "no newline at the end")


def check_columns(source, findings):
    for number, line in enumerate(source.lines, 1):
        if len(line) > table.COLUMNS_MAX:
            findings.add("line-long", source.path, number, f"{len(line)} columns")


def check_file_size(source, findings, advice):
    count = len(source.lines)
    if count > table.FILE_LINES_MAX:
        findings.add("file-long", source.path, 0, f"{count} lines: split it by what it is about")
    elif count > table.FILE_LINES_ADVISED:
        advice.add("file-long", source.path, 0, f"{count} lines: close to its end")


def check_functions(source, findings):
    """A function's body stands between a { and a } in the first column."""
    start = None
    for number, line in enumerate(source.bare_lines, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            count = number - start + 1
            if count > table.FUNCTION_LINES_MAX:
                findings.add("function-long", source.path, start, f"{count} lines")
            start = None


def allowed(source, call):
    return (source.path, call) in table.CALLS


def check_calls(source, findings):
    banned = set(table.BANNED) | set(table.ALLOCATION)
    if source.folder != "tests":
        banned |= set(table.BANNED_IN_CODE)
    for number, line in enumerate(source.bare_lines, 1):
        for match in CALL.finditer(line):
            call = match.group(1)
            before = line[:match.start()].rstrip()
            # A member of a struct of functions is no call of the C library's function.
            if call in banned and not before.endswith(("->", ".")) and not allowed(source, call):
                findings.add("banned-call", source.path, number, f"{call}()")


def check_header(source, findings):
    if source.name.endswith(".h"):
        if not source.text.startswith("/*"):
            findings.add("header-comment", source.path, 1,
                         "a header begins with what the module is and owns")
        guard = re.sub(r"[^A-Z0-9]", "_", source.path.upper())
        if f"#ifndef {guard}\n#define {guard}\n" not in source.text and source.folder != "tests":
            findings.add("header-guard", source.path, 1, f"no guard {guard}")


def check_must_use(source, findings):
    if not source.name.endswith(".h") or source.folder == "tests":
        return
    for number, line in enumerate(source.bare_lines, 1):
        match = STATUS_PROTOTYPE.match(line)
        if match and match.group(2) not in table.STATUS_MAY_BE_DROPPED:
            findings.add("must-use", source.path, number, f"{match.group(2)}() is not MUST_USE")


def check_format(top, sources, findings):
    names = [source.path for source in sources]
    run = subprocess.run(["clang-format-14", "--dry-run", "--style=file", *names], cwd=top,
                         capture_output=True, text=True)
    if run.returncode != 0:
        findings.add("format", ".clang-format", 0, run.stderr.strip().split("\n")[0])
    seen = set()
    for match in re.finditer(r"^([^:\n]+):(\d+):\d+: (?:warning|error): code should be", run.stderr,
                             re.MULTILINE):
        path, line = match.groups()
        if path not in seen:
            findings.add("format", path, int(line), "clang-format-14 -i would change it")
        seen.add(path)


def check(top, sources, others, findings, advice):
    for source in sources + others:
        check_text(source, findings)
        if not source.name.endswith(".md"):
            check_columns(source, findings)
    for source in sources:
        check_file_size(source, findings, advice)
        check_functions(source, findings)
        check_calls(source, findings)
        check_header(source, findings)
        check_must_use(source, findings)
    check_format(top, sources, findings)
