#!/usr/bin/env python3
"""export.py MODEL.PY FIRST COUNT: what 'MODEL.PY --export SEED --calm' gives for COUNT seeds from
FIRST on, a history a line; in one process, as starting Python takes longer than making one."""
import importlib.util
import itertools
import json
import sys

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("model", sys.argv[1])
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
first, count = int(sys.argv[2]), int(sys.argv[3])
for seed in range(first, first + count):
    model.ids = itertools.count(1)  # as in a process of its own
    print(json.dumps(model.export(seed, True)))
