#!/usr/bin/env bash
# What counts, and how far it has come: offices acknowledge what others wrote, never each other's
# acknowledgements; what a removed office wrote beyond what is kept waits in quarantine on every
# member, is told, and counts once one of them adopts it.
# usage: counting.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

acknowledge() { # OFFICE TIME
    stop "$1"
    git config --file "$SCRATCH/$1/config" office.acknowledge "$2"
    start "$1"
}
add() { m "$1" add household "household=$2" people=3 >/dev/null; }
settled() { # OFFICE BY OF: the newest commit that changes a record
    m "$1" --json log | jq -es --argjson by "$2" --argjson of "$3" \
        'map(select(any(.changes[]; .type == "household")))[0].settled | .by == $by and .of == $of'
}
empty() { m "$1" --json log --limit 0 | jq -s '[.[] | select(.changes == [])] | length'; }
waiting() { m "$1" --json member show "$2" | jq -s '[.[].quarantine.commits // 0] | add'; }
waits() { [ "$(waiting "$1" "$2")" -eq "$3" ]; }
told() { # OFFICE TEXT
    m "$1" --json status | jq -e --arg t "$2" 'any(.health[]; .text | contains($t))' >/dev/null
}

found santiago
enrol santiago iquique office --listen "127.0.0.1:$(free_port)"
enrol santiago arica office
for office in santiago iquique arica; do acknowledge "$office" 1s; done
before=$(empty santiago)
add santiago S1
until_true 60 settled santiago 3 3
add iquique I1
until_true 60 settled iquique 3 3
until_true 60 settled arica 3 3
expect "acknowledgements of two writes" $(($(empty arica) - before)) 4
until_true 30 eval '[ "$(m santiago --json status | field unsettled)" = 0 ]'
m santiago log -v | grep -q 'settled: 3 of 3 offices' || die "log -v says nothing of it"

# santiago is away. arica writes, iquique has it and nobody else; then arica is removed.
for office in santiago iquique arica; do until_true 30 same_state santiago "$office"; done
acknowledge iquique 0s # what it signs over would count
stop santiago
add arica A1
until_true 60 eval '[ "$(count_of iquique household)" -eq 3 ]'
stop iquique KILL
stop arica
start santiago
m santiago member remove arica >/dev/null 2>&1 || die "arica cannot be removed"
start iquique
until_true 60 waits iquique arica 1
until_true 60 waits santiago arica 1
until_true 60 same_state santiago iquique
expect "households that count" "$(count_of iquique household)" 2
m santiago member show arica | grep -q 'household: 1 written' ||
    die "member show does not say what waits"
told santiago "wait in quarantine" || die "status does not say that something waits"
m iquique member adopt arica | grep -q '^1 commits of arica count from now on' || die "not adopted"
until_true 60 eval '[ "$(count_of santiago household)" -eq 3 ]'
until_true 60 same_state santiago iquique
waits santiago arica 0 || die "something still waits"
told santiago "counts though it was not kept: iquique had merged or adopted it" ||
    die "nobody says who vouches"
m santiago --json verify | jq -e .ok >/dev/null || die "santiago is not sound"
