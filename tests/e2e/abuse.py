#!/usr/bin/env python3
"""Arguments, values and CSV files that nobody means well with, made by chance from a seed, against
a running office. Of every command: it ends soon, with an exit code of the documented list; what it
prints is text that acts on no terminal and JSON where that was asked for; a refusal says what is
wrong and what to do, and leaves the state as it was. At the end every export and report of a
network full of such values is read by parsers that are not ours.

usage: abuse.py MINGA HOME SCRATCH VERBS_C --seeds N [--first N]
"""

import argparse
import collections
import csv
import html.parser
import io
import json
import os
import random
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree

EXITS = {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14}
REFUSED = {1, 2, 10, 11, 12, 13, 14}
FAILURES_MAX = 40  # that are printed
LINE_MAX = 1000  # of each
PATIENCE = 60  # seconds: no command of these takes one, on a busy machine neither
ENDLESS = {"watch"}  # runs until it is interrupted
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
HOSTILE = [
    b"", b" ", b"-", b"--", b"---", b"=", b"a=", b"=a", b"+=", b"-=1", b"@", b"@/dev/null", b"@.",
    b"@nothing", b"=1+1", b"+1+1", b"-1+1", b"@SUM(A1)", b"\t=1", b"\r=1", b"'=1", b"''", b'"',
    b"\x1b[2J\x1b[31m", b"\x07", b"\x7f", b"\x9b31m", b"\xc2\x9b31m", b"a\nb", b"a\r\nb", b"a\tb",
    b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xae" + b"abc",
    b"\xe2\x81\xa6x\xe2\x81\xa9", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xf0\x9f\x8c\xb1",
    b"e\xcc\x81" * 40, b"%s%n%x", b"$(id)", b"`id`", b"; rm x", b"../../x", b"/dev/full",
    b"<script>alert(1)</script>", b"<img src=x onerror=HOSTILE>", b'" onload="HOSTILE', b"]]>",
    b"<!--", b"&amp;&lt;&#0;", b"\\", b"\\n", b"\\u0000", b"{}", b'{"a":1}', b"null", b"0", b"-0",
    b"00", b"1e9", b"0x10", b"9007199254740992", b"-9007199254740992", b"99999999999999999999999",
    b"1.5", b"1,5", b"1.234,56", b"2026-02-30", b"0000-00-00", b"9999-12-31", b"10000-01-01",
    b"x" * 300, b"x" * 20000, b"\xc3\xb1" * 9000, b"-1d", b"7d", b"0s", b"1k", b"127M", b"-5",
    b"; include /etc/passwd", b"2009-01-01 open Assets:Stolen", b"Assets:Stolen", b"  Assets:x  1",
]

TEXTS = (".csv", ".ledger", ".beancount", ".xml", ".html", ".json", ".txt")
BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
KEPT = [  # what was wrong once
    [b"--json", b"add", b"contact", b"contact=\xff"],
    [b"--json", b"add", b"contact", b"contact=1", b"attendees=many"],
    [b"--json", b"add", *[b"x"] * 1200],
    [b"--json", b"attach", b"2026", b"nothing"],
    [b"--json", b"add", b"contact", b"contact=@."],
    [b"add", b"contact", b"office=santiago", b"institution=a\x1b[2J\xc2\x9b31m"],
    [b"add", b"contact", b"office=santiago", b"institution=\xe2\x80\xae5%"],
]


class Wrong(Exception):
    """A promise of the command line is broken."""


def acts(text):
    """The first character that acts instead of showing, or None."""
    for c in text:
        if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") or c == "\u034f"):
            return c
    return None


def read_verbs(path):
    """Verb -> its options, of the table in cli/verbs.c."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    table = text[text.index("VERBS[] = {"):]
    entries = re.split(r'\n    \{"', table)[1:]
    verbs = {}
    for entry in entries:
        name = entry[:entry.index('"')]
        summary = re.search(r'trn\((?:\s*"(?:[^"\\]|\\.)*")+\),\s*((?:"[^"]*"\s*)+),', entry)
        words = "".join(re.findall(r'"([^"]*)"', summary.group(1))) if summary else ""
        verbs[name] = words.split()
    return verbs


class Office:
    def __init__(self, minga, home, scratch):
        self.minga, self.home, self.scratch = minga, home, scratch
        self.folder = os.path.join(scratch, "here")
        os.makedirs(self.folder, exist_ok=True)
        self.exits, self.runs, self.language = collections.Counter(), 0, "en"
        self.types, self.fields, self.ids = [], {}, []

    def run(self, words, stdin=b""):
        self.runs += 1
        argv = [os.fsencode(self.minga), b"--home", os.fsencode(self.home), *words]
        try:
            return subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, check=False,
                                  stderr=subprocess.PIPE, timeout=PATIENCE, cwd=self.folder,
                                  env={**os.environ, "LANGUAGE": self.language})
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"no end: {words!r}") from late

    def rows(self, *words):
        done = self.run([b"--json", *(os.fsencode(word) for word in words)])
        if done.returncode not in (0, 4):
            raise Wrong(f"{words}: exit {done.returncode}, {done.stderr[:500]!r}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def state(self):
        return self.rows("status")[0]["state"]

    def learn(self, schema):
        for name, spec in schema["types"].items():
            self.types.append(name)
            self.fields[name] = list(spec["fields"])
            found = self.rows("list", name, "--limit", "3")
            self.ids += [row["id"] for row in found]


def check_text(name, raw):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as bad:
        raise Wrong(f"{name} is no UTF-8: {raw[:200]!r}") from bad
    if (c := acts(text)) is not None:
        at = text.index(c)
        raise Wrong(f"{name} holds U+{ord(c):04x}: {text[max(0, at - 40):at + 40]!r}")
    return text


def read_json(line):
    try:
        return json.loads(line)
    except ValueError as bad:
        raise Wrong(f"no JSON: {line[:300]!r}") from bad


def check_refusal(done, is_json):
    text = done.stderr.decode()
    if not is_json:
        if not re.search(r"^minga: .", text, re.M):
            raise Wrong(f"a refusal that says nothing: {text[:300]!r}")
        return
    last = read_json((text.splitlines() or [""])[-1])
    if last["schema"] != "minga.error/1" or last["exit"] != done.returncode or not last["text"]:
        raise Wrong(f"a refusal that is not as documented: {last}")
    if not last["fix"]:
        raise Wrong(f"a refusal that does not say what to do: {last}")


def check_run(office, words, before):
    """One command."""
    done = office.run(words)
    office.exits[done.returncode] += 1
    if done.returncode not in EXITS:
        raise Wrong(f"exit {done.returncode}, {done.stderr[:500]!r}")
    is_json = b"--json" in words and b"--" not in words[:words.index(b"--json")]
    to_stdout = words[:1] == [b"export"] and done.returncode in (0, 3)
    if not to_stdout:
        out = check_text("standard output", done.stdout)
        if is_json and done.returncode not in (2,):
            for line in out.split("\n")[:-1]:
                read_json(line)
    check_text("standard error", done.stderr)
    if done.returncode in REFUSED:
        check_refusal(done, is_json)
        if office.state() != before:
            raise Wrong("it was refused, and the state is another")


def a_word(dice, office):
    way = dice.randrange(10)
    if way < 4:
        return dice.choice(HOSTILE)
    if way < 5 and office.ids:
        return dice.choice(office.ids)[:dice.choice((3, 4, 8, 24, 40))].encode()
    if way < 6:
        return dice.choice(office.types).encode()
    if way < 8:
        name = dice.choice(office.fields[dice.choice(office.types)])
        sign = dice.choice((b"=", b"=", b"=", b"+=", b"-="))
        return name.encode() + sign + dice.choice(HOSTILE)
    if way < 9:
        return dice.choice((b"list", b"show", b"remove", b"approve", b"change", b"write", b"read",
                            b"programme", b"trail", b"csv", b"ledger", b"iati", b"git", b"pay",
                            b"grant", b"allot", b"balance", b"index", b"vault", b"check", b"get"))
    return bytes(dice.randrange(1, 256) for _ in range(dice.randrange(1, 40)))


def a_command(dice, office, verbs):
    verb = dice.choice([name for name in verbs if name not in ENDLESS])
    words = [verb.encode()]
    if dice.randrange(20) == 0:
        words = [dice.choice(HOSTILE)]
    for option in verbs[verb]:
        if dice.randrange(4) > 0:
            continue
        value = dice.choice((b"1", b"0", a_word(dice, office)))
        name = b"--" + option.rstrip("=").encode()
        for _ in range(1 + (dice.randrange(10) == 0)):
            if not option.endswith("="):
                words.append(name if dice.randrange(8) else name + b"=" + value)
            elif dice.randrange(2):
                words.append(name + b"=" + value)
            else:
                words += [name, value]
    for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 5, 40))):
        words.insert(dice.randrange(1, len(words) + 1), a_word(dice, office))
    if dice.randrange(30) == 0:
        words += [a_word(dice, office)[:20]] * dice.choice((1024, 1090, 1200))
    words = [word.replace(b"\0", b"?") for word in words]
    if any(name in verbs[verb] for name in ("timeout=",)) and b"--timeout" not in words:
        words[1:1] = [b"--timeout", b"1"]
    if dice.randrange(2):
        words.insert(0, b"--json")
    return words + ([b"-q"] if dice.randrange(8) == 0 else [])


def a_record(dice, office):
    """Often a valid command, whose text is hostile."""
    kind = dice.choice(("household", "enterprise", "contact", "expense"))
    words = [b"add", kind.encode(), b"office=santiago"]
    if kind == "expense":
        words += [b"budget_line=reserve", b"date=2010-01-30", b"currency=CLP", b"amount=7"]
        words += [name + b"=" + dice.choice(HOSTILE) for name in (b"supplier", b"receipt")]
        return words
    for name in dice.sample(office.fields[kind], min(3, len(office.fields[kind]))):
        if name != "office":
            words.append(name.encode() + b"=" + dice.choice(HOSTILE))
    return ([b"--json"] if dice.randrange(2) else []) + words


def a_sheet(dice, office):
    """A CSV file of some dialect, and the command that imports it."""
    kind = dice.choice(office.types)
    names = dice.sample(office.fields[kind], min(len(office.fields[kind]), dice.randrange(1, 6)))
    mark = dice.choice((b",", b",", b";", b"\t", b"|"))
    end = dice.choice((b"\n", b"\n", b"\r\n", b"\r", b"\n\r"))
    lines = [mark.join(name.encode() + dice.choice((b"", b"", b"*", b" ")) for name in names)]
    for _ in range(dice.randrange(0, 12)):
        cells = []
        for _ in range(dice.choice((len(names), len(names), len(names), 1, 9))):
            cell = dice.choice(HOSTILE + [b"santiago", b"2009-05-01", b"12", b"CLP"])
            if dice.randrange(2):
                cell = b'"' + cell.replace(b'"', dice.choice((b'""', b'""', b'"'))) + b'"'
            cells.append(cell)
        lines.append(mark.join(cells))
    data = dice.choice((b"", b"", b"\xef\xbb\xbf", b"\xff\xfe")) + end.join(lines)
    data += dice.choice((end, b"", b'"', b"\0", b"\x1a"))
    if dice.randrange(10) == 0:
        at = dice.randrange(len(data) + 1)
        data = data[:at] + bytes((dice.randrange(256),)) + data[at + 1:]
    path = os.path.join(office.folder, "sheet.csv")
    with open(path, "wb") as file:
        file.write(data)
    words = [b"import", kind.encode(), b"sheet.csv"]
    if dice.randrange(3) == 0:
        words += [b"--key", dice.choice(names).encode()]
    if dice.randrange(3) == 0:
        words += [b"--where", dice.choice(names).encode() + b"=" + dice.choice(HOSTILE)]
    if dice.randrange(4) == 0:
        words += [b"--dry-run"]
    return ([b"--json"] if dice.randrange(2) else []) + words


def try_wide(office):
    """One line of a million columns; a cell of 16 million bytes."""
    for data in (b"," * 1000000 + b"\n" + b"a," * 1000000, b"contact\n" + b"x" * (16 << 20)):
        with open(os.path.join(office.folder, "wide.csv"), "wb") as file:
            file.write(data)
        check_run(office, [b"--json", b"import", b"contact", b"wide.csv"], office.state())


# ---- What others read ----

def check_cells(path):
    with open(path, encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, strict=True)):
            for cell in row:
                if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not NUMBER.fullmatch(cell):
                    raise Wrong(f"{path}, row {number}: the cell {cell!r} is a formula")


class Page(html.parser.HTMLParser):
    """Every element closed where it has to be; no script, nothing that runs, nothing from outside
    but SVG's own names."""

    EMPTY = {"meta", "link", "br", "img", "hr", "input", "col", "path", "rect", "line", "circle"}

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.path, self.open = path, []

    def handle_starttag(self, tag, attrs):
        for name, _ in attrs:
            if name.startswith("on") or name in ("src", "srcdoc"):
                raise Wrong(f"{self.path}: <{tag}> has {name}")
        if tag in ("script", "iframe", "object", "embed", "base"):
            raise Wrong(f"{self.path}: it has <{tag}>")
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in self.EMPTY:
            return
        if not self.open or self.open.pop() != tag:
            raise Wrong(f"{self.path}: </{tag}> closes nothing")


def check_file(path):
    with open(path, "rb") as file:
        raw = file.read()
    if path.endswith(TEXTS):
        text = raw.decode("utf-8")
        if path.endswith(".csv"):
            check_cells(path)
            text = text.replace("\r\n", "\n")
        for at, c in enumerate(text):
            if c in BIDI or (c != "\n" and unicodedata.category(c) == "Cc"):
                raise Wrong(f"{path} holds U+{ord(c):04x}: {text[max(0, at - 40):at + 40]!r}")
    if path.endswith(".json"):
        for line in raw.decode().split("\n")[:-1]:
            read_json(line)
    if path.endswith(".xml"):
        xml.etree.ElementTree.fromstring(raw)
    if path.endswith(".html"):
        page = Page(path)
        page.feed(raw.decode("utf-8"))
        page.close()
        if page.open:
            raise Wrong(f"{path}: {page.open} are never closed")


def check_exports(office, number):
    folder = os.path.join(office.scratch, f"exports-{number}")
    os.makedirs(folder)
    names = {"ledger": "journal.ledger", "beancount": "books.beancount", "iati": "iati.xml",
             "csv": "csv"}
    commands = [[b"export", kind.encode(), os.fsencode(os.path.join(folder, name))]
                for kind, name in names.items()]
    for what in ("programme", "trail"):
        commands.append([b"report", what.encode(), b"--html",
                         os.fsencode(os.path.join(folder, what + ".html"))])
    commands.append([b"audit", b"--kit", os.fsencode(os.path.join(folder, "kit"))])
    for words in commands:
        check_run(office, words, office.state())
    for words in ([b"audit"], [b"log", b"--limit", b"100000"], [b"conflicts"], [b"doctor"],
                  [b"list", b"contact"], [b"list", b"household"], [b"list", b"enterprise"]):
        check_run(office, words, office.state())
        check_run(office, [b"--json", *words], office.state())
    files = [os.path.join(at, name) for at, _, found in os.walk(folder) for name in found]
    for path in files:
        check_file(path)
    for judge in (["hledger", "-f", f"{folder}/journal.ledger", "check", "--strict"],
                  ["bean-check", f"{folder}/books.beancount"]):
        done = subprocess.run(judge, check=False, capture_output=True)
        if done.returncode != 0:
            raise Wrong(f"{judge[0]}: {(done.stdout + done.stderr)[:1000]!r}")
    return len(files)


def a_seed(seed, office, verbs, state):
    """What one seed makes, and why it is wrong, or None."""
    dice = random.Random(seed)
    office.language = dice.choice(("en", "es"))
    make = dice.choice((a_command, a_command, a_record, a_sheet))
    words = make(dice, office, verbs) if make is a_command else make(dice, office)
    try:
        check_run(office, words, state)
    except Wrong as failure:
        return words, failure
    return words, None


def main():
    parser = argparse.ArgumentParser()
    for name in ("minga", "home", "scratch", "verbs"):
        parser.add_argument(name)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    given = parser.parse_args()
    office = Office(given.minga, given.home, given.scratch)
    verbs = read_verbs(given.verbs)
    with open(os.path.join(os.path.dirname(given.verbs), "../replicas/schema/microenterprise.json"),
              encoding="utf-8") as file:
        office.learn(json.load(file))
    wrong, files = [], 0
    try:
        try_wide(office)
        for words in KEPT:
            check_run(office, words, office.state())
        state = office.state()
        for seed in range(given.first, given.first + given.seeds):
            words, failure = a_seed(seed, office, verbs, state)
            state = office.state()
            if failure is not None:
                wrong.append(f"seed {seed}: {failure}: {words!r}"[:LINE_MAX])
        files = check_exports(office, given.first)
    except Wrong as failure:
        wrong.append(str(failure))
    for line in wrong[:FAILURES_MAX]:
        print(f"abuse: FAILED: {line}", file=sys.stderr)
    found = ", ".join(f"{code}: {count}" for code, count in sorted(office.exits.items()))
    print(f"abuse: {given.seeds} seeds from {given.first}, {office.runs} commands; exit codes "
          f"{found}; {files} files read by others; {len(wrong)} wrong")
    return 0 if not wrong and office.exits[0] > 0 and office.exits[2] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
