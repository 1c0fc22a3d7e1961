#!/usr/bin/env bash
# The key under a passphrase: asked for at a terminal, named in a file, handed over by systemd; a
# wrong one opens nothing; what needs no secret asks for none.
# usage: passphrase.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

secret="una clave que nadie adivina"
other="otra clave que nadie adivina"
echo "$secret" >"$SCRATCH/secret"
echo "$other" >"$SCRATCH/other"
typed() { # WANTED_EXIT ANSWER... -- COMMAND...
    local wanted=$1 code=0
    shift
    python3 "$here/typed.py" "$@" >"$SCRATCH/typed" 2>&1 || code=$?
    expect "$* ($(cat "$SCRATCH/typed"))" "$code" "$wanted"
}
says() { # EXIT COMMAND...: without a terminal
    local wanted=$1 code=0
    shift
    "$@" >"$SCRATCH/said" 2>&1 </dev/null || code=$?
    expect "$* ($(cat "$SCRATCH/said"))" "$code" "$wanted"
}

# ---- init asks twice, and shows nothing ----
home=$SCRATCH/santiago
port=$(free_port)
init=("$MINGA" --home "$home" init Programa --as santiago --listen "127.0.0.1:$port")
typed 2 "$secret" "$other" -- "${init[@]}"
grep -q "the two passphrases differ" "$SCRATCH/typed" || die "two different ones are taken"
typed 2 "corta" -- "${init[@]}"
grep -q "shorter than" "$SCRATCH/typed" || die "a short one is taken"
typed 2 -- "${init[@]}" --no-input
says 2 "${init[@]}"
grep -q -e "--passphrase-file FILE, or --no-passphrase" "$SCRATCH/said" || die "no way out is told"
[ ! -e "$home" ] || die "something was made"
typed 0 "$secret" "$secret" -- "${init[@]}"
expect "the key's file" "$(stat -c %a "$home/identity")" 600
grep -q '^minga-identity 1 argon2id ' "$home/identity" || die "the key is not wrapped"

# ---- The daemon ----
says 2 "$MINGAD" --home "$home"
grep -q -e "--passphrase-file FILE" "$SCRATCH/said" || die "the daemon does not say what it wants"
says 12 "$MINGAD" --home "$home" --passphrase-file "$SCRATCH/other"
typed 12 "$other" -- "$MINGAD" --home "$home"
says 2 "$MINGAD" --home "$home" --passphrase-file "$SCRATCH/none"
run() { # OFFICE ARGUMENTS...: its daemon, until it answers
    local office=$1
    shift
    "$MINGAD" --home "$SCRATCH/$office" "$@" 2>>"$SCRATCH/$office.log" </dev/null &
    pid=$!
    pids+=("$pid")
    until_true 20 m "$office" --json status
}
halt() {
    kill "$pid"
    wait "$pid" || die "the daemon failed"
}
run santiago --passphrase-file "$SCRATCH/secret"
m santiago add household commune=Recoleta people=3 >/dev/null
halt
mkdir "$SCRATCH/credentials"
cp "$SCRATCH/secret" "$SCRATCH/credentials/minga-passphrase"
CREDENTIALS_DIRECTORY=$SCRATCH/credentials run santiago
m santiago add household commune=Recoleta people=4 >/dev/null
link=$(m santiago --json invite iquique | field link)

# ---- join asks too; the same key is unlocked by the same passphrase ----
join=("$MINGA" --home "$SCRATCH/iquique" join "$link" --timeout 30)
says 2 "${join[@]}"
[ ! -e "$SCRATCH/iquique" ] || die "join made something"
typed 0 "$secret" "$secret" -- "${join[@]}"
grep -q '^minga-identity 1 argon2id ' "$SCRATCH/iquique/identity" || die "the key is not wrapped"
! grep -rqsF "$secret" "$home" "$SCRATCH/iquique" || die "the passphrase lies about"
halt

# ---- At a terminal ----
cat >"$SCRATCH/once" <<END
#!/bin/bash
. "$here/lib.sh"
(until_true 60 "$MINGA" --home "$home" status; kill \$\$) &
exec "$MINGAD" --home "$home"
END
chmod +x "$SCRATCH/once"
typed 0 "$secret" -- "$SCRATCH/once"

# ---- What needs no secret asks for none ----
for command in verify doctor "repair index" "config list" "export git $SCRATCH/kit"; do
    # shellcheck disable=SC2086
    code=0
    "$MINGA" --home "$home" $command >"$SCRATCH/said" 2>&1 </dev/null || code=$?
    [ "$code" -ne 2 ] && [ "$code" -ne 12 ] || die "$command: $(cat "$SCRATCH/said")"
done

# ---- Another passphrase, and none ----
change=("$MINGA" --home "$home" passphrase)
says 12 "${change[@]}" --passphrase-file "$SCRATCH/other" --new-passphrase-file "$SCRATCH/other"
typed 0 "$secret" "$other" "$other" -- "${change[@]}"
says 12 "$MINGAD" --home "$home" --passphrase-file "$SCRATCH/secret"
run santiago --passphrase-file "$SCRATCH/other"
says 11 "${change[@]}" --passphrase-file "$SCRATCH/other" --new-passphrase-file "$SCRATCH/secret"
m santiago verify >/dev/null
halt
says 0 "${change[@]}" remove --passphrase-file "$SCRATCH/other"
run santiago
m santiago add household commune=Recoleta people=5 >/dev/null
halt
