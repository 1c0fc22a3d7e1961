#!/usr/bin/env bash
# Money on real daemons: two offices that cannot hear each other spend what each was given and no
# more; a number is one entry, whatever is killed between the command and its answer; a receipt used
# at two offices is found on all; mistyped commands write nothing.
# usage: fund.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

port_santiago=$(free_port)
plug=$(free_port)
found santiago --address "127.0.0.1:$plug"
cable "$plug" "$port_santiago"
enrol santiago iquique
enrol santiago contraloria auditor
offices=(santiago iquique contraloria)
m contraloria peer add "santiago=127.0.0.1:$port_santiago" >/dev/null

# fund OFFICE WORDS...: the answer; commits_of OFFICE: how many commits it has.
fund() {
    local office=$1
    shift
    m "$office" --json fund "$@"
}
commits_of() { m "$1" --json status | field commits; }
balance() { # OFFICE OWNER LINE: as OFFICE sees it, CLP
    fund "$1" balance --office "$2" --line "$3" --currency CLP | field balance
}
# refused OFFICE CODE REGEX WORDS...: ends with that code, says so, and writes nothing.
refused() {
    local office=$1 wanted=$2 regex=$3 code=0 before
    shift 3
    before=$(commits_of "$office")
    m "$office" fund "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
    expect "fund $*: exit ($(cat "$SCRATCH/err"))" "$code" "$wanted"
    [ ! -s "$SCRATCH/out" ] || die "fund $* prints $(cat "$SCRATCH/out")"
    [[ $(tr '\n' ' ' <"$SCRATCH/err") =~ $regex ]] || die "fund $*: $(cat "$SCRATCH/err")"
    expect "fund $*: commits" "$(commits_of "$office")" "$before"
}

m santiago import programme "$DATA/programme.json" >/dev/null 2>&1
for type in household enterprise visit; do
    m santiago import "$type" "$(file_of "$type")" >/dev/null 2>&1
done
fund santiago allot iquique enterprises CLP 600000 --date 2009-07-05 >/dev/null
fund santiago allot santiago enterprises CLP 300000 --date 2009-07-05 >/dev/null
expect "the sentence" "$(m santiago fund allot iquique workshops CLP 1000 --date 2009-07-05)" \
    "$(printf 'Written: allotment of CLP 1,000 to iquique for workshops (%s, %.8s); %s.' \
        "$(m santiago --json list allotment --sort amount --limit 1 | field fields.ref)" \
        "$(m santiago --json list allotment --sort amount --limit 1 | field id)" \
        'pool of santiago: CLP 107,099,000 left; workshops of iquique: now CLP 1,000')"
until_true 30 same_state "${offices[@]}"

# ---- Mistyped ----
refused iquique 2 'without points or commas' pay E07 CLP 400.000 --date 2009-09-01
refused iquique 2 'CLP has no minor unit' pay E07 CLP 400000.50 --date 2009-09-01
refused iquique 2 'is below zero' pay E07 CLP -5 --date 2009-09-01
refused iquique 2 'above zero' pay E07 CLP 0 --date 2009-09-01
refused iquique 2 '2\^53' pay E07 CLP 9007199254740992 --date 2009-09-01
refused iquique 2 "did you mean 'CLP'" pay E07 CPL 400000 --date 2009-09-01
refused iquique 2 'did you mean "workshops"' expense workshop CLP 5 --receipt 1 --date 2009-09-01
refused iquique 2 'did you mean: minga fund award' awrd E07 CLP 5
refused iquique 2 'is no date' pay E07 CLP 5 --date 2009-02-30
refused iquique 4 'still to come' pay E07 CLP 5 --date 2126-01-01
refused iquique 4 "outside the programme's period" pay E07 CLP 5 --date 2011-01-01
refused iquique 1 'alone spends' pay E07 CLP 5 --date 2009-09-01 --office santiago
refused iquique 1 'does not cover.*santiago could allot CLP 1' pay E07 CLP 600001 --date 2009-09-01
refused iquique 4 'above the CLP 400000 of its line' award E07 CLP 400001 --date 2009-08-01
refused iquique 4 'is of alto-hospicio' purchase E05 CLP 5 x --receipt 1 --date 2009-09-01
refused iquique 4 'has no receipt' expense workshops CLP 5 --date 2009-09-01
refused iquique 1 'there is no file' expense workshops CLP 5 --receipt 1 --file /no/such/file
refused contraloria 1 'may not write' expense workshops CLP 5 --receipt 1 --date 2009-09-01
expect "a dry run" "$(m iquique fund pay E07 CLP 400000 --date 2009-09-01 --dry-run 2>/dev/null)" \
    "Would be written: payment of CLP 400,000 to E07; enterprises of iquique: \
from CLP 600,000 to CLP 200,000."

# ---- A number is one entry ----
pay=(pay E07 CLP 400000 --date 2009-09-01 --ref D07)
fund iquique "${pay[@]}" | jq -e '.ref == "D07" and .commit != null' >/dev/null || die "no payment"
fund iquique "${pay[@]}" | jq -e '.unchanged and .commit == null' >/dev/null || die "paid twice"
refused iquique 1 'D07 already, and it says something else' pay E07 CLP 5 --date 2009-09-01 \
    --ref D07
refused iquique 4 'above the CLP 400000' pay E07 CLP 5 --date 2009-09-02

# The daemon is killed between a command and its answer, at whichever instant: the command is typed
# again until it is answered, and the money went once.
buy=(purchase E07 CLP 1000 thread --receipt "boleta K" --date 2009-09-20)
for n in 1 2 3 4; do
    ref=K$n
    (fund iquique pass santiago workshops CLP 10 --date 2009-09-03 --ref "$ref" || true) \
        >"$SCRATCH/answer.$n" 2>&1 &
    asked=$!
    for ((spin = 0; spin < (n - 1) * 600; spin++)); do :; done
    stop iquique KILL
    wait "$asked" || true
    start iquique
    fund iquique pass santiago workshops CLP 10 --date 2009-09-03 --ref "$ref" >"$SCRATCH/again"
    # An answer is a promise: then the second one wrote nothing.
    if jq -e '.commit' "$SCRATCH/answer.$n" >/dev/null 2>&1; then
        jq -e '.unchanged' "$SCRATCH/again" >/dev/null || die "an answered payment was lost"
    fi
    expect "paid once, $n" "$(balance iquique iquique workshops)" $((1000 - 10 * n))
done

# ---- A receipt with its paper; back again ----
printf 'a photo' >"$SCRATCH/boleta.jpg"
id=$(fund iquique "${buy[@]}" --file "$SCRATCH/boleta.jpg" --ref P1 | field id)
fund iquique "${buy[@]}" --file "$SCRATCH/boleta.jpg" --ref P1 | jq -e .unchanged >/dev/null
expect "one file" "$(m iquique --json show "$id" | jq -c '[.attachments[].name]')" '["boleta.jpg"]'
fund iquique transfer P1 --date 2009-10-01 >/dev/null
refused iquique 4 'handed over since 2009-10-01' transfer P1 --date 2009-10-02
refused iquique 4 'used 2 times' expense workshops CLP 5 --receipt "BOLETA k" --date 2009-09-21
fund iquique expense workshops CLP 40 --receipt 5 --date 2009-09-21 --ref X1 >/dev/null
refused iquique 2 'needs --because' reverse X1
fund iquique reverse X1 --because "el taller se suspendió" | jq -e '.about == "X1"' >/dev/null
refused iquique 1 'was reversed already' reverse X1 --because again
expect "given back" "$(balance iquique iquique workshops)" 960
until_true 30 same_state "${offices[@]}"
refused santiago 1 'cannot reverse .*D07.*at iquique' reverse D07 --because mine
reason() {
    [ "$(m contraloria --json list decision | field fields.because)" = "el taller se suspendió" ]
}
until_true 30 reason

# ---- Two offices that cannot hear each other ----
pull
until_true 30 unlinked iquique santiago
# What they share is split: 200,000 at Iquique, 300,000 at Santiago. Each wants the whole of it.
refused iquique 1 'does not cover' expense enterprises CLP 500000 --receipt 900 --date 2009-10-01
refused santiago 1 'does not cover' expense enterprises CLP 500000 --receipt 901 --date 2009-10-01
fund santiago pass iquique enterprises CLP 50000 --date 2009-10-02 >/dev/null
refused santiago 1 'does not cover' expense enterprises CLP 250001 --receipt 901 --date 2009-10-02
fund santiago expense enterprises CLP 250000 --receipt "boleta 78625" --date 2009-10-02 \
    --ref G1 >/dev/null
fund iquique expense enterprises CLP 200000 --receipt "Boleta 78625" --date 2009-10-02 \
    --ref G2 >/dev/null
refused iquique 1 'does not cover' expense enterprises CLP 1 --receipt 902 --date 2009-10-02
cable "$plug" "$port_santiago"
until_true 60 same_state "${offices[@]}"
told=$(fund santiago balance)
for office in "${offices[@]}"; do
    expect "$office: balances" "$(fund "$office" balance)" "$told"
done
jq -es 'all(.[]; .balance >= 0 and .credited - .debited == .balance)' <<<"$told" >/dev/null ||
    die "an account is below zero: $told"
expect "in all" "$(jq -s '[.[] | select(.currency == "CLP") | .balance] | add' <<<"$told")" \
    $((108000000 - 400000 - 250000 - 200000))
# What was passed on arrived, and can be spent.
fund iquique expense enterprises CLP 50000 --receipt 903 --date 2009-10-03 >/dev/null
expect "nothing left" "$(balance iquique iquique enterprises)" 0

# The receipt that both used is a finding, and the same one on every member.
for office in "${offices[@]}"; do
    until_true 30 same_state santiago "$office"
    code=0
    m "$office" --json audit >"$SCRATCH/audit.$office" 2>/dev/null || code=$?
    expect "$office: the audit's exit" "$code" 4
    found=$(jq -c '.findings[] | select(.rule == "receipt-twice") | [.rule, (.records | sort)]' \
        "$SCRATCH/audit.$office")
    [ -n "$found" ] || die "$office does not find the receipt: $(cat "$SCRATCH/audit.$office")"
    [ -n "${same:-}" ] || same=$found
    expect "$office finds" "$found" "$same"
done
expect "which" "$(jq -c '.[1]' <<<"$same")" "$(m santiago --json list expense |
    jq -sc '[.[] | select(.fields.ref | test("^G[12]$")) | .id] | sort')"

# ---- Totals of a file ----
{
    echo "# total CLP 12750003,,"
    cat "$DATA/disbursements.csv"
} >"$SCRATCH/d.csv"
code=0
before=$(commits_of santiago)
m santiago import disbursement "$SCRATCH/d.csv" --where office=santiago >/dev/null \
    2>"$SCRATCH/err" || code=$?
expect "a wrong total" "$code $(commits_of santiago)" "2 $before"
grep -q 'line 1 says a total of CLP 12750003, but the rows sum to CLP 12750002' "$SCRATCH/err" ||
    die "$(cat "$SCRATCH/err")"
sed -i '1s/3,,$/2,,/' "$SCRATCH/d.csv"
expect "a right total" "$(m santiago import disbursement "$SCRATCH/d.csv" --where office=santiago \
    --dry-run 2>/dev/null)" \
    "disbursement: $(grep -c ',santiago,' "$DATA/disbursements.csv") added, 0 changed, \
0 the same, 0 rejected (0 commits)"

# ---- Spanish ----
export LANGUAGE=es
expect "saldo" "$(m iquique fund balance --office iquique --line workshops |
    awk '{print $1, $2, $3, $6}' | head -n 2)" \
    $'oficina línea moneda saldo\niquique workshops CLP 960'
expect "in Spanish" "$(m iquique fund expense workshops CLP 40 --receipt 5 --date 2009-09-21 \
    --dry-run 2>/dev/null)" \
    'Se escribiría: gasto de CLP 40 en workshops; workshops de iquique: de CLP 960 a CLP 920.'
refused iquique 4 'el comprobante .* se usó 2 veces.*--anyway lo escribe' expense workshops CLP 5 \
    --receipt "BOLETA k" --date 2009-09-21
refused iquique 1 'workshops de iquique tiene CLP 960, que no cubre CLP 961' expense workshops \
    CLP 961 --receipt 7 --date 2009-09-21
