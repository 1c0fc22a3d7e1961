#!/bin/sh
# shrink.sh MINGA-SIM-CANARY: a simulator whose product is broken on purpose (tests/canary): a seed
# that fails has to shrink to a few steps, without any of which it does not fail in that way, and
# the line that is printed has to fail again.
set -eu
MINGA_CANARY=${MINGA_CANARY:-acknowledged}
steps_max=12
export MINGA_CANARY

# what_fails ARGUMENT…: what is wrong, without numbers and names; nothing where it passes.
what_fails() {
    "$sim" "$@" 2>&1 >/dev/null |
        sed -n '/^FAILED: /{s/^FAILED: [^:]*: //;s/office-[a-z]//g;s/[0-9a-f]\{6,\}//g;s/:.*//;p}'
}

# names REPORT: the numbers of the steps that are left, one a line.
names() {
    printf '%s\n' "$1" | sed -n 's/^ *\([0-9]*\) .* s  .*/\1/p'
}

sim=$1
caught=$("$sim" --seeds 100 2>&1 >/dev/null) && {
    echo "The canary '$MINGA_CANARY' passed 100 seeds."
    exit 1
}
seed=$(printf '%s\n' "$caught" | sed -n 's/^FAILED: seed \([0-9]*\) .*/\1/p' | head -n 1)
wrong=$(what_fails --seed "$seed")
shrunk=$("$sim" --seed "$seed" --shrink) && {
    echo "The seed $seed does not fail again."
    exit 1
}
printf '%s\n' "$shrunk"
steps=$(printf '%s\n' "$shrunk" | sed -n 's/^Again: .* --steps \([0-9,-]*\)$/\1/p')
count=$(names "$shrunk" | wc -l)
if [ -z "$steps" ] || [ "$count" -gt "$steps_max" ]; then
    echo "$count steps are left; at most $steps_max should be."
    exit 1
fi
if [ "$(what_fails --seed "$seed" --steps "$steps")" != "$wrong" ]; then
    echo "The steps $steps of seed $seed do not fail as it does."
    exit 1
fi
for step in $(names "$shrunk"); do
    fewer=$(names "$shrunk" | grep -vx "$step" | paste -sd, -)
    if [ "$(what_fails --seed "$seed" --steps "$fewer")" = "$wrong" ]; then
        echo "Without step $step it fails as well: it should have been left out."
        exit 1
    fi
done
