#!/usr/bin/env bash
# Spanish and English on a machine on which no locale is generated; no escape sequences where nobody
# wants them.
# usage: spanish.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

found santiago
enrol santiago iquique
m santiago import household "$DATA/households.csv" >/dev/null 2>&1
id=$(m santiago add enterprise enterprise=E01 stage=selection)
until_true 30 same_state santiago iquique
first=$(m santiago --json log --limit 1 | field commit)
m santiago set "$id" stage=workshop >/dev/null
m santiago set "$id" stage=purchase --as-of "$first" >/dev/null 2>&1

# says REGEX VARIABLES -- WORDS...: minga at Santiago under these variables of the environment only.
says() {
    local regex=$1 variables=() out
    shift
    while [ "$1" != -- ]; do
        variables+=("$1")
        shift
    done
    shift
    out=$(env -i "PATH=$PATH" "${variables[@]}" "$MINGA" --home "$SCRATCH/santiago" "$@" 2>&1) ||
        true
    [[ $out =~ $regex ]] || die "${variables[*]} minga $*: $out does not say $regex"
}
for spanish in LANGUAGE=es LANGUAGE=es_CL:en LC_MESSAGES=es_CL.UTF-8 LANG=es_ES.UTF-8 \
    LC_ALL=es_CL; do
    says 'red Programa, oficina santiago' "$spanish" -- status
done
for english in LANGUAGE=en LANG=C LANG=de_DE.UTF-8 "LANGUAGE=en:es LANG=es_CL.UTF-8" LC_ALL=C; do
    read -ra variables <<<"$english"
    says 'network Programa, office santiago' "${variables[@]}" -- status
done
says 'network' LANG=es_CL.UTF-8 LC_ALL=C -- status # the stronger one decides
es=(LANGUAGE=es)
says 'al mismo tiempo, sin saber unos de otros; todos leen' "${es[@]}" -- explain "$id"
says 'desde .*una persona tiene que decidir' "${es[@]}" -- conflicts
says 'oficina' "${es[@]}" -- help
says 'no hay ' "${es[@]}" -- stauts
says 'minga status' "${es[@]}" -- stauts
says '0 nuevos, 0 cambiados, 100 iguales' "${es[@]}" -- import household "$DATA/households.csv"
says 'hecho|listo' "${es[@]}" -- set "$id" trade=costura
# JSON is the same in every language.
expect "JSON" "$(LANGUAGE=es m santiago --json show "$id")" "$(m santiago --json show "$id")"
for verb in init invite join member peer add set show list find attach fetch erase disclose import \
    fund trail report log conflicts explain resolve status sync watch bundle verify doctor repair \
    export backup passphrase config help; do
    [ "$(LANGUAGE=es "$MINGA" help "$verb")" != "$(LANGUAGE=en "$MINGA" help "$verb")" ] ||
        die "help $verb is the same in Spanish and English"
done

# No escape sequence: off a terminal, and on one with NO_COLOR, TERM=dumb or --no-color.
escape=$'\e'
on_terminal() { # VARIABLE WORDS...
    python3 - "$@" <<'END'
import os, pty, sys
variable, words = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    name, _, value = variable.partition("=")
    os.environ["TERM"] = "xterm-256color"
    os.environ[name] = value
    os.execvp(words[0], words)
out = b""
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    out += data
os.waitpid(pid, 0)
sys.stdout.buffer.write(out)
END
}
for words in status conflicts "explain $id" "show $id" "list household" log "member list" peer \
    doctor help; do
    read -ra words <<<"$words"
    "$MINGA" --home "$SCRATCH/santiago" "${words[@]}" >"$SCRATCH/out" 2>&1 || true
    [ -s "$SCRATCH/out" ] || die "${words[*]} says nothing"
    if grep -q "$escape" "$SCRATCH/out"; then die "${words[*]} into a file holds an escape"; fi
    for quiet in NO_COLOR=1 TERM=dumb; do
        on_terminal "$quiet" "$MINGA" --home "$SCRATCH/santiago" "${words[@]}" >"$SCRATCH/out"
        [ -s "$SCRATCH/out" ] || die "${words[*]} says nothing on a terminal"
        if grep -q "$escape" "$SCRATCH/out"; then die "${words[*]} with $quiet holds an escape"; fi
    done
    on_terminal LANG=C.UTF-8 "$MINGA" --no-color --home "$SCRATCH/santiago" "${words[@]}" \
        >"$SCRATCH/out"
    if grep -q "$escape" "$SCRATCH/out"; then die "${words[*]} --no-color holds an escape"; fi
done
# What others wrote cannot move anyone's cursor.
evil=$(m santiago add contact institution="$(printf 'a\033[2Jb\302\2332Jc\342\200\256d')")
for words in "show $evil" "list contact" log "find a"; do
    read -ra words <<<"$words"
    on_terminal LANG=C.UTF-8 "$MINGA" --home "$SCRATCH/santiago" "${words[@]}" >"$SCRATCH/out"
    if grep -qP '\x1b|\xc2\x9b|\xe2\x80\xae' "$SCRATCH/out"; then
        die "${words[*]} lets an escape out"
    fi
done
