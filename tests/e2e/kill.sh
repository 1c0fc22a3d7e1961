#!/usr/bin/env bash
# A daemon under load is killed fifty times, as a power cut would; another office follows it
# meanwhile. No acknowledged write is lost, nothing is there that nobody wrote.
# usage: kill.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

KILLS=50
WRITERS=3
found santiago
enrol santiago iquique

# writer N: adds records one after another, as fast as they are acknowledged, and keeps each id that
# was; tries again when the daemon is not there, with a row that tells from the one before.
writer() {
    local n=0 id
    while [ ! -e "$SCRATCH/enough" ]; do
        n=$((n + 1))
        echo "K$1-$n" >>"$SCRATCH/tried.$1"
        if id=$(m santiago add household "household=K$1-$n" people="$n" 2>/dev/null); then
            echo "K$1-$n $id" >>"$SCRATCH/acknowledged.$1"
        else
            until m santiago status >/dev/null 2>&1 || [ -e "$SCRATCH/enough" ]; do
                read -rt 0.02 <> <(:) || true
            done
        fi
    done
}
acknowledged() { cat "$SCRATCH"/acknowledged.* 2>/dev/null | wc -l; }
at_least() { [ "$(acknowledged)" -ge "$1" ]; }

writers=()
for w in $(seq "$WRITERS"); do
    writer "$w" &
    writers+=("$!")
    pids+=("$!")
done
for ((kills = 0; kills < KILLS; kills++)); do
    until_true 30 at_least $(($(acknowledged) + 1 + RANDOM % 8))
    stop santiago KILL
    start santiago
done
until_true 30 at_least $(($(acknowledged) + 5))
touch "$SCRATCH/enough"
for pid in "${writers[@]}"; do wait "$pid"; done

until_true 60 same_state santiago iquique
for office in santiago iquique; do
    m "$office" --json list household | jq -r '.fields.household + " " + .id' |
        sort >"$SCRATCH/there.$office"
    lost=$(sort "$SCRATCH"/acknowledged.* | comm -23 - "$SCRATCH/there.$office")
    [ -z "$lost" ] || die "$office lost acknowledged writes: $lost"
    cut -d' ' -f1 "$SCRATCH/there.$office" | sort >"$SCRATCH/names"
    [ -z "$(uniq -d "$SCRATCH/names")" ] || die "$office holds a write twice"
    [ -z "$(sort "$SCRATCH"/tried.* | comm -13 - "$SCRATCH/names")" ] ||
        die "$office holds what nobody wrote"
done
m santiago --json verify | jq -e '.ok and (.refused | length) == 0' >/dev/null || die "not sound"
stop santiago
m santiago verify >/dev/null || die "not sound after a clean stop"
m iquique verify >/dev/null || die "the other office is not sound"
echo "$(acknowledged) acknowledged writes, $KILLS kills: every one is there"
