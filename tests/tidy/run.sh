#!/usr/bin/env bash
# Checks that the tree keeps its own rules, and first that the check can fail.
# usage: run.sh FOLDER=ARCHIVE…        proto=build/libproto.a replicas=build/libreplicas.a …
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/selftest.py"
exec python3 "$here/tidy.py" "$here/../.." "$@"
