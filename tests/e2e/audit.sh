#!/usr/bin/env bash
# The audit of the reference programme in three offices, beside running daemons and on a clone:
# first clean, then with one receipt used twice while the offices are cut off from each other;
# attested by an auditor, audited since; and a damaged journal.
# usage: audit.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin "$@"

# audited WANTED_EXIT OFFICE OPTIONS...: the result in SCRATCH/audit.json.
audited() {
    local wanted=$1 office=$2 code=0
    shift 2
    m "$office" --json audit "$@" >"$SCRATCH/audit.json" 2>"$SCRATCH/audit.err" || code=$?
    [ "$code" = "$wanted" ] ||
        die "audit at $office: exit $code, not $wanted: $(cat "$SCRATCH"/audit.*)"
}
told() { field "$1" <"$SCRATCH/audit.json"; }

found santiago
enrol santiago iquique
enrol santiago alto-hospicio
enrol santiago contraloria auditor
load_programme santiago santiago iquique alto-hospicio
until_true 30 same_state santiago iquique alto-hospicio contraloria

# Nobody attested yet.
code=0
m santiago audit --since last 2>/dev/null || code=$?
[ "$code" -ne 0 ] || die "audit --since last needs an attestation"

audited 0 santiago
expect verdict "$(told verdict)" clean
expect granted "$(told totals.USD.granted)" 20000000
expect exchanged "$(told totals.CLP.received)" 108000000
expect allotted "$(told totals.CLP.allotted)" 108000000
expect disbursed "$(told totals.CLP.disbursed)" 12750002
expect purchased "$(told totals.CLP.purchased)" 12750002
expect disbursements "$(told entries.disbursement)" 47
expect offices "$(told 'complete | keys | join(" ")')" "alto-hospicio contraloria iquique santiago"
expect head "$(told complete.iquique.head)" \
    "$(m santiago --json log --by iquique --limit 1 | field commit)"

# Two offices, neither of which sees the other, enter one receipt.
give() { m santiago --json add allotment holder=santiago "office=$1" budget_line=workshops \
    currency=CLP amount=5000 >/dev/null; }
m santiago --json add grant holder=santiago date=2009-08-01 currency=CLP amount=10000 \
    funder=friends recipient=us >/dev/null
give santiago
give iquique
until_true 30 same_state santiago iquique alto-hospicio contraloria
spend() { m "$1" --json add expense "office=$1" budget_line=workshops date=2009-10-01 \
    currency=CLP amount=700 "receipt=$2" >/dev/null; }
stop santiago
spend iquique 'Boleta 99-100'
stop iquique
start santiago
spend santiago 'boleta 99100'
audited 0 santiago
start iquique
until_true 30 same_state santiago iquique alto-hospicio contraloria
for office in santiago iquique alto-hospicio contraloria; do
    audited 4 "$office"
    expect "findings at $office" "$(told 'findings | map(.rule) | join(" ")')" receipt-twice
    told 'findings[0].records | length' | grep -qx 2 || die "$office does not name both entries"
    told digest >"$SCRATCH/digest.$office"
    cmp -s "$SCRATCH/digest.santiago" "$SCRATCH/digest.$office" || die "$office finds other things"
done
LANG=es_CL.UTF-8 m santiago audit >"$SCRATCH/es.txt" 2>&1 || true
grep -q 'Veredicto: hallazgos' "$SCRATCH/es.txt" || die "no verdict in Spanish"
grep -q 'se usó 2 veces' "$SCRATCH/es.txt" || die "no finding in Spanish"

# The auditor signs what was found; from then on little has to be verified.
m contraloria --json attest >"$SCRATCH/attest.json"
until_true 30 same_state santiago iquique alto-hospicio contraloria
spend santiago 'boleta 99101'
audited 4 santiago --since last
expect incremental "$(told incremental)" true
expect verified "$(told commits)" 2
told digest >"$SCRATCH/digest.since"
audited 4 santiago
told digest | cmp -s - "$SCRATCH/digest.since" || die "the incremental audit finds other things"
expect attestations "$(told 'attestations[0].office')" contraloria
expect attested "$(told 'attestations[0].id')" "$(field id <"$SCRATCH/attest.json")"

# Without a daemon, of a clone by stock git; the network is what the paper says.
network=$(told network_id)
m santiago export git "$SCRATCH/exported" >/dev/null 2>&1
git clone -q --mirror "$SCRATCH/exported/minga.bundle" "$SCRATCH/clone.git"
audited 4 santiago --repo "$SCRATCH/clone.git" --network "$network"
told digest | cmp -s - "$SCRATCH/digest.since" || die "a clone's audit finds other things"
audited 5 santiago --repo "$SCRATCH/clone.git" --network "$(printf '%064d' 0)"

# Without a daemon the same; only the signature needs one.
stop santiago
audited 4 santiago --since last
told digest | cmp -s - "$SCRATCH/digest.since" || die "without a daemon other things are found"
code=0
m santiago attest >/dev/null 2>&1 || code=$?
expect "exit of attest without a daemon" "$code" 13

# Somebody changed a byte on the disk: failed, and nothing is attested.
file=$(find "$SCRATCH/iquique/journal" -type f | sort | head -n 1)
python3 - "$file" <<'END'
import sys
with open(sys.argv[1], 'r+b') as f:
    f.seek(300)
    byte = f.read(1)
    f.seek(300)
    f.write(bytes([byte[0] ^ 1]))
END
audited 5 iquique
expect verdict "$(told verdict)" failed
[ "$(told 'refused | length')" -gt 0 ] || die "nothing says what is wrong"
code=0
m iquique attest >/dev/null 2>&1 || code=$?
expect "exit of attest" "$code" 5
echo "audit: sound"
