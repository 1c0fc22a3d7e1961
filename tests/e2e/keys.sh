#!/usr/bin/env bash
# What only one office can open outlives its key; a vault that rots is made anew and filled by the
# other members. Nothing sealed stands in plain in any file.
# usage: keys.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

reads() { # OFFICE: both values
    m "$1" --json show "$one" | grep -q 'Planted Primero' &&
        m "$1" --json show "$two" | grep -q 'Planted Segundo'
}

found santiago
one=$(m santiago add enterprise enterprise=E1 name="Planted Primero" | head -1)
m santiago member rotate >/dev/null || die "the key does not rotate"
until_true 30 m santiago --json status
two=$(m santiago add enterprise enterprise=E2 name="Planted Segundo" | head -1)
reads santiago || die "what the old key opened is lost"
stop santiago
start santiago
reads santiago || die "what the old key opened is lost after a start"

enrol santiago iquique
until_true 30 reads iquique
stop iquique
dd if=/dev/zero of="$SCRATCH/iquique/vault.db" bs=4096 count=2 conv=notrunc status=none
if "$MINGAD" --home "$SCRATCH/iquique" 2>"$SCRATCH/damaged.log"; then
    die "a daemon ran on a damaged vault"
fi
grep -q 'minga repair vault' "$SCRATCH/damaged.log" || die "nobody says what to do"
m iquique repair vault >/dev/null || die "the vault is not made anew"
start iquique
until_true 30 reads iquique

for office in santiago iquique; do
    stop "$office"
    ! grep -rq 'Planted' "$SCRATCH/$office" --exclude='index.db*' || die "plain text at $office"
done
echo "keys: ok"
