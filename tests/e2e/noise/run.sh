#!/bin/sh
# Sets npm's noise-handshake against our Noise XK. usage: run.sh NOISE_PEER WORK_DIR
# The packages that package-lock.json names go into WORK_DIR, once; the source tree stays clean.
set -eu
peer=$1
work=$2
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

mkdir -p "$work"
if ! cmp -s "$here/package-lock.json" "$work/installed-lock.json"; then
    cp "$here/package.json" "$here/package-lock.json" "$work/"
    if ! (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
        echo "run.sh: npm could not install noise-handshake into $work" >&2
        exit 1
    fi
    cp "$here/package-lock.json" "$work/installed-lock.json"
fi
NODE_PATH="$work/node_modules" exec node "$here/judge.js" "$peer"
