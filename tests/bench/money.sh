# shellcheck shell=bash
# A history of money alone: 20,000 commits of five entries by a treasurer and three offices that
# exchange every few commits. Sourced by run.sh, which has the helpers.

entries=$((records < 100000 ? records : 100000))
say "money: $entries entries in $((entries / 5)) commits, verified and audited"
"$build/tests/bench/bench_money" "$SCRATCH/money" \
    "$here/../../replicas/schema/microenterprise.json" "$((entries / 5))" 5 >/dev/null
verifies=() audits=()
for round in $(seq "$rounds"); do
    timed m money/santiago verify >"$SCRATCH/verify.out"
    verifies+=("$took")
    timed m money/santiago audit >"$SCRATCH/audit.out"
    audits+=("$took")
    say "round $round: verify ${verifies[-1]} s, audit ${audits[-1]} s"
done
rate=$(calc "$entries / 5 / $(median "${verifies[@]}")")
report "commits of five entries verified, replay and all" "$rate" "a second" "" "" "" \
    "5000 a second" "$(holds "$rate >= 5000")"
took=$(median "${audits[@]}")
report "audit of $entries entries in $((entries / 5)) commits" "$took" s "" "" "" \
    "15 s" "$(holds "$took <= 15")"
rm -r "$SCRATCH/money"
