# shellcheck shell=bash
# What sealing costs: the same rows, and the same changes, with one field open and with it sealed.
# Sourced by run.sh, which has the helpers; needs jq.

say "sealing: W1 and W3 with one field of each record sealed, beside the same with it open"
sealed_records=$((records < 20000 ? records : 20000))
"$bench" csv "$sealed_records" >"$SCRATCH/rows.csv"
jq '.types.session.fields.number.class = "personal"' \
    "$here/../../replicas/schema/microenterprise.json" >"$SCRATCH/sealed.json"
m plain init Bench --as santiago --listen "127.0.0.1:$(free_port)" --no-passphrase >/dev/null 2>&1
m sealed init Bench --as santiago --listen "127.0.0.1:$(free_port)" --no-passphrase \
    --schema "$SCRATCH/sealed.json" >/dev/null 2>&1
for kind in plain sealed; do
    start "$kind"
    m "$kind" import session "$SCRATCH/rows.csv" >/dev/null
    until idle "$kind"; do :; done
done
all_here() { # OFFICE: nothing sealed is waited for, after its last commit came
    m "$1" --json status | jq -e '.waiting_sealed == 0' >/dev/null
}
declare -A took_of=([plain]="" [sealed]="")
for round in $(seq "$rounds"); do
    for kind in plain sealed; do
        office=$kind-$round
        head=$(m "$kind" --json log --limit 1 | field commit)
        link=$(m "$kind" --json invite "$office" --role office | field link)
        m "$office" join "$link" --no-passphrase --timeout 30 >/dev/null 2>&1
        [ "$round" -eq 1 ] || stop "$kind-$((round - 1))"
        started=$(now)
        launch "$office"
        "$bench" arrive "$(socket "$office")" "$head"
        until all_here "$office"; do :; done
        took_of[$kind]+=" $(calc "$(now) - $started")"
    done
done
# shellcheck disable=SC2086
plain_took=$(median ${took_of[plain]}) sealed_took=$(median ${took_of[sealed]})
report "W1 first replica of $sealed_records records with a sealed field, all readable" \
    "$sealed_took" s "the same, open" "$plain_took" "$(calc "$plain_took / $sealed_took")" \
    "30 % more at most" "$(holds "$sealed_took <= 1.3 * $plain_took")"
"$bench" sealed "$(socket plain)" "$(socket "plain-$rounds")" "$(socket sealed)" \
    "$(socket "sealed-$rounds")"
for kind in plain sealed; do
    stop "$kind-$rounds"
    stop "$kind"
done
rm "$SCRATCH/rows.csv"
