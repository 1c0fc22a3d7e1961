#!/usr/bin/env bash
# The way of money by real daemons: every receipt of the reference programme, by its number, reaches
# the grant, with every signature on the way named and good; a file, a reversal and a handing over
# show; what is not one thing is asked back.
# usage: trail.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

offices=(santiago iquique alto-hospicio)
found santiago
enrol santiago iquique
enrol santiago alto-hospicio
load_programme "${offices[@]}"
until_true 60 same_state "${offices[@]}"

# Every receipt, seen from an office that wrote few of them. A way is whole where it holds the
# receipt, an account, an allotment, the exchange and the grant, no gap, and where each entry and
# record carries a good signature of an office's key that is in force.
cat >"$SCRATCH/whole.py" <<'END'
import csv, json, subprocess, sys
minga, data = sys.argv[1:-1], sys.argv[-1]

def check(receipt, way):
    subject, up = way[0], {row["type"] for row in way if row["part"] == "up"}
    assert subject["receipt"] == receipt and subject["part"] == "subject"
    assert up >= {"account", "allotment", "exchange", "grant"}, up
    assert subject["type"] == "expense" or up >= {"enterprise", "household", "disbursement"}
    for row in way:
        assert row["type"] != "gap", row
        if row["type"] == "account" or "count" in row:
            continue
        commit = row["commit"]
        assert commit["signature"] == "good" and commit["key"]["state"] == "in force", commit
        assert commit["office"] in ("santiago", "iquique", "alto-hospicio"), commit
        assert commit["settled"]["of"] == 3 and commit["settled"]["by"] >= 1, commit

count = 0
for name in ("purchases", "expenses"):
    for row in csv.DictReader(open(f"{data}/{name}.csv")):
        out = subprocess.run(minga + ["trail", row["receipt"]], check=True, capture_output=True)
        check(row["receipt"], [json.loads(line) for line in out.stdout.splitlines()])
        count += 1
print(count)
END
receipts=$(python3 "$SCRATCH/whole.py" "$MINGA" --home "$SCRATCH/alto-hospicio" --json "$DATA") ||
    die "a receipt's way is not whole"
expect receipts "$receipts" "$(($(cat "$DATA"/purchases.csv "$DATA"/expenses.csv | wc -l) - 2))"

# Down from the grant: the sums are those of the files.
grant=$(m iquique --json list grant | field id)
m iquique --json trail "$grant" >"$SCRATCH/way"
sum_of() {
    jq -s --arg type "$1" '[.[] | select(.type == $type and (.why | IN("all", "bought")))
        | .amount] | add' "$SCRATCH/way"
}
file_sum() {
    python3 -c 'import csv, sys
print(sum(int(row["amount"]) for row in csv.DictReader(open(sys.argv[1]))))' "$DATA/$1s.csv"
}
for type in disbursement purchase expense; do
    expect "all of $type" "$(sum_of "$type")" "$(file_sum "$type")"
done

# A file of a purchase is on its way; by the file's id the same way is found.
printf 'a receipt' >"$SCRATCH/boleta.pdf"
purchase=$(m santiago --json list purchase office=santiago --limit 1 | field id)
file=$(m santiago --json attach "$purchase" "$SCRATCH/boleta.pdf" --class internal | field id)
expect "the file" "$(m santiago --json trail "$purchase" | jq -r 'select(.part == "subject") |
    .documents[0].id')" "$file"
expect "from the file" "$(m santiago --json trail "$file" | jq -r 'select(.part == "subject") |
    .id')" "$purchase"

# What was taken back says so, on both sides of it.
expense=$(m iquique --json list expense office=iquique --limit 1 | field id)
m iquique fund reverse "$expense" --because "entered twice" --anyway >/dev/null
expect "taken back" "$(m iquique --json trail "$expense" |
    jq -r 'select(.part == "down" and .why == "reversed-by") | .about.id')" "$expense"

# People read it, in both languages.
m iquique trail boleta 78625 >"$SCRATCH/english"
grep -q 'signature good, key in force; settled: 3 of 3 offices have it' "$SCRATCH/english"
grep -q 'fed by: grant .*USD 200,000.00.*FOSIS' "$SCRATCH/english"
LANGUAGE=es m iquique trail boleta 78625 >"$SCRATCH/spanish"
grep -q 'firma correcta, clave vigente; asentado: lo tienen 3 de 3 oficinas' "$SCRATCH/spanish"
grep -q 'alimentada por: subvención .*USD 200.000,00' "$SCRATCH/spanish"

# Mistyped, or more than one.
code=0
m iquique trail boleta 00000 >"$SCRATCH/none" 2>&1 || code=$?
expect "no such receipt" "$code" 1
grep -q "called 'boleta 00000'" "$SCRATCH/none"
line=$(m iquique --json list expense office=iquique --limit 1 | field fields.budget_line)
m iquique fund expense "$line" CLP 1 --receipt "boleta 78625" --anyway >/dev/null 2>&1
code=0
m iquique trail boleta 78625 >"$SCRATCH/two" 2>&1 || code=$?
expect "a receipt used twice" "$code" 1
grep -q "'boleta 78625' is more than one: " "$SCRATCH/two"
grep -q 'purchase P001 of santiago (' "$SCRATCH/two"
