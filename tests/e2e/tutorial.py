#!/usr/bin/env python3
"""Runs the console blocks of a document in one shell, in order, and compares what they print.

usage: tutorial.py DOCUMENT BUILD_DIR SCRATCH PORT...     the PORTs stand in for 7717, 7718, …

A line that begins with "$ " is a command; it has to end with 0. The lines under it are what it
prints: "…" stands for any text within a line (and, between words, columns may be wider); a line
that is only "…" for any number of lines. What another office wrote may still be on its way: a
command that only reads is tried again until it prints what it should.
"""
import os
import re
import subprocess
import sys
import time

SECONDS = 20
READS = re.compile(r"(santiago|iquique|arica|alto|minga)( --\S+)* "
                   r"(show|list|find|conflicts|explain|log|status|member|peer)\b")


def blocks(text):
    """Commands with the lines that should follow, and their line numbers."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            yield number, line[2:], []
        elif inside:
            yield number, None, line


def steps(text):
    out = []
    for number, command, line in blocks(text):
        if command is not None:
            out.append((number, command, []))
        else:
            out[-1][2].append(line)
    return out


def pattern(lines):
    parts = []
    for line in lines:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
            continue
        words = [re.escape(word).replace("…", ".*") for word in line.strip().split()]
        parts.append(r"[ \t]*" + r"[ \t]+".join(words) + r"[ \t]*\n")
    return re.compile("".join(parts))


class Shell:
    def __init__(self, scratch, build):
        self.end = os.path.join(scratch, "end")
        self.out = os.path.join(scratch, "out")
        os.mkfifo(self.end)
        home = os.path.join(scratch, "home")
        os.mkdir(home)
        environment = {"HOME": home, "LANG": "C.UTF-8", "PATH": os.environ["PATH"],
                       "GIT_CONFIG_NOSYSTEM": "1"}
        self.process = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, text=True,
                                        env=environment, cwd=os.path.dirname(build))

    def run(self, command):
        self.process.stdin.write("{ %s\n} >'%s' 2>&1 </dev/null; echo $? >'%s'\n"
                                 % (command, self.out, self.end))
        self.process.stdin.flush()
        with open(self.end, encoding="utf-8") as end:
            code = int(end.read())
        with open(self.out, encoding="utf-8") as out:
            return code, out.read()


def main(document, build, scratch, *ports):
    with open(document, encoding="utf-8") as file:
        text = re.sub(r"\b77(?:1[7-9]|2\d)\b", lambda m: ports[int(m[0]) - 7717], file.read())
    shell = Shell(scratch, build)
    try:
        for number, command, wanted in steps(text):
            # The document says build/; this build may be called otherwise.
            command = command.replace("$PWD/build:", build + ":")
            deadline = time.monotonic() + SECONDS
            while True:
                code, out = shell.run(command)
                good = code == 0 and pattern(wanted).fullmatch(out)
                if good or not READS.search(command) or time.monotonic() > deadline:
                    break
            if not good:
                sys.exit(f"{document}:{number}: $ {command}\nended with {code} and printed\n{out}\n"
                         "instead of\n" + "\n".join(wanted))
            home = re.match(r"mingad --home (\S+)", command)
            while home and shell.run(f"minga --home {home[1]} status")[0] != 0:
                if time.monotonic() > deadline:
                    sys.exit(f"{document}:{number}: the daemon does not answer")
    finally:
        shell.process.stdin.write("kill $(jobs -p) 2>/dev/null; wait\n")
        shell.process.stdin.close()
        shell.process.wait()


main(*sys.argv[1:])
