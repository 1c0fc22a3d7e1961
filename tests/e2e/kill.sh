#!/usr/bin/env bash
# Daemons under load are killed again and again, as the kernel would: while they write, receive,
# checkpoint, erase and change the charter. Each is back within five seconds; no acknowledged write,
# charter or erasure is lost, nothing is there that nobody wrote.
# usage: kill.sh BUILD_DIR PROGRAMME_DIR [KILLS]
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "${@:1:2}"

KILLS=${3:-40}
RECOVERY_MS=5000
WRITERS=(santiago santiago iquique)
longest=0
answered=0
charter=0
declare -A killed=()
touch "$SCRATCH/charters" "$SCRATCH/erased"
found santiago
enrol santiago iquique

wait_ms() { read -rt "$(printf '0.%03d' "$1")" <> <(:) || true; }

# writer N OFFICE: adds records one after another, as fast as they are acknowledged, and keeps each
# id that was; tries again when the daemon is not there, with a row that tells from the one before.
writer() {
    local n=0 id
    while [ ! -e "$SCRATCH/enough" ]; do
        n=$((n + 1))
        echo "K$1-$n" >>"$SCRATCH/tried.$1"
        if id=$(m "$2" add household "household=K$1-$n" people="$n" head_name="Name $1-$n" \
            2>/dev/null); then
            echo "K$1-$n $id" >>"$SCRATCH/acknowledged.$1"
        else
            until m "$2" status >/dev/null 2>&1 || [ -e "$SCRATCH/enough" ]; do wait_ms 20; done
        fi
    done
}
lines() { { cat "$@" 2>/dev/null || true; } | wc -l; }
acknowledged() { lines "$SCRATCH"/acknowledged.*; }
at_least() { [ "$(acknowledged)" -ge "$1" ]; }
wrote_at_least() { [ "$(lines "$SCRATCH/acknowledged.$1")" -ge "$2" ]; }

# What goes on at santiago when it is killed; what a command was told is kept.
receive() { until_true 60 wrote_at_least 2 $(($(lines "$SCRATCH/acknowledged.2") + 1)); }
write() { until_true 60 at_least $(($(acknowledged) + 1 + RANDOM % 4)); }
checkpoint() {
    m santiago export git "$SCRATCH/export" >/dev/null 2>&1 &
    job=$!
}
proposed() {
    { m santiago --json erase "$1" --status || true; } | jq -e '.proposed != null' >/dev/null
}
# The next record is proposed for erasing by the other office, and approved here.
erase() {
    local id
    id=$(sed -n "$((1 + erasing))p" "$SCRATCH/acknowledged.0" | cut -d' ' -f2)
    until_true 60 m iquique erase "$id" --reason asked
    erasing=$((erasing + 1))
    until_true 60 proposed "$id"
    (m santiago erase "$id" --approve >/dev/null 2>&1 && echo "$id" >>"$SCRATCH/erased") &
    job=$!
}
change() {
    local address=127.0.0.1:$((20000 + RANDOM % 10000))
    (m santiago --json member change talca --address "$address" 2>/dev/null |
        jq -r 'select(.in_force) | .version' >>"$SCRATCH/charters") &
    job=$!
}
erasing=0

# What was promised of the charter is in force at once.
check_charter() {
    local promised
    promised=$(sort -n "$SCRATCH/charters" | tail -n 1)
    charter=$(m santiago --json status | field charter)
    [ "$charter" -ge "${promised:-0}" ] || die "charter $promised was in force, now it is $charter"
}

# For how long, in microseconds, somebody on this machine has waited for a processor.
waited() {
    local some
    some=$(head -n 1 /proc/pressure/cpu 2>/dev/null) || true
    echo "${some##*total=}"
}

# back OFFICE: its daemon again, until it answers, and how long that took: all of it, and without
# the time in which there were not enough processors, which says nothing of the daemon.
back() {
    local began=${EPOCHREALTIME//./} before took name=pid_$1
    before=$(waited)
    "$MINGAD" --home "$SCRATCH/$1" 2>>"$SCRATCH/$1.log" &
    printf -v "$name" %s "$!"
    pids+=("$!")
    until m "$1" --json status >/dev/null 2>&1; do
        took=$(((${EPOCHREALTIME//./} - began) / 1000))
        [ "$took" -lt $((40 * RECOVERY_MS)) ] || break
        kill -0 "${!name}" 2>/dev/null || die "$1 does not start: $(tail -n 3 "$SCRATCH/$1.log")"
        wait_ms 5
    done
    took=$(((${EPOCHREALTIME//./} - began) / 1000))
    answered=$((took > answered ? took : answered))
    took=$((took - ($(waited) - before) / 1000))
    longest=$((took > longest ? took : longest))
    [ "$took" -lt "$RECOVERY_MS" ] || die "$1 was back after $took ms"
}

# A third member, so that there is something of the charter to change; it has no daemon.
link=$(m santiago --json invite talca | field link)
m talca join "$link" --no-passphrase --timeout 30 >/dev/null 2>&1 || die "talca did not join"

writers=()
for w in "${!WRITERS[@]}"; do
    writer "$w" "${WRITERS[w]}" &
    writers+=("$!")
    pids+=("$!")
done
until_true 60 wrote_at_least 0 1
kinds=(write receive write checkpoint write receive write erase write change)
for ((kills = 0; kills < KILLS; kills++)); do
    kind=${kinds[kills % ${#kinds[@]}]} job=
    office=santiago
    [ $((kills % 7)) -ne 5 ] || office=iquique
    "$kind"
    if [ -n "$job" ]; then # in the middle of it, or right behind what it was told
        wait_ms $((1 + RANDOM % 300))
        [ $((RANDOM % 2)) -eq 0 ] || wait "$job" || true
    fi
    stop "$office" KILL
    [ -z "$job" ] || wait "$job" || true
    back "$office"
    check_charter
    rm -rf "$SCRATCH/export"
    killed[$kind-$office]=$((${killed[$kind-$office]:-0} + 1))
    if [ $(((kills + 1) % 50)) -eq 0 ]; then
        echo "$((kills + 1)) kills, longest recovery $longest ms, $answered ms in all"
    fi
    [ ! -e "$SCRATCH/stop" ] || KILLS=$((kills + 1)) # whoever runs it can end it before its time
done
until_true 60 at_least $(($(acknowledged) + 5))
touch "$SCRATCH/enough"
for pid in "${writers[@]}"; do wait "$pid"; done

until_true 120 same_state santiago iquique
sort "$SCRATCH"/tried.* >"$SCRATCH/tried"
sort "$SCRATCH"/acknowledged.* >"$SCRATCH/acknowledged"
for office in santiago iquique; do
    m "$office" --json list household | jq -r '.fields.household + " " + .id' |
        sort >"$SCRATCH/there.$office"
    lost=$(comm -23 "$SCRATCH/acknowledged" "$SCRATCH/there.$office")
    [ -z "$lost" ] || die "$office lost acknowledged writes: $lost"
    cut -d' ' -f1 "$SCRATCH/there.$office" | sort >"$SCRATCH/names"
    [ -z "$(uniq -d "$SCRATCH/names")" ] || die "$office holds a write twice"
    [ -z "$(comm -13 "$SCRATCH/tried" "$SCRATCH/names")" ] ||
        die "$office holds what nobody wrote"
done
# Erased stays erased; everything else that was sealed can be read.
is_erased() { m "$1" --json show "$2" | jq -e '.fields.head_name == null' >/dev/null; }
for id in $(sort -u "$SCRATCH/erased"); do
    until_true 60 is_erased santiago "$id"
    until_true 60 is_erased iquique "$id"
done
read -r name id < <(tail -n 1 "$SCRATCH/acknowledged.0")
expect "a sealed name" "$(m santiago --json show "$id" | field fields.head_name)" \
    "Name ${name#K}"
m santiago --json verify | jq -e '.ok and (.refused | length) == 0' >/dev/null || die "not sound"
stop santiago
m santiago verify >/dev/null || die "not sound after a clean stop"
m iquique verify >/dev/null || die "the other office is not sound"
echo "$(acknowledged) acknowledged writes, $(lines "$SCRATCH/erased") erasures," \
    "charter $charter, $KILLS kills: every one is there; longest recovery $longest ms" \
    "while there were processors, $answered ms in all"
for kind in "${!killed[@]}"; do echo "${killed[$kind]} $kind"; done | sort -k2
