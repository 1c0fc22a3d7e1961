#!/usr/bin/env bash
# Measures Minga with git beside it: a JSON line a result, on standard output. What a ratio says:
# how many times better than the peer of the same line, which did the same work in turn.
# usage: run.sh [BUILD_DIR]
#   BENCH_RECORDS   how many records of about 1 KiB (100000; 10000 for a quick try)
#   BENCH_ROUNDS    turns of W1 and W5 (3)
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
unset MINGA_HOME

records=${BENCH_RECORDS:-100000}
rounds=${BENCH_ROUNDS:-3}
signed=1000

model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
export BENCH_MACHINE="$(nproc) x ${model:-unknown}, $(uname -sr)"
# Git as it stands, but for what it takes to be durable, and nothing in the background.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CONFIG_COUNT=4 \
    GIT_CONFIG_KEY_0=core.fsync GIT_CONFIG_VALUE_0=all GIT_CONFIG_KEY_1=gc.auto \
    GIT_CONFIG_VALUE_1=0 GIT_CONFIG_KEY_2=init.defaultBranch GIT_CONFIG_VALUE_2=main \
    GIT_CONFIG_KEY_3=receive.autogc GIT_CONFIG_VALUE_3=false
export GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@minga GIT_COMMITTER_NAME=bench \
    GIT_COMMITTER_EMAIL=bench@minga

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
pid_of() {
    local name=pid_${1//-/_}
    echo "${!name}"
}
memory() { # OFFICE VmRSS|VmHWM: MiB
    awk -v key="$2:" '$1 == key { printf "%.1f", $2 / 1024 }' "/proc/$(pid_of "$1")/status"
}
cpu_of() { awk '{ print $14 + $15 }' "/proc/$(pid_of "$1")/stat"; }
idle() { # OFFICE: it does nothing for longer than it takes to begin what it does when idle
    local before
    before=$(cpu_of "$1")
    wait_s 8
    [ $(($(cpu_of "$1") - before)) -lt 5 ]
}
wait_s() { read -rt "$1" <> <(:) || true; }
found() { # OFFICE [PORT]
    m "$1" init Bench --as santiago ${2:+--listen 127.0.0.1:$2} --no-passphrase >/dev/null 2>&1
}
launch() { # OFFICE: its daemon, without waiting for it
    local name=pid_${1//-/_}
    "$MINGAD" --home "$SCRATCH/$1" 2>>"$SCRATCH/$1.log" &
    printf -v "$name" %s "$!"
    pids+=("$!")
}
socket() { echo "$SCRATCH/$1/control.sock"; }

# ---- one office with all records, and a repository with the same ----

say "$records records: written by an office, and by git"
port=$(free_port)
git_port=$(free_port)
"$bench" csv "$records" >"$SCRATCH/rows.csv"
"$bench" fast-import "$records" >"$SCRATCH/rows.git"
mkdir "$SCRATCH/served"
git init -q --bare "$SCRATCH/served/text.git"
found santiago "$port"
start santiago
timed git -C "$SCRATCH/served/text.git" fast-import --quiet <"$SCRATCH/rows.git"
git_took=$took
timed m santiago import session "$SCRATCH/rows.csv" >/dev/null
report "W8 import of $records records" "$took" s "git fast-import, unsigned" "$git_took" \
    "$(calc "$git_took / $took")"
rm "$SCRATCH/rows.csv" "$SCRATCH/rows.git"
git -C "$SCRATCH/served/text.git" repack -adq
git daemon --base-path="$SCRATCH/served" --export-all --enable=receive-pack --reuseaddr \
    --listen=127.0.0.1 --port="$git_port" "$SCRATCH/served" 2>"$SCRATCH/git-daemon.log" &
pids+=("$!")
remote=git://127.0.0.1:$git_port/text.git
until_true 10 git ls-remote "$remote"

# ---- W1 ----

say "W1: a first replica, $rounds times each"
head=$(m santiago --json log --limit 1 | field commit)
until idle santiago; do :; done # its checkpoint and its index are written in an idle moment
ours=() gits=() wires=() peaks=()
for round in $(seq "$rounds"); do
    timed git clone -q --bare "$remote" "$SCRATCH/clone"
    gits+=("$took")
    rm -rf "$SCRATCH/clone"
    office=replica-$round
    link=$(m santiago --json invite "$office" --role office | field link)
    m "$office" join "$link" --no-passphrase --timeout 30 >/dev/null 2>&1
    [ "$round" -eq 1 ] || stop "replica-$((round - 1))"
    started=$(now)
    launch "$office"
    "$bench" arrive "$(socket "$office")" "$head"
    ours+=("$(calc "$(now) - $started")")
    wires+=("$(m "$office" --json peer | jq -s '[.[].bytes_in // 0] | add / 1e6')")
    peaks+=("$(memory "$office" VmHWM)")
    say "round $round: git ${gits[-1]} s, minga ${ours[-1]} s, ${wires[-1]} MB"
done
git_took=$(median "${gits[@]}") took=$(median "${ours[@]}") wire=$(median "${wires[@]}")
packed=$(du -sb "$SCRATCH/served/text.git/objects/pack" | awk '{ print $1 / 1e6 }')
ratio=$(calc "$git_took / $took")
report "W1 first replica of $records records, verified and durable" "$took" s \
    "git clone --bare" "$git_took" "$ratio" "within 3 times git's time" "$(holds "$ratio >= 1 / 3")"
report "W1 bytes on the wire" "$wire" MB "git's pack" "$packed" "$(calc "$packed / $wire")" \
    "45 MB at most for 100000 records" "$(holds "$wire <= 45 * $records / 100000")"
report "W1 peak memory of the receiver" "$(median "${peaks[@]}")" MiB
report "W1 peak memory of the sender, which imported too" "$(memory santiago VmHWM)" MiB

say "idle memory"
for who in santiago "$office"; do until idle "$who"; do :; done; done
for who in santiago "$office"; do
    idle=$(memory "$who" VmRSS)
    report "idle memory with $records records, $([ "$who" = santiago ] && echo importer ||
        echo receiver)" "$idle" MiB "" "" "" "64 MiB at most" "$(holds "$idle <= 64")"
done

# ---- W2, W3, W6, W7 ----

say "W2, W3: changes, until durable on the other side"
git clone -q "$remote" "$SCRATCH/work"
"$bench" change "$(socket santiago)" "$(socket "$office")" "$SCRATCH/work" "$records"
"$bench" set "$(socket santiago)" "$(socket "$office")" "$SCRATCH/work"
say "W6: durable commits"
stop "$office"
disk=$(du -sm "$SCRATCH/$office" | cut -f1)
report "disk of a replica: repository, journal and index" "$disk" MB "git's pack" "$packed" \
    "$(calc "$packed / $disk")"
"$bench" commits "$(socket santiago)" "$SCRATCH/santiago"
say "W7: lists and counts"
"$bench" query "$(socket santiago)" "$SCRATCH/work"
stop santiago

# ---- sealing ----

# shellcheck source=tests/bench/sealed.sh
. "$here/../bench/sealed.sh"

# ---- money ----

# shellcheck source=tests/bench/money.sh
. "$here/../bench/money.sh"

# ---- W5 ----

say "W5: $signed signed commits of one record each, $rounds times each"
found single
start single
"$bench" fill "$(socket single)" "$signed"
stop single
start single
m single export git "$SCRATCH/kit" >/dev/null 2>&1
stop single
mapfile -t commits < <(git -C "$SCRATCH/single/repo.git" rev-list main)
[ "${#commits[@]}" -ge "$signed" ] || die "there are only ${#commits[@]} commits"
ours=() gits=()
for round in $(seq "$rounds"); do
    timed m single verify >"$SCRATCH/verify.out"
    ours+=("$took")
    timed git -C "$SCRATCH/single/repo.git" \
        -c gpg.ssh.allowedSignersFile="$SCRATCH/kit/allowed_signers" \
        verify-commit "${commits[@]}" 2>"$SCRATCH/verify-git.out"
    gits+=("$took")
done
rate=$(calc "${#commits[@]} / $(median "${ours[@]}")")
git_rate=$(calc "${#commits[@]} / $(median "${gits[@]}")")
ratio=$(calc "$rate / $git_rate")
report "W5 signed commits verified, replay and all" "$rate" "a second" "git verify-commit" \
    "$git_rate" "$ratio" "20 times git's rate" "$(holds "$ratio >= 20")"
