#!/usr/bin/env python3
"""Members over networks as bad as they come: see poor.py and besieged.py. Needs root.

usage: net.py BUILD_DIR [poor | besieged | short] [--seed N] [--seconds S]
"""
import argparse
import os
import shutil
import sys
import tempfile

from lab import Failed
import besieged
import poor


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("build")
    p.add_argument("which", nargs="?", choices=("all", "poor", "besieged", "short"),
                   default="all")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--seconds", type=float, default=60)
    o = p.parse_args()
    code = 0
    for which in ("poor", "besieged") if o.which == "all" else (o.which,):
        folder = tempfile.mkdtemp(prefix="minga-net.")
        try:
            if which == "besieged":
                besieged.run(o.build, folder, o.seed)
            else:
                poor.run(o.build, folder, o.seed, 0 if which == "short" else o.seconds)
        except Failed as e:
            print(f"FAILED: {which}, seed {o.seed}: {e}", flush=True)
            code = 1
        finally:
            if not os.environ.get("KEEP"):
                shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
