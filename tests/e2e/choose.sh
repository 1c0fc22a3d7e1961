#!/usr/bin/env bash
# The disk of the only admin is copied, and both copies change the charter: two successors of one
# version, each with a majority. Nobody's branch is taken away; everybody is told; a person chooses.
# usage: choose.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

version_is() { # VERSION OFFICE...
    local wanted=$1 office
    shift
    for office in "$@"; do
        [ "$(m "$office" --json status | field charter)" = "$wanted" ] || return 1
    done
}
alarm() { # OFFICE: the beginning of the other branch's hash
    m "$1" --json status | jq -re '.health[] | select(.level == "error") | .text |
        select(test("exists twice")) | capture("the other, (?<hash>[0-9a-f]+)").hash'
}

port_iquique=$(free_port)
found santiago
enrol santiago iquique office --listen "127.0.0.1:$port_iquique"
enrol santiago talca
until_true 30 version_is 3 santiago iquique talca
m santiago add household household=H1 commune=Santiago people=1 office=santiago >/dev/null
until_true 30 same_state santiago iquique talca
for office in santiago iquique talca; do stop "$office"; done
cp -a "$SCRATCH/santiago" "$SCRATCH/copy"

# One copy and Iquique; then the other and Talca.
start santiago
start iquique
m santiago member change talca --address localhost:1 >/dev/null
until_true 30 version_is 4 iquique
m iquique add household household=H2 commune=Iquique people=2 office=iquique >/dev/null
until_true 30 same_state santiago iquique
stop santiago
stop iquique
start copy
start talca
m copy member change talca --address localhost:2 >/dev/null
until_true 30 version_is 4 talca
m talca add household household=H3 commune=Talca people=3 office=talca >/dev/null
until_true 30 same_state copy talca
stop copy

# Iquique and Talca meet: both keep what they have, both say so.
start iquique
until_true 60 alarm talca
until_true 60 alarm iquique
version_is 4 iquique talca || die "a branch was taken away"
households() { m "$1" --json list household | jq -s length; }
expect "Iquique's households" "$(households iquique)" 2
code=0
m talca member choose 0000000000 >/dev/null 2>&1 || code=$?
expect "choosing what is not there" "$code" 1

# Talca's persons go over to Iquique's branch: what was written under the other no longer counts.
m talca member choose "$(alarm talca)" >/dev/null
until_true 60 same_state iquique talca
m talca add household household=H4 commune=Talca people=4 office=talca >/dev/null
until_true 60 same_state iquique talca
stop talca KILL
start talca
until_true 60 same_state iquique talca
expect "households" "$(households talca)" 3
m talca verify >/dev/null || die "the history of Talca does not verify"
echo "choose: ok"
