#!/usr/bin/env bash
# A line is cut, both sides go on, the line comes back: nothing is lost, edits of different fields
# merge, edits of one field are told alike on every member until somebody settles them. Iquique
# reaches Alto Hospicio only through Santiago.
# usage: partition.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

offices=(santiago iquique alto-hospicio)
port_santiago=$(free_port)
plug=$(free_port)
found santiago --address "127.0.0.1:$plug"
cable "$plug" "$port_santiago"
enrol santiago iquique
enrol santiago alto-hospicio
m alto-hospicio peer add "santiago=127.0.0.1:$port_santiago" >/dev/null
for type in household enterprise; do
    m santiago import "$type" "$(file_of "$type")" >/dev/null 2>&1
done
until_true 30 same_state "${offices[@]}"
id=$(m santiago --json list enterprise enterprise=E07 | field id)
other=$(m santiago --json list enterprise enterprise=E08 | field id)
m santiago set "$id" needs+=health needs+=housing >/dev/null
until_true 30 same_state "${offices[@]}"

# The cable to Iquique is pulled; Alto Hospicio hangs on Santiago by another one.
pull
until_true 30 unlinked iquique santiago
until_true 30 linked alto-hospicio santiago
before=$(state_of iquique)

# Iquique's side. Every answer is a promise: each commit has to be there at the end.
promised=()
write() { # OFFICE VERB WORDS...
    promised+=("$(m "$@" --json | field commit)")
}
write iquique set "$id" stage=purchase
write iquique set "$id" trade="alfarería"
write iquique set "$id" needs-=health needs+=culture
write iquique set "$other" stage=workshop
write iquique add household household=H901 commune=Iquique people=5 office=iquique
# The other side.
write santiago set "$id" stage=workshop
write santiago set "$id" line=idea
write alto-hospicio set "$id" needs+=education
write alto-hospicio set "$other" stage=workshop
write alto-hospicio add household household=H902 commune="Alto Hospicio" people=2
until_true 30 same_state santiago alto-hospicio
if same_state santiago iquique; then die "the cable is not pulled"; fi
[ "$(state_of iquique)" != "$before" ] || die "Iquique could not work alone"
expect "Iquique's own conflicts" "$(m iquique --json conflicts | wc -l)" 0
# An office that is cut off says so: exit 14.
code=0
m iquique sync santiago --timeout 2 >/dev/null 2>&1 || code=$?
expect "sync over a cut line" "$code" 14

cable "$plug" "$port_santiago"
until_true 60 same_state "${offices[@]}"

# No write is missing, on any member.
for office in "${offices[@]}"; do
    m "$office" --json log --limit 1000 | jq -r .commit >"$SCRATCH/log"
    for commit in "${promised[@]}"; do
        grep -q "^$commit" "$SCRATCH/log" || die "$office lost commit $commit"
    done
    expect "$office: H901" \
        "$(m "$office" --json list household household=H901 | field fields.people)" 5
    expect "$office: H902" \
        "$(m "$office" --json list household household=H902 | field fields.people)" 2
    now=$(m "$office" --json show "$id")
    # Different fields merge, and so do a set's elements.
    expect "$office: trade and line" "$(jq -r '.fields.trade + ", " + .fields.line' <<<"$now")" \
        "alfarería, idea"
    expect "$office: needs" "$(jq -c '.fields.needs | sort' <<<"$now")" \
        '["culture","education","housing"]'
    # The same value from two sides is nothing to quarrel about.
    expect "$office: E08" "$(m "$office" --json show "$other" |
        jq -c '[.fields.stage, .conflicts]')" '["workshop",{}]'
done

# One conflict, with both values, offices, authors and times, alike on every member.
told=
for office in "${offices[@]}"; do
    code=0
    m "$office" --json conflicts >"$SCRATCH/conflicts" 2>/dev/null || code=$?
    expect "$office: conflicts" "$code $(wc -l <"$SCRATCH/conflicts")" "4 1"
    [ -n "$told" ] || told=$(jq -cS . "$SCRATCH/conflicts")
    expect "$office tells the conflict" "$(jq -cS . "$SCRATCH/conflicts")" "$told"
    expect "$office: status" "$(m "$office" --json status | field conflicts)" 1
    expect "$office: show" "$(m "$office" --json show "$id" | jq -cS .conflicts.stage)" \
        "$(jq -cS .values <<<"$told")"
done
me=$(id -un)
expect "the conflict" \
    "$(jq -c '[.id, .type, .field, (.values | map([.value, .office, .author]))]' <<<"$told")" \
    "[\"$id\",\"enterprise\",\"stage\",[[\"purchase\",\"iquique\",\"$me <$me@iquique>\"],\
[\"workshop\",\"santiago\",\"$me <$me@santiago>\"]]]"
jq -e '.since != "" and all(.values[]; .time > "2020" and (.commit | length) == 40)' <<<"$told" \
    >/dev/null || die "times and commits: $told"
for i in 0 5; do
    jq -e --arg commit "${promised[$i]}" 'any(.values[]; .commit | startswith($commit))' \
        <<<"$told" >/dev/null || die "commit ${promised[$i]} is not named: $told"
done

# explain says it in a sentence, and its commands settle it when they are typed as they stand.
m alto-hospicio explain "$id" >"$SCRATCH/explained"
sentence='^stage of enterprise E07 was set to "purchase" by iquique (.*) and to "workshop" by'
sentence+=' santiago (.*) at the same time, neither knowing of the other; everyone reads "workshop"'
sentence+=' until somebody settles it\.$'
grep -q "$sentence" "$SCRATCH/explained" || die "explain: $(cat "$SCRATCH/explained")"
command=$(grep -o 'minga resolve .* --keep iquique$' "$SCRATCH/explained")
read -ra words <<<"${command#minga }"
m alto-hospicio "${words[@]}" >/dev/null
until_true 30 same_state "${offices[@]}"
for office in "${offices[@]}"; do
    expect "$office: settled" \
        "$(m "$office" --json show "$id" | jq -c '[.fields.stage, .conflicts]')" '["purchase",{}]'
    m "$office" conflicts >/dev/null || die "$office still lists a conflict"
    expect "$office: nothing to explain" "$(m "$office" --json explain "$id" | field field)" null
done
code=0
m santiago --json resolve "$id" --keep iquique >/dev/null 2>"$SCRATCH/error" || code=$?
[ "$code" -ne 0 ] || die "a second resolve found something to settle"

# A clearing against a value is a conflict too. A reason is a record of its own, of class internal:
# the other offices read it.
pull
until_true 30 unlinked iquique santiago
m iquique set "$other" trade= >/dev/null
m santiago set "$other" trade="costura, arreglos y \"más\"" >/dev/null
cable "$plug" "$port_santiago"
until_true 60 same_state "${offices[@]}"
expect "a cleared value" \
    "$(m iquique --json conflicts 2>/dev/null | jq -c '[.values[].value] | sort')" \
    '[null,"costura, arreglos y \"más\""]'
m iquique --json resolve "$other" --keep santiago --because "hablamos con la familia" >/dev/null
until_true 30 same_state "${offices[@]}"
reason() {
    [ "$(m "$1" --json find "hablamos con la familia" | field fields.record)" = "$other" ]
}
for office in "${offices[@]}"; do until_true 30 reason "$office"; done
expect "kept" "$(m alto-hospicio --json show "$other" | jq -c '[.fields.trade, .conflicts]')" \
    '["costura, arreglos y \"más\"",{}]'
for office in "${offices[@]}"; do m "$office" verify >/dev/null; done
