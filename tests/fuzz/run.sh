#!/usr/bin/env bash
# Runs every fuzz target for its share of FUZZ_SECONDS, the time of all together (default 240), as
# many at once as there are processors (FUZZ_JOBS). Fails on any crash, leak, time-out or target
# that did not run.
#
# usage: run.sh BUILD_DIR [TARGET…]      a build with MINGA_FUZZ; TARGET as record, not fuzz_record
#
# What the fuzzer finds new stays in BUILD_DIR/corpus; inputs that fail in BUILD_DIR/findings.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 1 ] || { sed -n 6p "$0" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift

seconds=${FUZZ_SECONDS:-240}
jobs=${FUZZ_JOBS:-$(nproc)}
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for source in "$here"/fuzz_*.c; do
        name=$(basename "$source" .c)
        targets+=("${name#fuzz_}")
    done
fi
count=${#targets[@]}
share=$((seconds / count))
[ "$share" -ge 1 ] || share=1
logs=$build/fuzz-logs
findings=$build/findings
rm -rf "$logs"
mkdir -p "$logs" "$findings"
echo "fuzz: $count targets, $share s each, $jobs at once"

# one TARGET: run it; the log ends in its exit status.
one() {
    local name=$1 corpus=$build/corpus/$1 status=0
    mkdir -p "$corpus"
    "$build/fuzz_$name" -max_total_time="$share" -timeout=5 -rss_limit_mb=1024 \
        -dict="$here/dict/$name.dict" -print_final_stats=1 -artifact_prefix="$findings/$name-" \
        "$corpus" "$here/corpus/$name" >"$logs/$name" 2>&1 || status=$?
    echo "exit $status" >>"$logs/$name"
}
export -f one
export here build share logs findings

# shellcheck disable=SC2016
printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I{} bash -c 'one "$1"' one {}

passed=0
failed=0
for name in "${targets[@]}"; do
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$name")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$logs/$name" | tail -n 1)
    if [ "$(tail -n 1 "$logs/$name")" = "exit 0" ] && [ "${runs:-0}" -gt 0 ]; then
        passed=$((passed + 1))
        echo "fuzz: $name: $runs runs, ${edges:-0} edges"
    else
        failed=$((failed + 1))
        echo "fuzz: $name FAILED; the end of $logs/$name:"
        tail -n 40 "$logs/$name" | sed 's/^/    /'
    fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
