#!/usr/bin/env bash
# Joining again after a removal by mistake, with a fresh key in the same home; and joining where
# several admins have to approve: the joiner says so, waits, and comes in by the same command.
# usage: rejoin.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

add() { m "$1" add household commune="$2" people="$3" >/dev/null; }
link_for() { m santiago --json invite "$@" | field link; }
try() { # EXIT PATTERN OFFICE JOIN_WORDS...
    local wanted=$1 pattern=$2 office=$3 code=0
    shift 3
    m "$office" join "$@" --no-passphrase >"$SCRATCH/said" 2>&1 || code=$?
    expect "join at $office ($(cat "$SCRATCH/said"))" "$code" "$wanted"
    grep -Eq "$pattern" "$SCRATCH/said" || die "not \"$pattern\" but: $(cat "$SCRATCH/said")"
}
key_of() { cut -d ' ' -f 2 "$SCRATCH/$1/identity.pub"; }

found santiago
first=$(link_for iquique)
m iquique join "$first" --no-passphrase --timeout 30 >/dev/null 2>&1
start iquique
add santiago Recoleta 3
add iquique Iquique 4
until_true 30 same_state santiago iquique
stop iquique

# ---- Wrong links at a home that is somebody's ----
try 1 "replica already: its key is in force" iquique "$first" --timeout 5
try 1 "replica already" iquique "$(link_for arica)" --timeout 5
"$MINGA" --home "$SCRATCH/other" init Otra --as iquique --no-passphrase >/dev/null 2>&1
try 1 "replica already" other "$first" --timeout 5

# ---- Removed by mistake ----
m santiago member remove iquique >"$SCRATCH/said" 2>&1 || die "$(cat "$SCRATCH/said")"
before=$(key_of iquique)
again=$(link_for iquique)
port_iquique=$(free_port)
start iquique
try 11 "in use by process" iquique "$again" --timeout 5
stop iquique
stop santiago
try 14 "could not be reached" iquique "$again" --timeout 2
expect "the key of a try that failed" "$(key_of iquique)" "$before"
cp "$SCRATCH/iquique/identity.join" "$SCRATCH/kept"
start santiago
try 0 "office iquique" iquique "$again" --listen "127.0.0.1:$port_iquique" --timeout 30
[ "$(key_of iquique)" != "$before" ] || die "the key is the old one"
cmp -s "$SCRATCH/kept" "$SCRATCH/iquique/identity" || die "a second try made another key"
[ ! -e "$SCRATCH/iquique/identity.join" ] || die "identity.join is still there"
m iquique verify >/dev/null || die "the home is not sound"
start iquique
add iquique Iquique 5
add santiago Recoleta 6
until_true 60 same_state santiago iquique
expect "households" "$(count_of santiago household)" 4
stop iquique
try 1 "replica already: its key is in force" iquique "$again" --timeout 5
start iquique

# ---- Two admins: both have to say yes ----
link=$(link_for talca --rights admin)
m talca join "$link" --no-passphrase --timeout 30 >/dev/null 2>&1
start talca
until_true 30 same_state santiago iquique talca
stop iquique # it hears nothing of who comes now
link=$(link_for valdivia --role auditor)
try 4 "has proposed this office" valdivia "$link" --timeout 6
grep -q "run the same command again" "$SCRATCH/said" || die "not: $(cat "$SCRATCH/said")"
m valdivia join "$link" --no-passphrase --timeout 60 >"$SCRATCH/valdivia.said" 2>&1 &
pids+=("$!")
joining=$!
proposed() { # exit code 4: something waits for talca
    m talca --json member list >"$SCRATCH/members" 2>/dev/null || true
    grep -q '"motion"' "$SCRATCH/members"
}
until_true 30 proposed
m talca member approve >"$SCRATCH/said" 2>&1 || die "approve: $(cat "$SCRATCH/said")"
wait "$joining" || die "valdivia: $(cat "$SCRATCH/valdivia.said")"
grep -q "office valdivia (auditor)" "$SCRATCH/valdivia.said" ||
    die "valdivia: $(cat "$SCRATCH/valdivia.said")"
start valdivia
until_true 30 same_state santiago talca valdivia

# ---- One that is behind learns of the newcomer from the newcomer's own proof ----
charter_of() { m "$1" --json status | field charter; }
newest=$(charter_of valdivia)
stop santiago
stop talca
stop valdivia
start iquique
[ "$(charter_of iquique)" -lt "$newest" ] || die "iquique knows already"
start valdivia
until_true 30 linked iquique valdivia
expect "the charter at iquique" "$(charter_of iquique)" "$newest"
