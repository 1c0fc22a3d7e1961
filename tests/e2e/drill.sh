#!/usr/bin/env bash
# docs/DRILL.md, typed as it stands: a stolen laptop is locked out by two of three admins who are
# never online together; every command works, and prints what the page shows.
# usage: drill.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
mkdir "$SCRATCH/drill"
python3 "$here/tutorial.py" "$here/../../docs/DRILL.md" "$(cd "$1" && pwd)" "$SCRATCH/drill" \
    "$(free_port)" "$(free_port)" "$(free_port)" "$(free_port)"
