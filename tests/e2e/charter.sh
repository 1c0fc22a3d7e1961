#!/usr/bin/env bash
# A chain of charters, made by real daemons, with a removal signed by two of three admins, checked
# by nothing of ours: jq, ssh-keygen -Y verify, b2sum and this shell. And the check can fail.
# usage: charter.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

# ---- The judge: a folder of 0001.json, 0002.json, … ----

body_of() { # FILE: from its { to its }, to the byte
    local text
    text=$(cat "$1")
    text=${text#'{"body":'}
    printf %s "${text%%$',\n"signatures":[\n'*}"
}

public_key() { # HEX: as OpenSSH writes it
    local blob="0000000b7373682d6564323535313900000020$1"
    # shellcheck disable=SC2001
    printf 'ssh-ed25519 %s' "$(printf %b "$(sed 's/../\\x&/g' <<<"$blob")" | base64 -w0)"
}

# verify_one FILE VERSION HASH SIGNERS_FILE: how many distinct signers of SIGNERS_FILE signed it,
# all under one ballot that one of them owns.
verify_one() {
    local file=$1 version=$2 hash=$3 admins=$4 count i key round admin
    count=$(jq '.signatures | length' "$file")
    [ "$(jq '[.signatures[].ballot] | unique | length' "$file")" = 1 ] || return 1
    [ "$(jq '[.signatures[].key] | unique | length' "$file")" = "$count" ] || return 1
    for ((i = 0; i < count; i++)); do
        key=$(jq -r ".signatures[$i].key" "$file")
        round=$(jq -r ".signatures[$i].ballot.round" "$file")
        admin=$(jq -r ".signatures[$i].ballot.admin" "$file")
        grep -qx "$key" "$admins" && grep -qx "$admin" "$admins" || return 1
        printf '%s namespaces="minga-charter" %s\n' "$key" "$(public_key "$key")" \
            >"$SCRATCH/allowed"
        jq -rj ".signatures[$i].signature" "$file" >"$SCRATCH/signature"
        printf 'minga/charter/1 %s %s %s %s\n' "$version" "$hash" "$round" "$admin" |
            ssh-keygen -Y verify -f "$SCRATCH/allowed" -I "$key" -n minga-charter \
                -s "$SCRATCH/signature" >/dev/null 2>&1 || return 1
    done
    echo "$count"
}

verify_chain() { # FOLDER NETWORK
    local file before="" version=0 hash previous="" signed
    for file in "$1"/[0-9][0-9][0-9][0-9].json; do
        version=$((version + 1))
        hash=$(body_of "$file" | b2sum -l 256 | cut -d' ' -f1)
        [ "$(jq -r .body.version "$file")" = "$version" ] || return 1
        [ "$(jq -r .body.previous "$file")" = "$previous" ] || return 1
        [ "$version" -gt 1 ] || [ "$hash" = "$2" ] || return 1
        # Signed by a majority of the admins of the version before; the first by its founder.
        jq -r '.body.members[] | select(.rights | index("admin")) | .key' "${before:-$file}" \
            >"$SCRATCH/admins"
        signed=$(verify_one "$file" "$version" "$hash" "$SCRATCH/admins") || return 1
        [ $((2 * signed)) -gt "$(wc -l <"$SCRATCH/admins")" ] || return 1
        # No key goes but into the list of the retired, and none comes back out of it.
        if [ -n "$before" ]; then
            jq -e --slurpfile b "$before" '.body as $n | $b[0].body as $o |
                ([$n.members[].key] + [$n.retired[].key]) as $known |
                ([$o.members[].key] + [$o.retired[].key] | all(. as $k | $known | index($k))) and
                ([$o.retired[].key] | all(. as $k | [$n.members[].key] | index($k) | not))' \
                "$file" >/dev/null || return 1
        fi
        previous=$hash
        before=$file
    done
    [ "$version" -gt 0 ]
}

# ---- The chain: santiago, iquique and valparaiso are admins; talca goes, by two of three ----

code() {
    local got=0
    m "$@" >/dev/null 2>&1 || got=$?
    echo "$got"
}
version_is() {
    local wanted=$1 office
    shift
    for office in "$@"; do
        [ "$(m "$office" --json status | field charter)" = "$wanted" ] || return 1
    done
}
list() { m "$1" --json member list 2>/dev/null || [ $? -eq 4 ]; }
has_motion() { [ -n "$(list "$1" | jq 'select(.motion)')" ]; }

found santiago
for office in iquique talca valparaiso; do enrol santiago "$office"; done
until_true 30 version_is 4 santiago iquique talca valparaiso
expect "a second admin" "$(code santiago member change valparaiso --rights admin)" 0
expect "a third admin" "$(code santiago member change iquique --rights admin)" 4
until_true 30 has_motion valparaiso
expect "approved" "$(code valparaiso member approve)" 0
until_true 30 version_is 6 santiago iquique talca valparaiso
stop valparaiso
expect "the removal" "$(code iquique member remove talca)" 4
until_true 30 has_motion santiago
expect "the approval" "$(code santiago member approve)" 0
until_true 30 version_is 7 santiago iquique

network=$(m santiago --json whoami 2>/dev/null | field network_id 2>/dev/null || true)
[ -n "$network" ] || network=$(cut -d' ' -f2 <"$SCRATCH/santiago/office")
chain=$SCRATCH/santiago/charters
verify_chain "$chain" "$network" || die "the chain does not verify"
expect "the removal's signatures" "$(jq '.signatures | length' "$chain/0007.json")" 2
expect "who is retired" "$(jq -r '[.body.retired[].label] | join(" ")' "$chain/0007.json")" talca

# ---- And it can fail ----

try() { # WHAT JQ_FILTER: the last version changed so is refused by the judge
    rm -rf "$SCRATCH/bad"
    cp -r "$chain" "$SCRATCH/bad"
    python3 - "$chain/0007.json" "$SCRATCH/bad/0007.json" "$2" <<'END'
import sys
text = open(sys.argv[1], encoding="utf-8").read()
old, new = sys.argv[3].split("=>")
assert old in text
open(sys.argv[2], "w", encoding="utf-8").write(text.replace(old, new, 1))
END
    ! verify_chain "$SCRATCH/bad" "$network" || die "the judge takes $1"
}
try "another body" '"label":"iquique"=>"label":"iquiqui"'
try "another round" '"round":1=>"round":2'
! verify_chain "$chain" "${network//[0-7]/8}" || die "the judge takes another network"
# One signature of two: too few; the same one twice: no more.
rm -rf "$SCRATCH/bad"
cp -r "$chain" "$SCRATCH/bad"
python3 - "$chain/0007.json" "$SCRATCH/bad/0007.json" <<'END'
import json, sys
text = open(sys.argv[1], encoding="utf-8").read()
head, tail = text.split(',\n"signatures":[\n')
lines = tail[: -len("\n]}\n")].split(",\n")
open(sys.argv[2], "w", encoding="utf-8").write(
    head + ',\n"signatures":[\n' + lines[0] + "\n]}\n")
END
! verify_chain "$SCRATCH/bad" "$network" || die "the judge takes one of three"
echo "charter: ok"
