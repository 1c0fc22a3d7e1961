#!/usr/bin/env python3
"""Runs a command at a terminal of its own and types answers, one for each prompt that ends in ": ".
What it prints goes to standard output; its exit code is ours. A prompt without an answer, an answer
that is shown, and one that nobody asked for end it with 99.

usage: typed.py ANSWER... -- COMMAND...
"""
import os
import pty
import select
import sys
import time

PATIENCE = 60.0  # seconds for the whole of it: a person would have looked by then


def fail(text):
    print("typed: " + text, file=sys.stderr)
    sys.exit(99)


def converse(master, answers, end):
    said = b""
    while True:
        if not select.select([master], [], [], max(0.0, end - time.monotonic()))[0]:
            fail("nothing more came: %r" % said)
        try:
            got = os.read(master, 4096)
        except OSError:  # the other end is closed
            got = b""
        if not got:
            break
        said += got
        tail = said.rsplit(b"\n", 1)[-1]
        if tail.endswith(b": "):
            if not answers:
                os.write(master, b"\x03")
                fail("asked without an answer: %r" % tail)
            answer = answers.pop(0)
            os.write(master, answer.encode() + b"\n")
            said += b"\n"
            for line in said.split(b"\n"):
                if answer and answer.encode() in line:
                    fail("an answer was shown: %r" % line)
    return said


def main(words):
    split = words.index("--")
    answers, command = words[:split], words[split + 1:]
    typed = list(answers)
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    said = converse(master, answers, time.monotonic() + PATIENCE)
    _, status = os.waitpid(pid, 0)
    sys.stdout.buffer.write(said.replace(b"\r\n", b"\n"))
    for answer in typed:
        if answer.encode() in said:
            fail("an answer was shown")
    if answers:
        fail("nobody asked for %d of the answers" % len(answers))
    sys.exit(os.waitstatus_to_exitcode(status))


main(sys.argv[1:])
