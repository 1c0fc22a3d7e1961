#!/usr/bin/env bash
# What shapes (mutate.h) and dictionaries are worth: the edges and features that each target reaches
# after the same number of runs from its corpus, with plain bytes alone and with them.
# usage: worth.sh BUILD_DIR [RUNS [TARGET…]]      20,000 and all unless given
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 1 ] || { sed -n 4p "$0" >&2; exit 2; }
build=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# reached NAME [OPTIONS...]: "edges features" of one run.
reached() {
    local name=$1
    shift
    rm -rf "$scratch/corpus"
    mkdir "$scratch/corpus"
    "$build/fuzz_$name" -runs="$runs" -seed=1 -timeout=5 -artifact_prefix="$scratch/" "$@" \
        "$scratch/corpus" "$here/corpus/$name" 2>&1 |
        sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 \2/p' | tail -n 1 ||
        { echo "worth.sh: fuzz_$name failed" >&2; return 1; }
}

runs=${2:-20000}
targets=("${@:3}")
if [ ${#targets[@]} -eq 0 ]; then
    for source in "$here"/fuzz_*.c; do
        name=$(basename "$source" .c)
        targets+=("${name#fuzz_}")
    done
fi
echo "target: edges and features with plain bytes; with shapes and words ($runs runs)"
for name in "${targets[@]}"; do
    plain=$(FUZZ_PLAIN=1 reached "$name")
    shaped=$(reached "$name" -dict="$here/dict/$name.dict")
    echo "$name: $plain; $shaped"
done
