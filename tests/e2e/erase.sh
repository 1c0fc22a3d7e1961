#!/usr/bin/env bash
# Personal data erased by order of two offices while a third is away, in five homes: three offices,
# an auditor to whom a value was disclosed, a partner. Nothing of what the vaults held stays in any
# file of any home, not even what the office that was away wrote meanwhile; the certificate names
# who has not confirmed; one office alone erases nothing; the history still verifies.
# usage: erase.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

everyone=(santiago iquique valparaiso auditor partner)
remains() { python3 "$here/remains.py" "$@"; }
homes() { for office in "$@"; do echo "$SCRATCH/$office"; done; }

# fails WANTED_EXIT OFFICE WORDS...
fails() {
    local wanted=$1 code=0
    shift
    m "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
    expect "exit of: $*" "$code" "$wanted"
}
says() { grep -q -- "$1" "$SCRATCH/out" "$SCRATCH/err" || die "nothing says \"$1\": $(cat \
    "$SCRATCH/out" "$SCRATCH/err")"; }
# reads OFFICE ID FIELD VALUE
reads() { [ "$(m "$1" --json show "$2" | jq -r ".fields.$3")" = "$4" ]; }
state_is() { [ "$(certificate "$1" | field state)" = "$2" ]; }
certificate() { m "$1" --json erase "$id" --status 2>/dev/null || true; }
# shown OFFICE WORD: what its person sees of the record
shown() { m "$1" show "$id" | grep -q -- "$2"; }

# ---- Three offices, one of them on a line that can be pulled ----
port_santiago=$(free_port)
plug=$(free_port)
found santiago --address "127.0.0.1:$plug"
cable "$plug" "$port_santiago"
enrol santiago iquique
enrol santiago valparaiso
enrol santiago auditor auditor
enrol santiago partner partner
for office in iquique auditor partner; do
    m "$office" peer add "santiago=127.0.0.1:$port_santiago" >/dev/null
    stop "$office"
    start "$office"
    until_true 20 linked "$office" santiago
done

# ---- What is there to be erased ----
head -c 200000 /dev/urandom >"$SCRATCH/letter.pdf"
id=$(m santiago add household household=H900 office=santiago head_name="Persona Plantada" \
    address="Calle Plantada 7" phone="+56 2 1111")
other=$(m santiago add household household=H901 office=santiago head_name="Otra Persona")
file=$(m santiago attach "$id" "$SCRATCH/letter.pdf")
receipt=$(m santiago attach "$id" "$SCRATCH/letter.pdf" --class internal --name receipt.jpg)
shared=$(m santiago --json disclose "$id" --fields head_name --to auditor | field id)
for office in "${everyone[@]}"; do until_true 30 same_state santiago "$office"; done
for office in santiago iquique valparaiso; do
    until_true 30 reads "$office" "$id" phone "+56 2 1111"
    until_true 30 m "$office" fetch "$id" letter.pdf --out "$SCRATCH/$office.pdf"
    cmp "$SCRATCH/letter.pdf" "$SCRATCH/$office.pdf" || die "$office has another letter"
done
until_true 30 reads auditor "$id" head_name "Persona Plantada"
until_true 30 m auditor fetch "$id" receipt.jpg --out "$SCRATCH/auditor.jpg"
cmp "$SCRATCH/letter.pdf" "$SCRATCH/auditor.jpg" || die "the auditor has another receipt"
shown auditor "not for this office" || die "the auditor reads more than was disclosed"
fails 1 partner fetch "$id" letter.pdf
for office in santiago iquique valparaiso auditor; do
    remains save "$SCRATCH/needles" "$SCRATCH/$office" "$id" "$file" "$receipt" "$shared"
    if remains find "$SCRATCH/needles" "$SCRATCH/$office" >/dev/null; then
        die "the search finds nothing at $office while everything is there"
    fi
done
remains find "$SCRATCH/needles" "$SCRATCH/partner" || die "the partner holds a sealed byte"

# ---- What is not erased ----
fails 2 santiago erase "$id"
fails 2 santiago erase "$id" --approve --status
fails 1 santiago erase "$id" --approve
says "nobody has proposed"
m santiago import programme "$DATA/programme.json" >/dev/null 2>&1
fails 1 santiago erase "$(m santiago --json list grant --limit 1 | field id)" --reason x
says "never erased"
fails 1 auditor erase "$id" --reason "not for an auditor"

# ---- One office alone erases nothing ----
until_true 30 same_state santiago valparaiso
pull
until_true 20 unlinked valparaiso santiago
m valparaiso set "$id" phone="+56 2 2222" >/dev/null
remains save "$SCRATCH/needles" "$SCRATCH/valparaiso" "$id"
m santiago erase "$id" --reason "asked by the family" >/dev/null 2>&1
order=$(certificate santiago | field erasure)
expect "state" "$(certificate santiago | field state)" proposed
fails 1 santiago erase "$id" --approve
says "another office"
m santiago set "$order" approvals+=iquique approvals+=santiago >/dev/null
expect "state after approvals made up" "$(certificate santiago | field state)" proposed
fails 4 santiago erase "$id" --status
until_true 30 same_state santiago iquique
m iquique doctor | grep -q "santiago proposes to erase" || die "iquique is not asked to approve"
expect "what waits" "$(m iquique --json erase --list | jq -r '.record + " " + .state')" \
    "$id proposed"
shown iquique "Persona Plantada" || die "one office alone has erased"
fails 1 iquique erase "$id" --reason "again"
says "already"
fails 1 santiago erase "$order" --reason "the order itself"

# ---- With a second one, which is killed at once, it is permanent ----
m iquique erase "$id" --approve >/dev/null
stop iquique KILL
start iquique
for office in santiago iquique auditor; do
    until_true 60 shown "$office" erased
    shown "$office" Plantada && die "$office still reads the record"
done
missing() { certificate "$1" | jq -r '[.missing[].office] | join(" ")'; }
only_valparaiso() { [ "$(missing "$1")" = valparaiso ]; }
for office in santiago iquique auditor; do until_true 60 only_valparaiso "$office"; done
fails 4 santiago erase "$id" --status
says valparaiso
state_is santiago settled || die "not settled by two of three offices"
mapfile -t there < <(homes santiago iquique auditor partner)
remains find "$SCRATCH/needles" "${there[@]}" || die "something of it stays"
fails 1 santiago fetch "$file"
says erased
m santiago find Plantada | grep -q Plantada && die "a search still finds it"
reads santiago "$other" head_name "Otra Persona" || die "another record was erased with it"

# ---- Later values have another salt ----
m santiago set "$id" phone="+56 2 3333" >/dev/null
until_true 30 reads iquique "$id" phone "+56 2 3333"

# ---- Who was away comes back, and what it wrote meanwhile goes too ----
cable "$plug" "$port_santiago"
until_true 60 m santiago erase "$id" --status
state_is santiago done || die "the certificate is not whole"
m santiago erase "$id" --status >"$SCRATCH/certificate"
for word in santiago iquique valparaiso auditor "asked by the family" "3 of 3"; do
    grep -q "$word" "$SCRATCH/certificate" || die "the certificate lacks \"$word\""
done
for office in "${everyone[@]}"; do until_true 60 same_state santiago "$office"; done
mapfile -t all < <(homes "${everyone[@]}")
gone() { remains find "$SCRATCH/needles" "${all[@]}"; }
until_true 30 gone
for office in santiago iquique valparaiso; do
    until_true 30 m "$office" explain "$id"
    shown "$office" "2222" && die "$office reads what was written without the order"
done
for office in "${everyone[@]}"; do
    m "$office" verify >/dev/null || die "the history of $office does not verify"
done

# ---- And again after every daemon has ended and begun anew ----
for office in "${everyone[@]}"; do stop "$office"; done
remains find "$SCRATCH/needles" "${all[@]}" || die "something of it came back at the end"
for office in "${everyone[@]}"; do start "$office"; done
state_is iquique done || die "the certificate does not outlive a restart"
echo "erased in four homes; three confirmed while one was away, then all"
