#!/usr/bin/env bash
# A photo never holds up a payment: two offices in network namespaces of their own, 256 kbit/s
# between them, a set of attachments of 200 MB on its way, the line cut again and again. Measures
# how long a record takes from the command to being durable on the other side meanwhile, and how
# much is sent twice. Needs root and `ip netns`; says NOT RUN and fails where it cannot.
# usage: slowlink.sh [BUILD_DIR]
#   SLOWLINK_CUTS     cuts of the line (6)
#   SLOWLINK_SECONDS  between them (30)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
MINGA=$build/minga
MINGAD=$build/mingad
bench=$build/tests/bench/bench
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/minga-slowlink.XXXXXX")
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"
cuts=${SLOWLINK_CUTS:-6}
seconds=${SLOWLINK_SECONDS:-30}
near=minga-near-$$ far=minga-far-$$

leave() {
    local code=$?
    ip netns del "$near" 2>/dev/null || true
    ip netns del "$far" 2>/dev/null || true
    set +e
    (exit "$code")
    finish
}
trap leave EXIT
unset MINGA_HOME

lay_line() {
    ip netns add "$near" && ip netns add "$far" || return 1
    ip link add name eth0 netns "$near" type veth peer name eth0 netns "$far" || return 1
    local side address
    for side in "$near 10.77.0.1" "$far 10.77.0.2"; do
        address=${side#* } side=${side% *}
        ip -n "$side" link set lo up
        ip -n "$side" addr add "$address/24" dev eth0
        ip -n "$side" link set eth0 up
        ip netns exec "$side" tc qdisc add dev eth0 root tbf rate 256kbit burst 3kb limit 96kb ||
            return 1
    done
}
lay_line || die "NOT RUN: network namespaces with a limited rate cannot be made here"

inside() { # NAMESPACE OFFICE: its daemon there
    local name=pid_${2//-/_}
    ip netns exec "$1" "$MINGAD" --home "$SCRATCH/$2" 2>>"$SCRATCH/$2.log" &
    printf -v "$name" %s "$!"
    pids+=("$!")
    until_true 20 m "$2" --json status
}
plug() { # the cable: what goes over the line ends when it is pulled
    ip netns exec "$far" python3 "$here/../e2e/relay.py" 7718 7717 10.77.0.1 \
        >"$SCRATCH/relay.out" &
    cable_pid=$!
    pids+=("$cable_pid")
    until_true 10 grep -q ready "$SCRATCH/relay.out"
}
now() { date +%s.%N; }
calc() { awk "BEGIN { printf \"%.6g\", $* }"; }
holds() { awk "BEGIN { exit !($*) }" && echo true || echo false; }
report() { "$bench" report "$@"; }

m santiago init Bench --as santiago --listen 10.77.0.1:7717 --address 127.0.0.1:7718 \
    --no-passphrase >/dev/null 2>&1
inside "$near" santiago
plug
link=$(m santiago --json invite iquique | field link)
ip netns exec "$far" "$MINGA" --home "$SCRATCH/iquique" join "$link" --no-passphrase --timeout 60 \
    >/dev/null 2>&1
inside "$far" iquique
id=$(m santiago --json add household commune=Recoleta people=4 | field id)
until_true 60 same_state santiago iquique

# What the records take by themselves, on a quiet line: it is no part of what is sent twice.
sent() { m santiago --json peer | jq -s 'map(select(.label == "iquique").bytes_out) | add'; }
quiet=20 quiet_before=$(sent)
for people in $(seq "$quiet"); do
    m santiago set "$id" "people=$((people + 100000))" >/dev/null
    until_true 60 same_state santiago iquique
done
a_record=$((($(sent) - quiet_before) / quiet))

for number in 1 2 3 4; do
    head -c 50000000 /dev/urandom >"$SCRATCH/photo-$number.jpg"
    m santiago attach "$id" "$SCRATCH/photo-$number.jpg" >/dev/null
done
until_true 60 same_state santiago iquique

# A whole chunk of 65,535 bytes is an item of 65,609.
arrived() { m iquique --json fetch "$id" 2>/dev/null | jq -s 'map(.held) | add * 65609' || true; }

sent_before=$(sent) arrived_before=$(arrived)
delays=()
people=10
for _ in $(seq "$cuts"); do
    until_true 60 linked santiago iquique
    until=$((SECONDS + seconds))
    while [ "$SECONDS" -lt "$until" ]; do
        people=$((people + 1))
        started=$(now)
        m santiago set "$id" "people=$people" >/dev/null
        until_true 60 same_state santiago iquique
        delays+=("$(calc "$(now) - $started")")
        read -rt 1 <> <(:) || true
    done
    pull
    until_true 60 unlinked santiago iquique
    plug
done
until_true 60 linked santiago iquique
moved=$(($(arrived) - arrived_before)) out=$(($(sent) - sent_before))
worst=$(printf '%s\n' "${delays[@]}" | sort -g | tail -n 1)
middle=$(printf '%s\n' "${delays[@]}" | sort -g |
    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
twice=$(calc "100 * ($out - ${#delays[@]} * $a_record - $moved) / $moved")

report "a record beside 200 MB of attachments, 256 kbit/s, the slowest of ${#delays[@]}" \
    "$worst" s "" "" "" "2 s at most" "$(holds "$worst <= 2")"
report "the same, p50" "$middle" s
report "sent beyond what arrived, with $cuts cuts" "$twice" % "" "" "" "5 % at most" \
    "$(holds "$twice <= 5")"
[ "$(holds "$worst <= 2 && $twice <= 5")" = true ]
