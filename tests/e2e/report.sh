#!/usr/bin/env bash
# The programme card and the way of the money, as text, JSON and pages; read by a browser, judged by
# an XML parser and a PDF reader.
# usage: report.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

found santiago
enrol santiago iquique
enrol santiago fosis partner
m santiago import programme "$DATA/programme.json" >/dev/null 2>&1
m santiago import allotment "$DATA/allotments.csv" >/dev/null 2>&1
until_true 30 same_state santiago iquique fosis
for type in household enterprise visit disbursement purchase session income contact expense; do
    for office in santiago iquique; do
        m "$office" import "$type" "$(file_of "$type")" --where "office=$office" >/dev/null 2>&1
    done
done
# The third office's rows are Santiago's here: two daemons are enough for what is shown.
for type in household enterprise visit session income contact; do
    m santiago import "$type" "$(file_of "$type")" --where office=alto-hospicio >/dev/null 2>&1
done
until_true 60 same_state santiago iquique fosis

# ---- what is counted ----
card=$(m santiago --json report programme)
# counted NAME FIELD [JQ CONDITION]
counted() {
    jq -r --arg name "$1" ".indicators[] | select(.name == \$name and ${3:-.by == null}) | .$2" \
        <<<"$card"
}
expect families "$(counted families-reached numerator)" 100
expect people "$(counted people-reached numerator)" 300
expect "people promised" "$(counted people-reached denominator)" 300
expect enterprises "$(counted enterprises numerator)" 47
expect strengthening \
    "$(counted enterprises numerator '.by == "line" and .value == "strengthening"')" 20
expect "higher incomes" "$(counted income-higher numerator)" 19
expect measured "$(counted income-higher denominator)" 47
expect "share of higher incomes" "$(counted income-higher percent)" 40
expect "not measured" "$(counted income-higher missing)" 0
expect "sessions due" "$(counted sessions-individual denominator)" 188
expect "sessions held" "$(counted sessions-individual numerator)" 188
expect title "$(jq -r '.programmes[0].title' <<<"$card")" \
    "$(jq -r .title "$DATA/programme.json")"
expect partners "$(jq -c '.programmes[0].partners | sort' <<<"$card")" \
    "$(jq -c '.partners | sort' "$DATA/programme.json")"
expect recipient "$(jq -r '.grants[] | select(.type == "grant").recipient' <<<"$card")" \
    "$(jq -r .grant.recipient "$DATA/programme.json")"
text=$(m santiago report programme)
for said in 'families reached' '19  47 measured at baseline' '200,000.00 from FOSIS to Vicaria' \
    'Resettlement'; do
    [[ $text == *$said* ]] || die "the card does not say: $said"
done

# ---- money: nothing is lost on its way ----
m santiago --json report trail | jq -e '.flows[0] as $f | [range($f.nodes | length)] | all(. as $n |
    ([$f.links[] | select(.to == $n).amount] | add) as $in |
    ([$f.links[] | select(.from == $n).amount] | add) as $out |
    $in == null or $out == null or $in == $out)' >/dev/null || die "money is lost in the picture"

# ---- a partner sees no small group, an auditor's clone everything ----
partner=$(m fosis --json report programme)
expect "the partner's bound" "$(jq .k <<<"$partner")" 5
expect "small groups shown to a partner" "$(jq '[.indicators[] | select(.unit == "families" or
    .unit == "enterprises" or .unit == "people") | .numerator | select(. != null and . > 0 and
    . < 5)] | length' <<<"$partner")" 0
expect "what an office asks for" "$(m santiago --json report programme --k 12 |
    jq '[.indicators[] | select(.name == "enterprises" and .by == "office").numerator |
    select(. != null and . > 0 and . < 12)] | length')" 0
m santiago export git "$SCRATCH/history" >/dev/null 2>&1
git clone -q --mirror "$SCRATCH/history/minga.bundle" "$SCRATCH/clone.git"
expect "a clone's families" "$("$MINGA" --home "$SCRATCH/none" --json report programme \
    --repo "$SCRATCH/clone.git" | jq '.indicators[] | select(.name == "families-reached" and
    .by == null).numerator')" 100

# ---- mistyped ----
fails() { # EXIT WORDS...
    local wanted=$1 code=0
    shift
    m santiago "$@" >"$SCRATCH/out" 2>&1 || code=$?
    expect "exit of: $*" "$code" "$wanted"
}
fails 2 report
fails 2 report programm
fails 2 report programme --k 2
fails 2 report programme --k five
fails 2 report trail --k 5
fails 1 report trail --html /nonexistent/folder/page.html
"$MINGA" --home "$SCRATCH/none" report programme >/dev/null 2>&1 && die "no home, and a report"

# ---- pages: a browser, an XML parser, a PDF reader ----
flags=(--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    "--user-data-dir=$SCRATCH/browser")
# page WHAT LANGUAGE PAGES
page() {
    local file=$SCRATCH/$1-$2.html pdf=$SCRATCH/$1-$2.pdf
    LANGUAGE=$2 m santiago report "$1" --html "$file" >/dev/null
    xmllint --noout "$file" || die "$file is not well-formed"
    ! grep -qiE '<script|src=|@import|<link' "$file" || die "$file needs something else"
    chromium "${flags[@]}" --enable-logging=stderr --no-pdf-header-footer \
        "--print-to-pdf=$pdf" "file://$file" >"$SCRATCH/browser.txt" 2>&1 ||
        die "the browser: $(cat "$SCRATCH/browser.txt")"
    ! grep -q CONSOLE "$SCRATCH/browser.txt" || die "$(grep CONSOLE "$SCRATCH/browser.txt")"
    expect "pages of $1 in $2" "$(pdfinfo "$pdf" | sed -n 's/^Pages: *//p')" "$3"
    pdfinfo "$pdf" | grep -q A4 || die "$pdf is not A4"
}
page programme en 1
page programme es 1
page trail en 2
pdftotext -layout "$SCRATCH/programme-es.pdf" - >"$SCRATCH/card.txt"
grep -q 'familias alcanzadas' "$SCRATCH/card.txt" || die "the Spanish card is not Spanish"
grep -q '108.000.000' "$SCRATCH/card.txt" || die "thousands are not marked as in Spanish"
