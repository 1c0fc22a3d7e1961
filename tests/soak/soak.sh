#!/usr/bin/env bash
# Seven daemons under steady work for hours: killed, cut off, restored, their disks filled; then
# healed and judged. A small disk of its own needs a mount namespace, which root or a user
# namespace gives.
# usage: soak.sh BUILD_DIR [--hours H] [--seed N] [--beat SECONDS] [--rate EDITS] [--log FILE]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for user in "" --map-root-user; do
    # shellcheck disable=SC2086
    if unshare --mount $user true 2>/dev/null; then
        # shellcheck disable=SC2086
        exec unshare --mount $user -- python3 "$here/soak.py" "$@"
    fi
done
exec python3 "$here/soak.py" "$@"
