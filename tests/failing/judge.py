"""What may be seen after a call has failed, and what may not."""
import errno
import os
import re
import signal

EXITS = {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14} # docs/CLI.md
# What this machine could not do is no fault of the words, the history, the key or the home.
CLAIMS = {2: 'wrong usage', 5: 'a damaged history', 10: 'no replica', 12: 'a wrong key'}
# An address that is taken is for the configuration to change.
SAID_BY = {'bind': 2, 'listen': 2}
# Libraries that end the process by themselves where a call fails that they cannot go on without.
ABORTING = re.compile(r'lib(uv|sodium|crypto|krb5|gssapi_krb5|git2|c)\.so')
SANITIZER = re.compile(r'AddressSanitizer|runtime error:|LeakSanitizer')
SYNTHETIC = re.compile(r'unknown|Success|: done$|\(null\)')


def sentence(text):
    """What is wrong with the words in which a failure is told; None: nothing."""
    if not text.strip():
        return 'it failed without a word'
    if SYNTHETIC.search(text):
        return f'it does not say what failed: {text.strip()[-200:]}'
    return None


def named(said, way):
    """Whether the error itself is told; SQLite calls what the disk cannot read malformed."""
    number = getattr(errno, way, None)
    text = os.strerror(number).lower() if number else 'short'
    return text in said.lower() or (way == 'EIO' and 'malformed' in said)


def exit_code(code, usual, point, said):
    """What an exit code says that is not so, where a call of that kind failed in that way."""
    kind, way = point[0], point[2]
    if code not in EXITS:
        return f'exit {code} is none of the list'
    if code == 5 and way != 'ENOMEM' and named(said, way):
        return None # a history that cannot be read is not verified
    if code in CLAIMS and code not in usual and SAID_BY.get(kind) != code:
        return f'exit {code}: it claims {CLAIMS[code]}'
    return None


def death(code, said, stack):
    """A program that ended by a signal; (defect or None, ended by a library)."""
    if SANITIZER.search(said):
        return 'sanitizer: ' + SANITIZER.split(said)[-1][:300], False
    if code >= 0:
        return None, False
    name = signal.Signals(-code).name
    inner = [f for f in stack if not f.startswith('libc.so')][:1]
    # libgit2 1.5 calls itself without end where memory fails before it can keep a thread's error.
    if name == 'SIGSEGV' and stack[0].startswith('libgit2') and stack[1:4] == stack[4:7]:
        return None, True
    if name == 'SIGABRT' and 'check_failed' not in said and inner and ABORTING.match(inner[0]):
        return None, True
    return f'{name}: {said.strip()[-300:]}', False


def program(got, usual_exit, usual_out, stack, point):
    """A run of minga: (defect or None, ended by a library)."""
    mute = point[0] in ('write', 'writev') and point[3] > 1 # nothing can be said
    said = got.stderr.decode(errors='replace')
    defect, library = death(got.returncode, said, stack)
    if defect or library:
        return defect, library
    defect = exit_code(got.returncode, {usual_exit}, point,
                       said + got.stdout.decode(errors='replace'))
    if not defect and not mute and got.returncode not in (0, usual_exit):
        defect = sentence(said + got.stdout.decode(errors='replace'))
    if not defect and got.returncode == usual_exit and usual_out is not None and \
            got.stdout != usual_out:
        defect = f'it says that it is done, and its answer is another one: {got.stdout[-200:]}'
    return (f'{defect} [{said.strip()[-160:]}]' if defect else None), False


def daemon_end(code, said, stack, point):
    """A daemon that ended: (defect or None, ended by a library)."""
    defect, library = death(code, said, stack)
    if defect or library:
        return defect, library
    defect = exit_code(code, set(), point, said)
    if not defect and code == 0:
        defect = 'it ended as if it had been told to'
    if not defect and 'event=failed' not in said and 'mingad: ' not in said:
        defect = 'it ended without a word'
    if not defect:
        defect = sentence(said)
    return (f'the daemon: {defect} [{said.strip()[-200:]}]' if defect else None), False


def answer(got, usual, point):
    """An answer of the daemon that goes on serving."""
    if got.done or usual is not None and got.exit == usual.exit:
        if usual is not None and got.rows != usual.rows:
            return f'done, with another answer: {str(got.rows)[-200:]}'
        return None
    usual_exits = {usual.exit} if usual is not None else set()
    defect = exit_code(got.exit, usual_exits, point, got.text) or sentence(got.text)
    return f'{defect} [{got}]' if defect else None
