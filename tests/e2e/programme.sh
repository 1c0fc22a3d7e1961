#!/usr/bin/env bash
# The whole reference programme by five daemons: every row on every member, its personal columns
# readable at the three offices and nowhere else, in clear on no disk, and importing it all again
# changes nothing.
# usage: programme.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

offices=(santiago iquique alto-hospicio)
everyone=("${offices[@]}" fosis auditor)
found santiago
enrol santiago iquique
enrol santiago alto-hospicio
enrol santiago fosis partner
enrol santiago auditor auditor
load_programme "${offices[@]}"
until_true 60 same_state "${everyone[@]}"
content_here() { [ "$(m "$1" --json status | field waiting_sealed)" = 0 ]; }
for office in "${offices[@]}"; do until_true 60 content_here "$office"; done

# Every row of every file, on every member.
declare -A wanted=([household]=100 [enterprise]=47 [visit]=68 [disbursement]=47 [purchase]=115
    [session]=200 [income]=94 [contact]=45 [allotment]=16 [programme]=1 [grant]=1 [exchange]=1
    [expense]=$(($(wc -l <"$DATA/expenses.csv") - 1)))
for office in "${everyone[@]}"; do
    total=0
    for type in "${!wanted[@]}"; do
        expect "$office: number of $type" "$(count_of "$office" "$type")" "${wanted[$type]}"
        total=$((total + wanted[$type]))
    done
    total=$((total + $(count_of "$office" classkey)))
    expect "$office: records" "$(m "$office" --json status | field records)" "$total"
done

# A row says on every member what its file says: personal columns where they may be read.
row=$(m iquique --json list household household=H002)
expect "H002 in iquique" "$(jq -cS .fields <<<"$row")" "$(jq -cS . <<<'{
    "address": "Pasaje Bedoya 283", "commune": "Quinta Normal",
    "head_name": "Carmen Ospina Acosta", "household": "H002",
    "office": "santiago", "people": 4, "phone": "+56 9 8912 5795", "referral": "employment",
    "status": "refugee"}')"
row=$(m auditor --json list household household=H002)
expect "H002" "$(jq -cS .fields <<<"$row")" \
    "$(jq -cS . <<<'{"address": null, "commune": "Quinta Normal", "head_name": null,
                     "household": "H002", "office": "santiago", "people": 4, "phone": null,
                     "referral": "employment", "status": null}')"
expect "H002, why" "$(jq -c '[.sealed[]] | unique' <<<"$row")" '["not-entitled"]'
for office in "${offices[@]}"; do
    expect "$office finds a name" \
        "$(m "$office" --json find "carmen ospina acosta" | field fields.household)" H002
    expect "$office filters by a phone" \
        "$(m "$office" --json list household phone="+56 9 8912 5795" | field fields.household)" H002
    expect "$office: whole households" "$(m "$office" --json list household |
        jq -s 'map(select(.fields.head_name and .fields.address and .fields.phone)) | length')" 100
done
for office in fosis auditor; do
    [ -z "$(m "$office" --json find "carmen ospina acosta")" ] || die "$office finds a name"
done
row=$(m fosis --json list purchase receipt="boleta 78625")
expect "P001 transfers" "$(jq -r .fields.ownership_transferred <<<"$row")" 2009-11-14
enterprise=$(jq -r .fields.enterprise <<<"$row")
expect "P001 leads to E01" "$(m fosis --json show "$enterprise" | field fields.enterprise)" E01

# Personal columns: no value of theirs in any repository, journal, index, vault or log.
python3 - "$DATA" >"$SCRATCH/personal" <<'END'
import csv, sys
for name in ("households", "enterprises"):
    with open(f"{sys.argv[1]}/{name}.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column, value in row.items():
                # The words of a choice stand in the schema, for everyone.
                if column.endswith("*") and column != "status*" and value:
                    print(value)
END
[ "$(wc -l <"$SCRATCH/personal")" -eq 347 ] || die "not all personal values are looked for"
for office in "${everyone[@]}"; do
    m "$office" export git "$SCRATCH/kit-$office" >/dev/null 2>&1
    git clone -q --mirror "$SCRATCH/kit-$office/minga.bundle" "$SCRATCH/mirror-$office"
    git -C "$SCRATCH/mirror-$office" cat-file --batch --batch-all-objects --unordered \
        >"$SCRATCH/objects"
    for place in "$SCRATCH/objects" "$SCRATCH/$office"; do
        LC_ALL=C grep -raqF 'Quinta Normal' "$place" || die "$office: open values are not found"
    done
    for place in "$SCRATCH/objects" "$SCRATCH/$office" "$SCRATCH/$office.log"; do
        found=$(LC_ALL=C grep -raFf "$SCRATCH/personal" "$place" | head -c 300 || true)
        [ -z "$found" ] || die "$office holds personal data in $place: $found"
    done
done

# All of it once more, at every office, its own rows and everybody's.
state=$(state_of santiago)
again() { # OFFICE TYPE FILE [OPTIONS...]
    local office=$1 answer
    shift
    answer=$(m "$office" --json import "$@")
    expect "$office: import of $1 again" \
        "$(jq -c '[.added, .changed, .rejected, .commits]' <<<"$answer")" "[0,0,0,0]"
    [ "$(field same <<<"$answer")" -gt 0 ] || die "$office: no row of $1 was looked at"
}
again santiago programme "$DATA/programme.json"
again santiago allotment "$DATA/allotments.csv"
for office in "${offices[@]}"; do
    for type in "${types[@]}"; do
        again "$office" "$type" "$(file_of "$type")"
    done
done
for office in fosis auditor; do
    code=0
    m "$office" --json import visit "$DATA/visits.csv" >/dev/null 2>"$SCRATCH/refused" || code=$?
    expect "$office writes" "$code $(field error <"$SCRATCH/refused")" "1 not-allowed"
done
for office in "${everyone[@]}"; do expect "state of $office" "$(state_of "$office")" "$state"; done
m auditor verify >/dev/null
