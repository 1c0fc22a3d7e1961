#!/usr/bin/env bash
# Real daemons in network namespaces over a line that fabric makes as bad as asked for. Needs root
# and /dev/net/tun; says NOT RUN and fails where it cannot.
# usage: run.sh BUILD_DIR [all | poor | besieged | short] [--seed N] [--seconds S]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unset MINGA_HOME
export LANG=C.UTF-8
exec python3 "$here/net.py" "$@"
