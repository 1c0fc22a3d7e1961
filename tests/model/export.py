#!/usr/bin/env python3
"""export.py MODEL.PY FIRST COUNT [--contested]: COUNT of the model's histories from seed FIRST on,
one a line; in one process, as starting Python takes longer than making one.

Calm ones as 'MODEL.PY --export SEED --calm' gives them. Contested ones have retirements, edits on
an old past, adoptions, forks on purpose and floods of heads; seeds that leave nobody honest are
passed over. They come in the order in which they were written, in which a charter that keeps a
commit comes after that commit. Real commits of one content are one change, the model's are always
two: where a writer would repeat itself it writes something new instead.
"""
import importlib.util
import itertools
import json
import sys

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("model", sys.argv[1])
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
first, count = int(sys.argv[2]), int(sys.argv[3])
contents = set()  # of the commits of this history: what their digests are made of
fresh = itertools.count(10 ** 6)


def content(c):
    below = tuple(sorted(hash(p.content) for p in c.parents))
    return (c.key, c.seq, c.height, c.version, repr(c.ops), len(c.adopts), below)


def commit(member, make_ops, parents, adopts, version):
    def other_ops(base):
        ops = make_ops(base)
        named = max([version] + [p.version for p in parents])
        trial = Trial(member.key, parents, ops, named, adopts)
        if not ops or content(trial) not in contents:
            return ops
        over = tuple(sorted(base.get("r0", model.EMPTY)["fields"].get("a", {})))
        return [("set", "r0", "a", next(fresh), over)]
    c = own_commit(member, other_ops, parents, adopts, version)
    if c is not None:
        c.content = content(c)
        contents.add(c.content)
    return c


class Trial:
    """A commit before it is made: its place and its operations."""
    def __init__(self, key, parents, ops, version, adopts):
        self.key, self.parents, self.ops = key, parents, ops
        self.version, self.adopts = version, frozenset(adopts)
        past = frozenset().union(*(p.past | {p} for p in parents))
        self.height = 1 + max((p.height for p in parents), default=0)
        self.seq = 1 + max((c.seq for c in past if c.key == key), default=0)


def contested(seed):
    model.ids = itertools.count(1)
    contents.clear()
    try:
        history = model.export(seed, False)
    except IndexError:  # nobody honest is left
        return None
    history["commits"].sort(key=lambda c: c["id"])
    return history


if "--contested" in sys.argv:
    own_commit = model.Member.commit
    model.Member.commit = commit
    own_init = model.Commit.__init__

    def init(self, *args):
        own_init(self, *args)
        self.content = content(self)
    model.Commit.__init__ = init
    seed = first
    while count > 0:
        history = contested(seed)
        seed += 1
        if history is not None:
            print(json.dumps(history))
            count -= 1
else:
    for seed in range(first, first + count):
        model.ids = itertools.count(1)  # as in a process of its own
        print(json.dumps(model.export(seed, True)))
