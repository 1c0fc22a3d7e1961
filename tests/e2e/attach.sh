#!/usr/bin/env bash
# Files of records: attached, carried sealed in parts to the other office, fetched and compared,
# though either daemon is killed in between; what shrinks while it is read is refused and leaves
# nothing; sizes are limited; an auditor gets what is internal when asked, and nothing personal.
# usage: attach.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

# fails WANTED_EXIT OFFICE WORDS...
fails() {
    local wanted=$1 code=0
    shift
    m "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
    expect "exit of: $*" "$code" "$wanted"
}
says() { grep -q -- "$1" "$SCRATCH/out" "$SCRATCH/err" || die "nothing says \"$1\"" ; }
held() { m iquique --json show "$id" | jq '[.attachments[].held] | add'; }

found santiago
enrol santiago iquique
enrol santiago auditor auditor
id=$(m santiago add household household=H1 office=santiago)
head -c 5000000 /dev/urandom >"$SCRATCH/photo.jpg"
head -c 70000 /dev/urandom >"$SCRATCH/receipt.pdf"
: >"$SCRATCH/empty.txt"

# ---- Bad input ----
fails 1 santiago attach "$id" "$SCRATCH/nothing.jpg"
says "no file"
fails 2 santiago attach "$id" "$SCRATCH"
fails 1 santiago attach ffffffffffff "$SCRATCH/photo.jpg"
fails 2 santiago attach "$id" "$SCRATCH/photo.jpg" --class secret
truncate -s 140M "$SCRATCH/large.bin"
fails 1 santiago attach "$id" "$SCRATCH/large.bin"
says "at most"
printf '[office]\n\tattachment-max = 1M\n' >>"$SCRATCH/santiago/config"
fails 1 santiago attach "$id" "$SCRATCH/photo.jpg"
says "attachment-max"
sed -i '/attachment-max/d' "$SCRATCH/santiago/config"
fails 1 auditor attach "$id" "$SCRATCH/receipt.pdf"
fails 1 santiago fetch "$id"
says "no file"
fails 2 santiago set "$id" content=x
[ "$(m santiago --json attach "$id" "$SCRATCH/photo.jpg" --dry-run | field dry_run)" = true ] ||
    die "a dry run is not told"
expect "files after a dry run" "$(count_of santiago attachment)" 0

# A file that is cut as soon as its first part has been taken.
head -c 60000000 /dev/urandom >"$SCRATCH/shrinks.bin"
cut() {
    until [ -s "$SCRATCH/santiago/uploads" ]; do :; done
    truncate -s 1000 "$SCRATCH/shrinks.bin"
}
cut &
cutter=$!
fails 2 santiago attach "$id" "$SCRATCH/shrinks.bin"
wait "$cutter"
says "changed while it was read"
expect "files after one that shrank" "$(count_of santiago attachment)" 0
swept() { [ ! -s "$SCRATCH/santiago/uploads" ]; }
until_true 20 swept

# ---- Killed while it sends, killed while it takes ----
photo=$(m santiago attach "$id" "$SCRATCH/photo.jpg")
receipt=$(m santiago attach "$id" "$SCRATCH/receipt.pdf" --class internal)
m santiago attach "$id" "$SCRATCH/empty.txt" >/dev/null
some() { [ "$(held)" -gt 2 ]; }
until_true 30 some
stop iquique KILL
stop santiago KILL
start santiago
start iquique
until_true 60 m iquique fetch "$id" photo.jpg --out "$SCRATCH/back.jpg"
cmp "$SCRATCH/photo.jpg" "$SCRATCH/back.jpg" || die "the photo is another one"
echo mine >"$SCRATCH/back.pdf.part" # a file of the person, which no fetch touches
until_true 30 m iquique fetch "$id" receipt.pdf --out "$SCRATCH/back.pdf"
test "$(cat "$SCRATCH/back.pdf.part")" = mine || die "fetch took a file that was there"
cmp "$SCRATCH/receipt.pdf" "$SCRATCH/back.pdf" || die "the receipt is another one"
until_true 30 m iquique fetch "$id" empty.txt --out "$SCRATCH/back.txt"
[ ! -s "$SCRATCH/back.txt" ] || die "the empty file is not empty"
[ ! -e "$SCRATCH/back.jpg.part" ] || die "a part stays behind"
row=$(m iquique --json show "$id" | jq -c '.attachments[] | select(.name == "photo.jpg")')
expect "type and size" "$(jq -c '[.media, .bytes]' <<<"$row")" '["image/jpeg",5000000]'
(cd "$SCRATCH" && rm -f receipt.copy && cp receipt.pdf kept.pdf &&
    fails 1 iquique fetch "$id" receipt.pdf && says "already")
m iquique --json fetch "$id" | jq -es 'length == 3' >/dev/null || die "not all are listed"

# ---- The auditor: type and size of both, content of the internal one alone, on demand ----
until_true 30 same_state santiago auditor
expect "what the auditor knows" "$(m auditor --json show "$id" |
    jq -c '[.attachments[] | [.bytes, .name]] | sort')" \
    '[[0,null],[70000,"receipt.pdf"],[5000000,null]]'
expect "what the auditor holds unasked" \
    "$(m auditor --json show "$id" | jq '[.attachments[].held] | add')" 0
until_true 30 m auditor fetch "$receipt" --out "$SCRATCH/audited.pdf"
cmp "$SCRATCH/receipt.pdf" "$SCRATCH/audited.pdf" || die "the auditor's receipt is another one"
fails 1 auditor fetch "$photo"
says "may not be read"

# ---- The daemon is killed while a file comes in: nothing of it stays ----
head -c 60000000 /dev/urandom >"$SCRATCH/half.bin"
m santiago attach "$id" "$SCRATCH/half.bin" >/dev/null 2>"$SCRATCH/err" &
sender=$!
until_true 20 test -s "$SCRATCH/santiago/uploads"
stop santiago KILL
wait "$sender" && die "an attach that was cut off says it is done"
start santiago
expect "files after a crash" "$(count_of santiago attachment)" 2
until_true 20 swept
m santiago verify >/dev/null
echo "attached, killed, fetched: the same bytes"
