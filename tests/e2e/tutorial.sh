#!/usr/bin/env bash
# docs/TUTORIAL.md, typed as it stands: every command works, and prints what the page shows.
# usage: tutorial.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
mkdir "$SCRATCH/tutorial"
python3 "$here/tutorial.py" "$here/../../docs/TUTORIAL.md" "$(cd "$1" && pwd)" "$SCRATCH/tutorial" \
    "$(free_port)"
