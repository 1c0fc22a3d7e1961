#!/usr/bin/env bash
# Measures the audit of a history of money, with git on the same repository beside it: the whole
# one, the one since an attestation, and a trail. A JSON line a result, on standard output.
# usage: audit.sh [BUILD_DIR]
#   BENCH_COMMITS   how many commits of five entries each (20000)
#   BENCH_ROUNDS    turns of each (3)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
MINGA=$build/minga
MINGAD=$build/mingad
bench=$build/tests/bench/bench
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/minga-bench.XXXXXX")
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"
trap finish EXIT
unset MINGA_HOME LANGUAGE LC_ALL LC_MESSAGES
export LANG=C.UTF-8

commits=${BENCH_COMMITS:-20000}
rounds=${BENCH_ROUNDS:-3}
new=100
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
BENCH_MACHINE="$(nproc) x ${model:-unknown}, $(uname -sr)"
export BENCH_MACHINE

say() { printf 'bench: %s\n' "$*" >&2; }
now() { date +%s.%N; }
calc() { awk "BEGIN { printf \"%.6g\", $* }"; }
holds() { awk "BEGIN { exit !($*) }" && echo true || echo false; }
median() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
report() { "$bench" report "$@"; }
timed() { # COMMAND...: into 'took'
    local start
    start=$(now)
    "$@"
    took=$(calc "$(now) - $start")
}
quiet() { "$@" >/dev/null 2>&1; }

if [ -n "${BENCH_MONEY:-}" ]; then # homes that bench_money made before
    cp -a "$BENCH_MONEY"/. "$SCRATCH"
else
    say "$commits commits of five entries each, in four offices"
    rmdir "$SCRATCH"
    "$build/tests/bench/bench_money" "$SCRATCH" \
        "$here/../../replicas/schema/microenterprise.json" "$commits" 5 >/dev/null
fi
entries=$((commits * 5))

# ---- the whole ----

audits=() verifies=() fscks=()
for round in $(seq "$rounds"); do
    timed quiet m santiago audit
    audits+=("$took")
    timed quiet m santiago verify
    verifies+=("$took")
    timed quiet git -C "$SCRATCH/santiago/repo.git" fsck --full --no-dangling
    fscks+=("$took")
    say "round $round: audit ${audits[-1]} s, verify ${verifies[-1]} s, git fsck ${fscks[-1]} s"
done
[ "$(m santiago --json audit | field verdict)" = clean ] || die "the audit is not clean"
took=$(median "${audits[@]}") fsck=$(median "${fscks[@]}")
report "audit of $entries entries in $commits commits" "$took" s \
    "git fsck --full, no signatures, no sums" "$fsck" "$(calc "$fsck / $took")" \
    "15 s at most" "$(holds "$took <= 15")"
report "of it verifying" "$(median "${verifies[@]}")" s "git fsck --full" "$fsck" \
    "$(calc "$fsck / $(median "${verifies[@]}")")"

# Git checks a signature by a program that it starts for each.
signed=200
git -C "$SCRATCH/santiago/repo.git" rev-list --max-count=$signed main >"$SCRATCH/newest"
awk '{ print $3, $1, $2 }' "$SCRATCH"/*/identity.pub >"$SCRATCH/allowed_signers"
# shellcheck disable=SC2046
timed quiet git -C "$SCRATCH/santiago/repo.git" -c gpg.format=ssh \
    -c gpg.ssh.allowedSignersFile="$SCRATCH/allowed_signers" \
    verify-commit $(cat "$SCRATCH/newest")
each=$(calc "$took / $signed") ours=$(calc "$(median "${verifies[@]}") / $commits")
report "verifying, a commit of five entries" "$(calc "$ours * 1000")" ms \
    "git verify-commit, signature alone" "$(calc "$each * 1000")" "$(calc "$each / $ours")"

# ---- since an attestation ----

start santiago
quiet m santiago attest
say "$new commits behind the attestation"
for i in $(seq "$new"); do
    m santiago add expense office=santiago budget_line=workshops date=2009-10-01 currency=CLP \
        amount=1 "receipt=since $$-$i" >/dev/null
done
quiet m santiago audit --since last # the accounts are at hand from then on
parts=()
for _ in $(seq $((rounds * 3))); do
    timed quiet m santiago audit --since last
    parts+=("$took")
done
took=$(median "${parts[@]}")
report "audit since an attestation, $new new commits" "$(calc "$took * 1000")" ms \
    "the whole audit" "$(calc "$(median "${audits[@]}") * 1000")" \
    "$(calc "$(median "${audits[@]}") / $took")" "200 ms at most" "$(holds "$took <= 0.2")"

# ---- a trail ----

id=$(m santiago --json list expense --limit 1 | field id)
quiet m santiago trail "$id"
"$bench" trail "$SCRATCH/santiago/control.sock" "$id"
trails=() starts=()
for _ in $(seq $((rounds * 3))); do
    timed quiet m santiago trail "$id"
    trails+=("$took")
    timed quiet m santiago --version
    starts+=("$took")
done
took=$(median "${trails[@]}") start=$(median "${starts[@]}")
report "trail of a receipt, as a command" "$(calc "$took * 1000")" ms "minga --version" \
    "$(calc "$start * 1000")" "$(calc "$start / $took")"
