#!/bin/sh
# canary.sh BUILD_DIR [SEEDS]: BUILD_DIR holds a build that is broken on purpose (MINGA_CANARY). The
# simulator has to catch it, by a rule that does not hold and not for want of something else.
set -eu
seeds=${2:-200}
cmake --build "$1" --target minga-sim >/dev/null
report=$("$1/minga-sim" --seeds "$seeds" 2>&1) && {
    echo "The canary passed $seeds seeds: the simulator does not see what it is there to see."
    exit 1
}
caught=$(printf '%s\n' "$report" | grep -m 1 '^FAILED: seed') || {
    printf '%s\n' "$report" | tail -n 20
    exit 1
}
echo "caught: $caught"
