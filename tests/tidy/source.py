"""source: the files of a tree, their text with and without comments, and what is found in them."""

import pathlib
import re

CODE_FOLDERS = ("proto", "replicas", "daemon", "cli")
ALL_FOLDERS = CODE_FOLDERS + ("tests",)

# Comments and literals, so that a word in a text is not taken for a call.
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


class Source:
    """One file: its path below the top, its text, and its text without comments and literals."""

    def __init__(self, top, path):
        self.path = path.relative_to(top).as_posix()
        self.folder = self.path.split("/")[0]
        self.name = path.name
        self.stem = path.stem
        self.text = path.read_bytes().decode("utf-8", "replace")
        self.lines = self.text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.bare = TOKEN.sub(blank, self.text)
        self.bare_lines = self.bare.split("\n")


def blank(match):
    """What stands in for a comment or a literal: its line breaks, and quotes of a literal."""
    token = match.group(0)
    kept = re.sub(r"[^\n]", " ", token)
    if token[0] in "\"'":
        return token[0] + kept[1:-1] + token[0]
    return kept


class Findings:
    """What breaks a rule. A finding names the file, the line, the rule and what to do."""

    def __init__(self):
        self.found = []

    def add(self, rule, path, line, text):
        self.found.append((path, line, rule, text))

    def rules(self):
        return {rule for _, _, rule, _ in self.found}

    def print(self):
        for path, line, rule, text in sorted(self.found):
            place = f"{path}:{line}" if line else path
            print(f"{place}: {rule}: {text}")


def built(path):
    """Whether a path is no source of ours: made by a build or fetched by one."""
    return any(part.startswith("build") or part in (".git", "node_modules", "corpus")
               for part in path.parts)


def read_c(top):
    """Every .c and .h below the code folders and tests, in order."""
    sources = []
    for folder in ALL_FOLDERS:
        for path in sorted((top / folder).rglob("*.[ch]")):
            if not built(path.relative_to(top)):
                sources.append(Source(top, path))
    return sources


def read_other(top):
    """Scripts, build files and documents, which keep the plain rules of text."""
    sources = []
    for path in sorted(top.rglob("*")):
        below = path.relative_to(top)
        if built(below) or not path.is_file():
            continue
        if path.suffix in (".sh", ".py", ".md", ".txt", ".js", ".cmake") or below.as_posix() in (
                "bootstrap", ".ci/run", ".clang-format", ".editorconfig", "CMakePresets.json"):
            sources.append(Source(top, path))
    return sources


def top_of(text):
    return pathlib.Path(text).resolve()
