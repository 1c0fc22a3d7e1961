#!/usr/bin/env bash
# The command line and CSV files under abuse (abuse.py), against a real daemon.
# usage: abuse.sh BUILD_DIR PROGRAMME_DIR [--seeds N] [--first N]      100 seeds unless given
set -euo pipefail
more=("${@:3}")
set -- "$1" "$2"
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
export PYTHONDONTWRITEBYTECODE=1 HOME=$SCRATCH

found santiago
m santiago import programme "$DATA/programme.json" >/dev/null 2>&1
m santiago import allotment "$DATA/allotments.csv" >/dev/null 2>&1
m santiago import household "$DATA/households.csv" --where office=santiago >/dev/null 2>&1
m santiago import enterprise "$DATA/enterprises.csv" --where office=santiago >/dev/null 2>&1
python3 "$here/abuse.py" "$MINGA" "$SCRATCH/santiago" "$SCRATCH" "$here/../../cli/verbs.c" \
    "${more[@]}"
kill -0 "$pid_santiago" || die "the daemon is gone"
until_true 10 m santiago --json verify
