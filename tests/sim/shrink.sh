#!/bin/sh
# shrink.sh MINGA-SIM-CANARY: a simulator whose product is broken on purpose (tests/canary): a seed
# that fails has to shrink to a few steps, without any of which it passes, and the line that is
# printed has to fail again.
set -eu
MINGA_CANARY=${MINGA_CANARY:-acknowledged}
steps_max=12
export MINGA_CANARY
caught=$("$1" --seeds 100 2>&1 >/dev/null) && {
    echo "The canary '$MINGA_CANARY' passed 100 seeds."
    exit 1
}
seed=$(printf '%s\n' "$caught" | sed -n 's/^FAILED: seed \([0-9]*\) .*/\1/p')
shrunk=$("$1" --seed "$seed" --shrink) && {
    echo "The seed $seed does not fail again."
    exit 1
}
printf '%s\n' "$shrunk"
steps=$(printf '%s\n' "$shrunk" | sed -n 's/^Again: .* --steps \([0-9,-]*\)$/\1/p')
count=$(printf '%s\n' "$shrunk" | grep -c ' s  ')
if [ -z "$steps" ] || [ "$count" -gt "$steps_max" ]; then
    echo "$count steps are left; at most $steps_max should be."
    exit 1
fi
if "$1" --seed "$seed" --steps "$steps" >/dev/null 2>&1; then
    echo "The steps $steps of seed $seed do not fail."
    exit 1
fi
for step in $(printf '%s\n' "$shrunk" | sed -n 's/^ *\([0-9]*\) .* s  .*/\1/p'); do
    fewer=$(printf '%s\n' "$shrunk" | sed -n 's/^ *\([0-9]*\) .* s  .*/\1/p' |
        grep -vx "$step" | paste -sd, -)
    if ! "$1" --seed "$seed" --steps "$fewer" >/dev/null 2>&1; then
        echo "Without step $step it fails as well: it should have been left out."
        exit 1
    fi
done
