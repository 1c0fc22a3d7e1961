#!/usr/bin/env bash
# Three admins, one of them gone, the two others never online at once: a removal passes by two of
# three, through a member that is no admin; one admin saying yes twice does not. A key is rotated,
# the schema grows, and everybody learns it.
# usage: council.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

version_is() { # VERSION OFFICE...
    local wanted=$1 office
    shift
    for office in "$@"; do
        [ "$(m "$office" --json status | field charter)" = "$wanted" ] || return 1
    done
}
# code OFFICE WORDS...: the exit code.
code() {
    local got=0
    m "$@" >"$SCRATCH/said" 2>&1 || got=$?
    echo "$got"
}
list() { m "$1" --json member list 2>/dev/null || [ $? -eq 4 ]; } # 4: something is to approve
motions() { list "$1" | jq 'select(.motion)'; }
has_motion() { [ -n "$(motions "$1")" ]; }
is_member() { list "$1" | jq -es --arg l "$2" 'any(.[]; .label == $l)' >/dev/null; }
no_member() { ! is_member "$@"; }
signed_by() { [ "$(motions "$1" | jq -r '.signed | join(" ")')" = "$2" ]; }

port_fosis=$(free_port)
found santiago
enrol santiago fosis partner --listen "127.0.0.1:$port_fosis"
enrol santiago iquique
enrol santiago talca
enrol santiago valparaiso
all=(santiago fosis iquique talca valparaiso)
until_true 30 version_is 5 "${all[@]}"

# One admin alone: everything takes effect at once. Two: the other is asked.
expect "the second admin" "$(code santiago member change valparaiso --rights admin)" 0
until_true 30 version_is 6 "${all[@]}"
expect "the third admin waits" "$(code santiago member change iquique --rights admin)" 4
grep -q valparaiso "$SCRATCH/said" || die "it does not say whom it waits for"
until_true 30 has_motion valparaiso
expect "the list asks for us" "$(code valparaiso member list)" 4
expect "approving" "$(code valparaiso member approve)" 0
until_true 30 version_is 7 "${all[@]}"
expect "nothing is open" "$(code valparaiso member list)" 0
expect "no admin may ask" "$(code talca member remove fosis)" 1
expect "no partner as admin" "$(code santiago member change fosis --rights admin)" 2

# The first admin proposes, and goes; the other comes when it is gone.
stop valparaiso
stop santiago
expect "the removal waits" "$(code iquique member remove talca)" 4
expect "twice is once" "$(code iquique member approve)" 4
expect "and again" "$(code iquique member remove talca)" 4
until_true 30 signed_by fosis iquique
version_is 7 iquique fosis || die "one admin changed the charter alone"
stop iquique
start santiago
until_true 30 has_motion santiago
is_member santiago talca || die "talca left too early"
expect "the approval" "$(code santiago member approve)" 0
no_member santiago talca || die "talca is still a member"
until_true 30 version_is 8 fosis
stop santiago
start iquique
until_true 30 version_is 8 iquique
no_member iquique talca || die "talca is still a member of Iquique's list"

# Another admin proposes: its own signature follows when it is back, unasked.
stop iquique
start santiago
until_true 30 linked santiago fosis
moved=(member change fosis --address "localhost:$port_fosis")
expect "the other proposes" "$(code santiago "${moved[@]}")" 4
until_true 30 has_motion fosis
stop santiago
start iquique
until_true 30 has_motion iquique
expect "it waits for its owner" "$(code iquique member approve)" 4
until_true 30 signed_by fosis iquique
stop iquique
start santiago
until_true 30 version_is 9 santiago
start iquique
start valparaiso
until_true 60 version_is 9 santiago iquique valparaiso fosis

# The schema grows everywhere.
jq -c '.types.visit.fields.weather = {"class":"open","kind":"text"}' \
    "$here/../../replicas/schema/microenterprise.json" >"$SCRATCH/schema.json"
expect "the schema waits" "$(code iquique member schema "$SCRATCH/schema.json")" 4
until_true 30 has_motion santiago
expect "the schema is approved" "$(code santiago member approve)" 0
until_true 30 version_is 10 santiago iquique valparaiso fosis

# A key is rotated: its daemon goes on with the new one, and what the old one wrote still counts.
m santiago add household household=H9 commune=Santiago people=1 office=santiago >/dev/null
until_true 30 same_state santiago iquique
key_of() {
    m "$1" --json member show santiago | jq -rs 'map(select(.role)) | .[0].fingerprint'
}
before=$(key_of iquique)
expect "the rotation waits" "$(code santiago member rotate)" 4
until_true 30 has_motion iquique
got=$(code iquique member approve) # 4: the others' word is still on its way
[ "$got" = 0 ] || expect "the rotation is approved" "$got" 4
until_true 60 version_is 11 santiago iquique valparaiso fosis
[ "$(key_of iquique)" != "$before" ] || die "the key is the old one"
until_true 60 linked santiago iquique
m santiago add household household=H10 commune=Santiago people=2 office=santiago >/dev/null
until_true 60 same_state santiago iquique valparaiso fosis

# A newcomer is a change, too: it waits at the door until another admin has said yes.
link=$(m santiago --json invite temuco | field link)
m temuco join "$link" --no-passphrase --timeout 60 >"$SCRATCH/join" 2>&1 &
joining=$!
until_true 30 has_motion iquique
got=$(code iquique member approve)
[ "$got" = 0 ] || expect "the newcomer is approved" "$got" 4
wait "$joining" || die "temuco did not join: $(cat "$SCRATCH/join")"
start temuco
until_true 30 version_is 12 santiago iquique valparaiso fosis temuco
until_true 60 same_state santiago temuco
echo "council: ok"
