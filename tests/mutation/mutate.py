#!/usr/bin/env python3
"""mutate.py BUILD [--sample N] [--seed S] [--jobs J] [--list] [FILE ...]

Breaks one place of a source file at a time and asks the tests: a mutant that no test notices is a
place that could be wrong unseen. BUILD is a build of the preset 'coverage'. Which tests run a
function is found first, by running each once; a mutant is then given to those that run its
function, those that run least beside it first, and last to the simulators.

FILE: sources like replicas/judge.c; without any, those of FILES below. --sample: at most N mutants
of a file, drawn by --seed. Survivors are printed with their line; the exit code is 1 where fewer
than 90 of 100 mutants of all files together are noticed.
"""
import argparse
import gzip
import json
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = 90  # of 100 mutants
TESTS_MAX = 16  # unit tests that one mutant is given to
# What decides what is counted: decoders, join, replay, charter and accounts.
FILES = """
proto/mp.c proto/frame.c proto/message.c proto/item.c proto/squeeze.c proto/control.c proto/id.c
proto/bytes.c proto/say.c proto/address.c proto/msg_bye.c proto/msg_charter.c proto/msg_heads.c
proto/msg_hello.c proto/msg_item.c proto/msg_kept.c proto/msg_pair.c proto/msg_parts.c
proto/msg_sealed.c proto/msg_sealed_gone.c proto/msg_sealed_want.c proto/msg_stored.c
proto/msg_summary.c proto/msg_want.c proto/wire.c
replicas/commit.c replicas/op.c replicas/op_list.c replicas/op_apply.c replicas/op_diff.c
replicas/record.c replicas/record_parse.c replicas/record_join.c replicas/judge.c
replicas/replay.c replicas/advance.c replicas/account.c replicas/charter.c replicas/charter_parse.c
replicas/charter_chain.c replicas/charter_file.c replicas/charter_sign.c replicas/ballot.c
""".split()

# A mutation: what is looked for in a line of code, and what stands there instead.
SWAPS = [
    (r"<=", "<"), (r"(?<![<-])<(?![<=])", "<="), (r">=", ">"), (r"(?<![->])>(?![>=])", ">="),
    (r"==", "!="), (r"!=", "=="), (r"&&", "||"), (r"\|\|", "&&"),
    (r"(?<![+\w])(?<=\s)\+(?=\s)", "-"), (r"(?<=\s)-(?=\s)", "+"),
    (r"(?<=[\s(])!(?=[\w(])", ""), (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
    (r"\breturn ST_(?!OK\b)\w+;", "return ST_OK;"),
    (r"\+= 1\b|\+\+", "--"), (r"(?<![\w.{])0(?![\w.}])", "1"), (r"(?<![\w.])1(?![\w.])", "2"),
    (r"\bcontinue;", "break;"), (r"\bbreak;", "continue;"),
]
STATEMENT = re.compile(r"^\s+(?:\(void\))?[\w>.\[\]*()-]+(?:\(.*\)| [-+|&^]?= .*);$")
DECLARATION = re.compile(r"^\s+(?:const |static |struct |enum |u?int\d*|size_t |bool |char |"
                         r"return\b|for \(|if \(|while \()")
# Not worth a mutant: what only frees or words something, and what no test should depend on.
IDLE = re.compile(r"\b(?:mem_free|\w+_release|\w+_free|free|sodium_memzero|fault_set|fault_fix|"
                  r"fault_\w+|CHECK|assert)\(")


def code_of(line, in_comment):
    """The line with comments, strings and characters blanked, of the same length."""
    out, i = [], 0
    while i < len(line):
        if in_comment:
            end = line.find("*/", i)
            stop = len(line) if end < 0 else end + 2
            out.append(" " * (stop - i))
            in_comment, i = end < 0, stop
        elif line.startswith("/*", i):
            in_comment = True
        elif line.startswith("//", i):
            out.append(" " * (len(line) - i))
            break
        elif line[i] in "\"'":
            end = i + 1
            while end < len(line) and line[end] != line[i]:
                end += 2 if line[end] == "\\" else 1
            out.append(" " * (min(end + 1, len(line)) - i))
            i = end + 1
        else:
            out.append(line[i])
            i += 1
    return "".join(out), in_comment


def mutants_of(path):
    """(line number from 1, the line as it would be, what was done) for each mutant."""
    found, inside, in_comment = [], False, False
    with open(os.path.join(ROOT, path), encoding="utf-8") as source:
        lines = source.read().split("\n")
    for number, line in enumerate(lines, 1):
        code, in_comment = code_of(line, in_comment)
        if line.startswith("{"):
            inside = True
        elif line.startswith("}"):
            inside = False
        if not inside or code.lstrip().startswith("#") or IDLE.search(code):
            continue
        for pattern, instead in SWAPS:
            for match in re.finditer(pattern, code):
                changed = line[:match.start()] + instead + line[match.end():]
                found.append((number, changed, f"{match.group(0).strip() or '!'} -> {instead}"))
        if STATEMENT.match(code) and not DECLARATION.match(code):
            found.append((number, re.match(r"\s*", line).group(0) + ";", "statement left out"))
    return lines, found


class Build:
    """How this build compiles, links and tests."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        with open(os.path.join(self.folder, "compile_commands.json"), encoding="utf-8") as file:
            self.compile = {os.path.relpath(c["file"], ROOT): shlex.split(c["command"])
                            for c in json.load(file)}
        listing = subprocess.run(["ctest", "--show-only=json-v1"], cwd=self.folder, check=True,
                                 capture_output=True, text=True).stdout
        self.tests = {t["name"]: t["command"][0] for t in json.loads(listing)["tests"]
                      if t["name"].startswith(("unit/proto/", "unit/replicas/"))}
        self.links = {}

    def object_of(self, path):
        """Where its object lies in the build, without ".o"."""
        words = self.compile[path]
        return words[words.index("-o") + 1][:-2]

    def link_words(self, program):
        """The command that links 'program', as words."""
        if program not in self.links:
            target = os.path.relpath(program, self.folder)
            said = subprocess.run(["ninja", "-t", "commands", target], cwd=self.folder, check=True,
                                  capture_output=True, text=True)
            command = said.stdout.strip().split("\n")[-1]
            command = command.removeprefix(": && ").removesuffix(" && :")
            self.links[program] = shlex.split(command)
        return self.links[program]

    def run(self, words, cwd, seconds):
        """Whether it passed; a mutant may hang, or write what it likes to its own folder."""
        env = dict(os.environ, GCOV_PREFIX=cwd, TMPDIR=cwd)
        with subprocess.Popen(words, cwd=self.folder + "/tests", env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, start_new_session=True) as child:
            try:
                return child.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()
                return False

    def reach_of(self, test):
        """{source: [first and last line of each function that it runs]}, and how long it took."""
        with tempfile.TemporaryDirectory() as folder:
            start = os.times().elapsed
            env = dict(os.environ, GCOV_PREFIX=folder)
            subprocess.run([self.tests[test]], cwd=self.folder + "/tests", env=env, check=True,
                           capture_output=True, timeout=600)
            took = os.times().elapsed - start
            reach = {}
            for path in FILES_ASKED:
                data = folder + self.folder + "/" + self.object_of(path) + ".gcda"
                if not os.path.exists(data):
                    continue
                notes = os.path.join(self.folder, self.object_of(path) + ".gcno")
                os.symlink(notes, data[:-5] + ".gcno")
                said = subprocess.run(["gcov", "--json-format", "--stdout", data], cwd=folder,
                                      capture_output=True, check=True).stdout
                for file in json.loads(said)["files"]:
                    if os.path.relpath(os.path.join(self.folder, file["file"]), ROOT) == path:
                        reach[path] = [[x["start_line"], x["end_line"]] for x in file["functions"]
                                       if x["execution_count"] > 0]
            return reach, took


FILES_ASKED = []


def map_of(build, jobs):
    """{test: (lines by source, seconds)}; kept beside the build, made again when it is newer."""
    kept = os.path.join(build.folder, "mutation-map.json.gz")
    known = {}
    if os.path.exists(kept):
        with gzip.open(kept, "rt") as file:
            known = json.load(file)
    known = {t: m for t, m in known.items() if t in build.tests and
             m["made"] >= os.path.getmtime(build.tests[t]) and set(FILES_ASKED) <= set(m["asked"])}
    with ThreadPoolExecutor(jobs) as pool:
        todo = [t for t in build.tests if t not in known]
        for test, (reach, took) in zip(todo, pool.map(build.reach_of, todo)):
            known[test] = {"reach": reach, "took": took, "asked": FILES_ASKED,
                           "made": os.path.getmtime(build.tests[test])}
    with gzip.open(kept, "wt") as file:
        json.dump(known, file)
    return known


def judges_of(build, known, path, line):
    """The tests that run its function: [command, seconds it may take]; of little reach first."""
    reached = [(sum(map(len, m["reach"].values())), m["took"], test) for test, m in known.items()
               if any(first <= line <= last for first, last in m["reach"].get(path, ()))]
    stem = os.path.basename(path)[:-2]
    reached.sort(key=lambda r: (r[2].split("/")[-1] != "test_" + stem, r[1] > 2, r[0]))
    judges = [([build.tests[test]], 5 + 10 * took) for _, took, test in reached[:TESTS_MAX]]
    if reached:
        judges.append(([build.folder + "/minga-sim", "--seeds", "3"], 60))
        if path.startswith("replicas/"):
            judges.append(([build.folder + "/minga-trust", "--seeds", "3"], 60))
    return judges


def is_noticed(build, known, path, lines, mutant):
    """True, False, or None where the compiler refuses it."""
    line, changed, _ = mutant
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, os.path.basename(path))
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(lines[:line - 1] + [changed] + lines[line:]))
        words = [w for w in build.compile[path] if w not in ("-Werror", "--coverage")]
        at = words.index("-o")
        words[at + 1] = folder + "/mutant.o"
        words[words.index("-c") + 1] = source
        words.append("-w")
        if subprocess.run(words, cwd=build.folder, capture_output=True, check=False).returncode:
            return None
        for command, seconds in judges_of(build, known, path, line):
            words = list(build.link_words(command[0]))
            words[words.index("-o") + 1] = folder + "/program"
            first = next(i for i, w in enumerate(words) if w.endswith(".a"))
            words.insert(first, folder + "/mutant.o")
            subprocess.run(words, cwd=build.folder, capture_output=True, check=True)
            if not build.run([folder + "/program"] + command[1:], folder, seconds):
                return True
    return False


def main():
    """All files, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[1])
    parser.add_argument("build")
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_intermixed_args()
    FILES_ASKED[:] = asked.files
    if asked.list:
        for path in asked.files:
            for line, _, what in mutants_of(path)[1]:
                print(f"{path}:{line}: {what}")
        return 0
    build = Build(asked.build)
    known = map_of(build, asked.jobs)
    made = noticed = 0
    for path in asked.files:
        lines, mutants = mutants_of(path)
        if asked.sample:
            draw = random.Random(f"{asked.seed} {path}")
            mutants = sorted(draw.sample(mutants, min(asked.sample, len(mutants))))
        with ThreadPoolExecutor(asked.jobs) as pool:
            verdicts = list(pool.map(
                lambda m, p=path, l=lines: is_noticed(build, known, p, l, m), mutants))
        for (line, changed, what), verdict in zip(mutants, verdicts):
            if verdict is False:
                print(f"  survived: {path}:{line}: {what}: {changed.strip()}")
        counted = [v for v in verdicts if v is not None]
        made += len(counted)
        noticed += sum(counted)
        if counted:
            print(f"{path}: {sum(counted)} of {len(counted)} noticed"
                  f" ({100 * sum(counted) // len(counted)} %)", flush=True)
    print(f"mutation: {noticed} of {made} noticed ({100 * noticed / max(made, 1):.1f} %)")
    return 0 if made and noticed * 100 >= made * TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
