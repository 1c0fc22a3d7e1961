#!/usr/bin/env bash
# Bad input: each says what is wrong and what to do, ends with the exit code of its kind, and
# changes nothing.
# usage: input.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

# The right error as JSON, and the same for a person. All that is wrong is listed at the end.
cases=0
wrong=0
wrong() {
    echo "WRONG: $*" >&2
    wrong=$((wrong + 1))
}
told() { # CODE ERROR REGEX OFFICE WORDS...: REGEX is for the text and, on the next line, the fix
    local wanted=$1 error=$2 regex=$3 office=$4 code=0 said
    shift 4
    cases=$((cases + 1))
    m "$office" --json "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null || code=$?
    said=$(jq -rs 'if length == 1 then .[0] | "\(.schema) \(.error) \(.exit)\n\(.text)\n\(.fix)"
        else "no error, or several" end' "$SCRATCH/err" 2>/dev/null || cat "$SCRATCH/err")
    if [ "$code" -ne "$wanted" ] || ! [[ $said =~ ^minga.error/1\ $error\ $wanted$'\n' ]] ||
        ! [[ ${said#*$'\n'} =~ $regex ]]; then
        wrong "$*: exit $code, $said; not $wanted, $error, $regex"
    fi
    code=0
    m "$office" "$@" >/dev/null 2>"$SCRATCH/text" </dev/null || code=$?
    if [ "$code" -ne "$wanted" ] || ! grep -q '^minga: .' "$SCRATCH/text"; then
        wrong "$* to a person: exit $code, $(cat "$SCRATCH/text")"
    fi
}
bad() { # CODE ERROR REGEX WORDS...: at Santiago
    told "$1" "$2" "$3" santiago "${@:4}"
    [ "$(state_of santiago)" = "$state" ] || wrong "${*:4} changed the state"
}
n=$'\n'

found santiago
enrol santiago iquique
m santiago import programme "$DATA/programme.json" >/dev/null
m santiago import allotment "$DATA/allotments.csv" >/dev/null
for type in household enterprise; do
    m santiago import "$type" "$(file_of "$type")" >/dev/null 2>&1
done
(echo contact,office && seq -f "N%g,santiago" 2000) >"$SCRATCH/many.csv"
m santiago import contact "$SCRATCH/many.csv" >/dev/null
until_true 30 same_state santiago iquique
id=$(m santiago --json list enterprise enterprise=E01 | field id)
allotment=$(m santiago --json list allotment --limit 1 | field id)
head=$(m santiago --json log --limit 1 | field commit)
state=$(state_of santiago)

# ---- Wrong usage: 2; the nearest name is said, never run ----
bad 2 usage "\"conflict\".*${n}did you mean: minga conflicts" conflict
bad 2 usage "\"stauts\".*${n}did you mean: minga status" stauts
bad 2 usage "\"frobnicate\".*${n}minga help" frobnicate
bad 2 usage "no option --histroy.*${n}.*did you mean --history" show "$id" --histroy
bad 2 usage "wants a value" log --by
bad 2 usage "missing.*${n}use: minga show ID" show
bad 2 usage "too many words" show "$id" "$id"
bad 2 usage "given twice" log --by santiago --by santiago
bad 2 usage "\"wors\"${n}see: minga help member" member wors
bad 2 usage "address.*HOST:PORT" init Other --as other --listen nowhere
bad 2 usage "a label is" init Other --as "Not A Label"
bad 2 usage "stage" set "$id" stage
bad 2 usage "twice" set "$id" stage=workshop stage=purchase
bad 2 usage "number of seconds.*${n}use: minga status" status --wait --timeout soon
bad 2 usage "." peer add talca=nowhere
printf '{"types":{"x":{"shape":"blob"}}}' >"$SCRATCH/bad.json"
told 2 not-schema "shape" fresh init Other --as other --schema "$SCRATCH/bad.json" --no-passphrase
told 1 not-found "none.json${n}.*ls" fresh init --restore "$SCRATCH/none.json"
[ ! -e "$SCRATCH/fresh" ] || wrong "something was left of a refused init"
bad 2 usage "span|7d" invite newcomer --expires soon
bad 2 usage "role|office, auditor" invite newcomer --role king
bad 2 usage "repair.*${n}use: minga repair" repair everything
bad 2 usage "exported.*${n}use: minga export ledger" export excel x
bad 2 usage "limit|number" log --limit many
bad 2 usage "2026|date|commit" log --since yesterday-ish

# ---- Unknown names ----
bad 2 not-schema "no type 'enterprize'${n}did you mean 'enterprise'" add enterprize stage=workshop
bad 2 not-schema "no type 'zzzzzzzz'${n}types: allotment, attachment" list zzzzzzzz
bad 2 not-schema "no field 'stagge'${n}did you mean 'stage'" set "$id" stagge=workshop
bad 2 not-schema "no field 'stagge'${n}did you mean 'stage'" list enterprise stagge=workshop
bad 2 not-schema "no field 'sort_of'" list enterprise --sort sort_of
bad 1 not-found "no record 'ffffffffffff'.*${n}minga list TYPE" show ffffffffffff
bad 1 not-found "no record" set ffffffffffff stage=workshop
bad 1 not-found "no record" explain ffffffffffff
bad 2 usage "too short.*${n}.*4" show "${id:0:3}"
bad 2 usage "is no id.*${n}.*hexadecimal" show E01
bad 1 not-found "called 'iquike'${n}did you mean 'iquique'" log --by iquike
bad 1 not-found "iquike" member show iquike
bad 1 not-found "iquike|no office" sync iquike
bad 1 not-found "no commit 'ffffffff' here${n}minga log" show "$id" --at ffffffff
bad 1 not-found "no commit 'ffffffff'" set "$id" stage=workshop --as-of ffffffff
prefix=$(m santiago --json list contact | jq -r '.id[0:4]' | sort | uniq -d | sed -n 1p)
bad 1 ambiguous "'$prefix' begins more than one id: .*${n}give more digits" show "$prefix"

# ---- Values of the wrong kind ----
bad 2 bad-value "stage.*${n}.*workshop" set "$id" stage=worksop
bad 2 bad-value "people" add household people=three
bad 2 bad-value "date" add visit date=2026-02-30
bad 2 bad-value "amount" add expense budget_line=workshops office=santiago date=2026-02-01 \
    currency=CLP amount=12,5O receipt=x
bad 2 "(bad-value|usage)" "currency" add income monthly_amount=1000
bad 2 bad-value "needs.*${n}.*health" set "$id" needs+=helth
bad 2 usage "needs is a set.*${n}.*needs\+=" set "$id" needs=health
bad 1 not-found "nothing.csv" add household commune=@"$SCRATCH/nothing.csv"
printf 'Nu\xf1oa' >"$SCRATCH/latin1.txt"
bad 2 bad-value "latin1.txt.*UTF-8" add household commune=@"$SCRATCH/latin1.txt"
head -c 20000 /dev/zero | tr '\0' x >"$SCRATCH/long.txt"
bad 1 too-large "." add household commune=@"$SCRATCH/long.txt"

# ---- What may not be written ----
bad 2 bad-value "status: the value is none of its choices" add household status=secretive
! grep -rq secretive "$SCRATCH"/*.log || die "a personal value stands in a log"
bad 1 "(not-allowed|wrong-operation)" "." set "$allotment" amount=1
bad 1 overdrawn "." add expense budget_line=administration office=santiago date=2026-02-01 \
    currency=CLP amount=99999999999 receipt=x
told 1 not-allowed "iquique, as office, may not write allotment${n}." iquique add allotment \
    budget_line=reserve office=iquique currency=CLP amount=5
told 1 not-allowed "admin" iquique invite somebody
expect "the state after all refusals" "$(state_of santiago)" "$state"
expect "no commit was made" "$(m santiago --json log --limit 1 | field commit)" "$head"

# ---- CSV ----
csv() { # CODE ERROR REGEX TYPE: the file on standard input, nothing of it goes in
    cat >"$SCRATCH/bad.csv"
    bad "$1" "$2" "$3" import "$4" "$SCRATCH/bad.csv"
}
csv 2 bad-value "\"peple\"${n}did you mean \"people\"" household <<<"household,peple${n}H950,3"
csv 2 bad-value "\"favourite\"${n}.*mark it with \*" household <<<"household,favourite${n}H950,3"
csv 2 bad-value "." household <<<"household,people,people${n}H950,3,3"
csv 2 bad-value "key|household" household <<<"commune,people${n}Recoleta,3"
csv 2 bad-value "empty" household </dev/null
printf 'household,commune\nH950,Recoleta\nH951,Nu\xf1oa\n' |
    csv 2 bad-value "line 3.*UTF-8" household
csv 2 bad-value "line 2 does not end${n}.*quotation mark" household < <(echo "household,commune" &&
    echo "H950,\"Recoleta" && yes "a,b" | head -c 2000000)
bad 1 not-found "no-such.csv" import household "$SCRATCH/no-such.csv"
bad 2 bad-value "people_count" import household "$DATA/households.csv" --where people_count=3
bad 2 bad-value "column \"title\"" import programme "$DATA/households.csv"
head -c 500 "$DATA/programme.json" >"$SCRATCH/cut.json"
bad 1 malformed "line 28, column" import programme "$SCRATCH/cut.json"

# Rows that do not fit go to a reject file with their lines; the others go in: 3.
cat >"$SCRATCH/rows.csv" <<'END'
household,office,commune,people,referral
H950,santiago,Recoleta,3,health
H951,santiago,Recoleta
H952,santiago,Recoleta,many,health
,santiago,Recoleta,3,health
H953,santiago,"Cerro
Navia",4,housing
H954,santiago,Recoleta,3,health,more
H955,santiago,Recoleta,3,weather
H956,santiago,=cmd,6,
END
code=0
m santiago --json import household "$SCRATCH/rows.csv" >"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
expect "a file of which some rows fit" "$code $(field error <"$SCRATCH/err")" "3 partly"
expect "rows in" "$(jq -c '[.added, .rejected]' "$SCRATCH/out")" "[3,5]"
expect "reject file" "$(field reject_file <"$SCRATCH/out")" "$SCRATCH/rows.rejects.csv"
python3 - "$SCRATCH/rows.rejects.csv" <<'END'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
assert [row["line"] for row in rows] == ["3", "4", "5", "8", "9"], rows
for row, word in zip(rows, ["3 cells", "people", "key", "6 cells", "referral"]):
    assert word in row["reason"], row
assert rows[0]["row"] == "H951,santiago,Recoleta", rows
END
for household in H950 H953 H956; do
    expect "$household is in" "$(m santiago --json list household household=$household | wc -l)" 1
done
expect "a cell of two lines" "$(m santiago --json list household household=H953 |
    field fields.commune)" "Cerro${n}Navia"
state=$(state_of santiago)
code=0
m santiago --json import household "$SCRATCH/rows.csv" >"$SCRATCH/out" 2>/dev/null || code=$?
expect "the same file again" \
    "$code $(jq -c '[.added, .changed, .same, .rejected]' "$SCRATCH/out")" "3 [0,0,3,5]"
expect "the state" "$(state_of santiago)" "$state"

# ---- The configuration ----
config=$SCRATCH/santiago/config
cp "$config" "$SCRATCH/config"
refusals() { grep -c 'event=reload_refused' "$SCRATCH/santiago.log" || true; }
more_refusals() { [ "$(refusals)" -gt "$1" ]; }
broken() { # REGEX LINES
    { cat "$SCRATCH/config" && printf '%b' "$2"; } >"$config"
    bad 1 bad-config "$1" config check
    # A running daemon says so and goes on with what it had.
    local refused
    refused=$(refusals)
    kill -HUP "${pid_santiago:?}"
    until_true 10 more_refusals "$refused"
    m santiago status >/dev/null || die "the daemon is gone after a broken configuration"
}
broken "config, line $(($(wc -l <"$config") + 2)): gossip.lnks: .*${n}did you mean gossip.links" \
    '[gossip]\nlnks = 4\n'
broken "line [0-9]+: gossip.links.*${n}.*1 to" '[gossip]\nlinks = many\n'
broken "line [0-9]+: log.level.*${n}.*warning" '[log]\nlevel = loud\n'
broken "line [0-9]+: peer.iquique.address.*${n}.*HOST:PORT" '[peer "iquique"]\naddress = nowhere\n'
broken "config.*git-config" '[gossip\nlinks = 4\n'
cp "$SCRATCH/config" "$config"
stop santiago
printf '[gossip]\nlnks = 4\n' >>"$config"
code=0
"$MINGAD" --home "$SCRATCH/santiago" 2>"$SCRATCH/err" || code=$?
[ "$code" -ne 0 ] || die "a daemon starts with a broken configuration"
grep -Eq 'error=bad-config.*config, line [0-9]+: gossip.lnks.*did you mean gossip.links' \
    "$SCRATCH/err" || die "at the start: $(cat "$SCRATCH/err")"
cp "$SCRATCH/config" "$config"

# ---- No daemon: 13, no replica: 10, one home twice: 11 ----
told 13 no-daemon "${n}.*mingad --home" santiago status
told 13 no-daemon "${n}.*mingad --home" santiago add household people=3
told 10 no-replica "${n}.*init.*join|${n}.*join" nobody status
told 10 no-replica "." nobody verify
start santiago
expect "the state after a new start" "$(state_of santiago)" "$state"
code=0
"$MINGAD" --home "$SCRATCH/santiago" 2>"$SCRATCH/err" || code=$?
expect "a second daemon: $(cat "$SCRATCH/err")" "$code" 11
grep -q "error=locked" "$SCRATCH/err" || die "a second daemon: $(cat "$SCRATCH/err")"
bad 11 locked "." repair index
bad 1 exists "santiago.*" init Other --as other
bad 1 exists "not empty" export git "$SCRATCH/santiago"

# ---- Links ----
link=$(m santiago --json invite newcomer | field link)
joining() { # CODE ERROR REGEX LINK
    told "$1" "$2" "$3" newcomer join "$4" --no-passphrase --timeout 5
    [ ! -e "$SCRATCH/newcomer/repo.git" ] || die "something was left of a refused join"
}
joining 2 malformed "." "${link:0:40}"
joining 2 malformed "." "${link%?}"
joining 2 malformed "." "hello"
joining 2 malformed "." "${link:0:60}A${link:61}"
past=$(m santiago --json invite latecomer --expires 1s | jq -r '.link, .expires')
over() { [ "$(date -u +%s)" -gt "$(date -ud "${past#*"$n"}" +%s)" ]; }
until_true 10 over
joining 1 expired "expired.*${n}.*invite" "${past%%"$n"*}"
m newcomer join "$link" --no-passphrase --timeout 30 >/dev/null 2>&1
told 1 "(used|exists)" "." another join "$link" --no-passphrase --timeout 10
expect "members" "$(m santiago --json member list | wc -l)" 3
told 1 exists "replica already" newcomer join "$link" --no-passphrase

# ---- A peer that cannot be reached: 14 ----
stop iquique
told 14 "(unreachable|timeout)" "${n}.*minga peer" santiago sync iquique --timeout 2

# ---- A home of another network: the journal of one under the name of another ----
"$MINGA" --home "$SCRATCH/other" init Otra --as iquique --no-passphrase >/dev/null 2>&1
state=$(state_of santiago)
cp -a "$SCRATCH/iquique" "$SCRATCH/swapped"
rm -rf "$SCRATCH/swapped/journal"
cp -a "$SCRATCH/other/journal" "$SCRATCH/swapped/journal"
code=0
"$MINGAD" --home "$SCRATCH/swapped" 2>"$SCRATCH/err" || code=$?
[ "$code" -ne 0 ] || die "a daemon runs on another network's journal"
grep -Eq 'error=(wrong-network|corrupt)' "$SCRATCH/err" ||
    die "another network: $(cat "$SCRATCH/err")"
expect "the state of the others" "$(state_of santiago)" "$state"
m santiago verify >/dev/null
[ "$wrong" -eq 0 ] || die "$wrong of $cases cases are wrong"
echo "$cases cases"
