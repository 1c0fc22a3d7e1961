#!/usr/bin/env bash
# An office's disk dies after a week: its old backup comes back on another machine while the others
# have moved on. No write of anyone is lost, no office is stuck, status says what happened.
# usage: restore.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

offices=(santiago iquique alto-hospicio)
echo "una clave que nadie adivina" >"$SCRATCH/secret"
echo "otra clave que nadie adivina" >"$SCRATCH/wrong"
found santiago
enrol santiago iquique
enrol santiago alto-hospicio
add() { m "$1" add household commune="$2" people="$3" >/dev/null; }
add santiago Recoleta 3
add iquique Iquique 4
until_true 30 same_state "${offices[@]}"

# ---- The backup, of a running daemon ----
day=$(m iquique --json backup "$SCRATCH/week-old" --passphrase-file "$SCRATCH/secret" |
    field made | cut -c 1-10)
expect "the backup's rights" "$(stat -c %a "$SCRATCH/week-old")" 600
[ ! -e "$SCRATCH/iquique/snapshot" ] || die "the snapshot is still there"
! grep -aq -e Recoleta -e iquique "$SCRATCH/week-old" || die "the backup can be read"
code=0
m iquique backup "$SCRATCH/week-old" --passphrase-file "$SCRATCH/secret" >/dev/null 2>&1 || code=$?
expect "a backup over another" "$code" 1
code=0
m iquique backup "$SCRATCH/other" --no-input >/dev/null 2>"$SCRATCH/said" || code=$?
expect "a backup without a passphrase" "$code" 2
grep -q -e --passphrase-file "$SCRATCH/said" || die "nothing says what to do"

# ---- A week later: everyone wrote, the office itself too ----
for n in 1 2 3 4 5; do add iquique Iquique "$n"; done
add santiago Recoleta 5
add alto-hospicio "Alto Hospicio" 6
until_true 30 same_state "${offices[@]}"
records=$(m santiago --json status | field records)
seq=$(m santiago --json status | field frontier.iquique)

# ---- The disk dies ----
stop iquique KILL
rm -rf "$SCRATCH/iquique"
code=0
m iquique init --restore "$SCRATCH/week-old" --passphrase-file "$SCRATCH/wrong" \
    >/dev/null 2>"$SCRATCH/said" || code=$?
expect "another passphrase" "$code" 12
[ ! -e "$SCRATCH/iquique" ] || die "a wrong passphrase made a home"
head -c 5000 "$SCRATCH/week-old" >"$SCRATCH/cut"
code=0
m iquique init --restore "$SCRATCH/cut" --passphrase-file "$SCRATCH/secret" >/dev/null 2>&1 ||
    code=$?
[ "$code" -ne 0 ] || die "a backup that was cut short is taken"
[ ! -e "$SCRATCH/iquique" ] || die "a backup that was cut short made a home"
m iquique init --restore "$SCRATCH/week-old" --passphrase-file "$SCRATCH/secret" --json \
    >"$SCRATCH/restored" 2>/dev/null
expect "who came back" "$(field office <"$SCRATCH/restored")" iquique
code=0
m iquique init --restore "$SCRATCH/week-old" --passphrase-file "$SCRATCH/secret" \
    >/dev/null 2>&1 || code=$?
expect "a backup over a home" "$code" 1
m iquique verify >/dev/null || die "what came back is not sound"

# ---- It catches up, and works on ----
start iquique
until_true 60 same_state "${offices[@]}"
expect "records" "$(m iquique --json status | field records)" "$records"
add iquique Iquique 7
add santiago Recoleta 8
until_true 60 same_state "${offices[@]}"
expect "records of all" "$(m alto-hospicio --json status | field records)" "$((records + 2))"
for office in "${offices[@]}"; do
    m "$office" --json status |
        jq -e --argjson least "$((seq + 1))" '.frontier.iquique >= $least' >/dev/null ||
        die "$office lacks what iquique wrote"
    m "$office" verify >/dev/null || die "$office is not sound"
done

# ---- And status says in one sentence what happened, until the next backup ----
m iquique --json status | jq -e --arg day "$day" 'any(.health[]; .text |
    test("^restored from a backup of " + $day + "; [5-9] newer commits of our own came back"))' \
    >/dev/null || die "status does not say it: $(m iquique --json status | jq -c .health)"
m iquique backup "$SCRATCH/fresh" --passphrase-file "$SCRATCH/secret" >/dev/null 2>&1
m iquique --json status | jq -e 'any(.health[]; .text | test("restored from")) | not' >/dev/null ||
    die "the note stays after a new backup"
