#!/usr/bin/env bash
# Whoever speaks to a running daemon without meaning well: strangers, garbage, silence, floods, and
# a member that forges commits. After each attack the daemon answers at once, two honest offices
# exchange a write, what it holds has not moved, it said why, and `minga verify` finds all sound.
# usage: run.sh BUILD_DIR HOSTILE
set -euo pipefail

BUILD=$1
HOSTILE=$2
MINGA=$BUILD/minga
MINGAD=$BUILD/mingad
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/minga-hostile.XXXXXX")
# shellcheck source=tests/e2e/lib.sh
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
trap finish EXIT
unset MINGA_HOME

RSS_GROWTH_KB_MAX=49152 # the daemon's memory may move, but not with what it was sent
ANSWER_S=5

port=$(free_port)
log=$SCRATCH/santiago.log

rss() { awk '/^VmHWM/ {print $2}' "/proc/$pid_santiago/status"; }
standing() {
    timeout "$ANSWER_S" "$MINGA" --home "$SCRATCH/santiago" --json status |
        jq -c '[.state, .commits, .charter]'
}

# The victim and an honest office still serve each other.
round=0
goes_on() {
    round=$((round + 1))
    m alto-hospicio add household "commune=Recoleta" "people=$round" >/dev/null
    until_true 20 same_state santiago alto-hospicio
    standing >/dev/null || die "$1: santiago does not answer"
}

# attack WHAT HOME [WORD]: what it printed, in 'said'; santiago's state has not moved.
attack() {
    local what=$1 home=$2 word=${3:-} before after
    before=$(standing) || die "$what: santiago does not answer before"
    marked=$(wc -l <"$log")
    said=$("$HOSTILE" "$what" "127.0.0.1:$port" "$SCRATCH/$home" santiago ${word:+"$word"}) ||
        die "$what $word could not be said"
    after=$(standing) || die "$what $word: santiago does not answer"
    [ "$before" = "$after" ] || die "$what $word moved the state: $before $after"
}
news() { tail -n "+$((marked + 1))" "$log"; }

# refused WORD REASON [HOME]: a forged commit, refused for that, and logged.
refused() {
    local word=$1 reason=$2 home=${3:-iquique}
    attack forged "$home" "$word"
    [[ $said =~ bye\ (REFUSED|MALFORMED|LIMIT)$ ]] || die "forged $word: $said"
    news | grep -q "event=refused .*reason=\"$reason\"" ||
        die "forged $word: the log does not say $reason: $(news)"
    goes_on "forged $word"
    printf 'ok   forged %-16s %s\n' "$word" "$reason"
}

# waits WORD: builds on what nobody has; not kept, and no fault of anybody's.
waits() {
    attack forged iquique "$1"
    ! news | grep -q event=refused || die "forged $1 was refused: $(news)"
    goes_on "forged $1"
    printf 'ok   forged %-16s %s\n' "$1" "${said##* }"
}

# held WHAT: while the attack goes on, the others are served; it ends by itself or with its input.
held() {
    local what=$1 out=$SCRATCH/$1.out before
    before=$(standing)
    mkfifo "$SCRATCH/$what.in"
    "$HOSTILE" "$what" "127.0.0.1:$port" "$SCRATCH/iquique" santiago \
        <"$SCRATCH/$what.in" >"$out" &
    local pid=$!
    pids+=("$pid")
    exec 9>"$SCRATCH/$what.in"
    until_true 20 grep -q holding "$out"
    [ "$(standing)" = "$before" ] || die "$what moved the state"
    goes_on "during $what"
    exec 9>&-
    wait "$pid" || die "$what: $(cat "$out")"
    goes_on "after $what"
    printf 'ok   %-23s %s\n' "$what" "$(tail -n 1 "$out")"
}

m santiago init "Programa" --as santiago --listen "127.0.0.1:$port" --no-passphrase &>/dev/null
start santiago
for who in alto-hospicio iquique auditor; do
    role=office
    [ "$who" = auditor ] && role=auditor
    link=$(m santiago --json invite "$who" --role "$role" | field link)
    m "$who" join "$link" --no-passphrase --timeout 30 &>/dev/null
    start "$who"
done
m iquique add household commune=Iquique people=3 >/dev/null
m iquique add household commune=Pica people=4 >/dev/null
for who in alto-hospicio iquique auditor; do until_true 30 same_state santiago "$who"; done
stop iquique
stop auditor
goes_on "before all"
first=$(rss)

attack garbage iquique
goes_on garbage
echo "ok   garbage                 $said"
held silent
held halfway
held stall
attack stranger iquique
[[ $said == *"bye NOT_MEMBER" ]] || die "a stranger: $said"
goes_on stranger
echo "ok   stranger                $said"
for what in oversize bomb deep; do
    attack "$what" iquique
    [[ $said == *bye* || $said == *closed* ]] || die "$what: $said"
    goes_on "$what"
    printf 'ok   %-23s %s\n' "$what" "$said"
done

refused signature bad-signature
refused signer bad-signature
refused label wrong-writer
refused root wrong-root
refused seq wrong-seq
refused seq-again wrong-seq
refused height wrong-height
refused digest wrong-digest
refused parents wrong-parents
refused charter-older wrong-charter
refused charter-hash wrong-charter
refused type not-schema
refused field not-schema
refused value bad-value
refused personal bad-value
refused debit overdrawn
refused grant not-allowed
refused honest not-allowed auditor
refused order not-canonical
refused records too-large
refused operations too-large
refused bytes too-large
waits unknown-parent
waits charter-newer
attack replay iquique
goes_on replay
echo "ok   replay                  $said"

# sealed WORD ENDING: what nobody asked for, and too many wishes.
sealed() {
    attack sealed iquique "$1"
    [[ $said == *$2 ]] || die "sealed $1: $said"
    goes_on "sealed $1"
    printf 'ok   sealed %-16s %s\n' "$1" "$said"
}
sealed piece "bye PROTOCOL"
sealed gone "bye PROTOCOL"
sealed wishes "bye LIMIT"
sealed kept open

# The member whose home it was comes back, and is served as ever.
start iquique
until_true 30 same_state santiago iquique
m santiago --json peer | jq -e 'select(.label == "iquique" and .state == "active")' >/dev/null ||
    die "iquique is not linked again"
last=$(rss)
[ $((last - first)) -lt "$RSS_GROWTH_KB_MAX" ] || die "memory grew from $first to $last KB"
for who in santiago alto-hospicio iquique; do
    m "$who" --json verify | jq -e .ok >/dev/null || die "verify at $who"
done
m santiago --json status | jq -e '.health[] | select(.text | test("refused"))' >/dev/null ||
    die "status does not mention refusals"
echo "ok   $(state_of santiago), memory at most $first KB before, $last KB after"
