#!/usr/bin/env bash
# An office is put back from an old copy of its disk. It asks its peers for its own head before its
# first write: where one answers, its history does not fork. With nobody there it writes on, and the
# fork that this makes is joined, proven and told; its next commit merges both branches.
# usage: restored.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

found santiago
enrol santiago iquique
enrol santiago arica
add() { m "$1" add household "household=$2" people=3 >/dev/null; }
twice() { # OFFICE: how many numbers of iquique have more than one commit
    m "$1" --json log --by iquique --limit 0 |
        jq -s '[group_by(.seq)[] | select(length > 1)] | length'
}
told() { # OFFICE TEXT: whether a line of its health says so
    m "$1" --json status | jq -e --arg t "$2" 'any(.health[]; .text | contains($t))' >/dev/null
}

add iquique I1
stop iquique
cp -a "$SCRATCH/iquique" "$SCRATCH/old"
start iquique
add iquique I2
add santiago S1
add iquique I3
until_true 30 same_state santiago iquique
until_true 30 same_state santiago arica

# Peers there: the old copy learns what it had written before it writes on.
stop iquique
rm -rf "$SCRATCH/iquique"
cp -a "$SCRATCH/old" "$SCRATCH/iquique"
start iquique
add iquique I4
until_true 30 same_state santiago iquique
expect "forks, with peers there" "$(twice santiago)" 0
expect "households" "$(count_of santiago household)" 5
grep -q 'event=may_write why=met' "$SCRATCH/iquique.log" || die "it did not meet anybody"

# Nobody there: it writes all the same, beside what it forgot.
stop iquique
rm -rf "$SCRATCH/iquique"
cp -a "$SCRATCH/old" "$SCRATCH/iquique"
stop santiago
stop arica
start iquique
add iquique I5
tail -n 20 "$SCRATCH/iquique.log" | grep -Eq 'may_write why=(alone|in_vain)' ||
    die "whom did it meet?"
start santiago
start arica
until_true 60 same_state santiago iquique
until_true 60 same_state santiago arica
expect "households of both branches" "$(count_of santiago household)" 6
for office in santiago iquique arica; do
    expect "forks that $office sees" "$(twice "$office")" 1
    told "$office" "iquique signed two commits of one number" || die "$office tells nothing of it"
done
add iquique I6
until_true 30 same_state santiago iquique
expect "heads" "$(m santiago --json status | field heads)" 1
told santiago "joined since" || die "it is not healed"
for name in I1 I2 I3 I4 I5 I6 S1; do
    m santiago --json list household "household=$name" | jq -es 'length == 1' >/dev/null ||
        die "$name is lost"
done
for office in santiago iquique arica; do
    m "$office" --json verify | jq -e .ok >/dev/null || die "$office is not sound"
done
