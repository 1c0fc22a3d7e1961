# shellcheck shell=bash
# Shell helpers of the end-to-end tests and the demo; sourced. Needs MINGA and MINGAD, the two
# binaries, and SCRATCH, a folder that is removed at the end. Ends only what it started.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pids=()

# begin BUILD_DIR PROGRAMME_DIR: how every test starts.
begin() {
    [ $# -eq 2 ] || { echo "usage: $(basename "$0") BUILD_DIR PROGRAMME_DIR" >&2; exit 2; }
    DATA=$2
    MINGA=$1/minga
    MINGAD=$1/mingad
    SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/minga-e2e.XXXXXX")
    trap finish EXIT
    unset MINGA_HOME LANGUAGE LC_ALL LC_MESSAGES
    export LANG=C.UTF-8
}

finish() {
    local code=$?
    trap - EXIT
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    [ "$code" -eq 0 ] || tail -n 15 "$SCRATCH"/*.log >&2 2>/dev/null || true
    [ -n "${KEEP:-}" ] || rm -rf "$SCRATCH"
    exit "$code"
}

die() {
    echo "FAILED: $*" >&2
    exit 1
}

# until_true SECONDS COMMAND...: try until it succeeds; the condition decides, not the clock.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || die "this never became true: $*"
        read -rt 0.05 <> <(:) || true
    done
}

# free_port: a loopback port that nobody listens on now; below those that the system hands out, so
# that nothing takes it before its owner does.
free_port() {
    python3 - <<'END'
import random, socket
while True:
    port = random.randrange(20000, 32000)
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
END
}

# m OFFICE WORDS...: minga in that office's home.
m() {
    local office=$1
    shift
    "$MINGA" --home "$SCRATCH/$office" --no-color "$@"
}

# field KEY: one member of a JSON object on standard input.
field() { jq -r ".$1"; }

# start OFFICE: its daemon, until it answers. The log is SCRATCH/OFFICE.log; its pid pid_OFFICE.
start() {
    local office=$1 name=pid_${1//-/_}
    "$MINGAD" --home "$SCRATCH/$office" 2>>"$SCRATCH/$office.log" &
    printf -v "$name" %s "$!"
    pids+=("$!")
    until_true 20 m "$office" --json status
}

# stop OFFICE [SIGNAL]
stop() {
    local name=pid_${1//-/_}
    kill "-${2:-TERM}" "${!name}"
    wait "${!name}" 2>/dev/null || true
}

state_of() { m "$1" --json status | field state; }

same_state() { # OFFICE...
    local first state office
    first=$(state_of "$1")
    for office in "$@"; do
        state=$(state_of "$office")
        [ "$state" = "$first" ] || return 1
    done
}

# found OFFICE [INIT OPTIONS...]: the first office of a network, running, at port_OFFICE.
found() {
    local office=$1 port=port_${1//-/_}
    shift
    [ -n "${!port:-}" ] || printf -v "$port" %s "$(free_port)"
    m "$office" init Programa --as "$office" --listen "127.0.0.1:${!port}" --no-passphrase "$@" \
        >/dev/null 2>&1
    start "$office"
}

# enrol INVITER OFFICE [ROLE [JOIN OPTIONS...]]: one more member, running.
enrol() {
    local inviter=$1 office=$2 role=${3:-office} link
    shift $(($# < 3 ? $# : 3))
    link=$(m "$inviter" --json invite "$office" --role "$role" | field link)
    m "$office" join "$link" --no-passphrase --timeout 30 "$@" >/dev/null 2>"$SCRATCH/join.err" ||
        die "$office did not join: $(cat "$SCRATCH/join.err")"
    start "$office"
}

# cable LISTEN_PORT TARGET_PORT: a relay that can be pulled; its pid in cable_pid.
cable() {
    python3 "$here/relay.py" "$1" "$2" >"$SCRATCH/relay.out" &
    cable_pid=$!
    pids+=("$cable_pid")
    until_true 10 grep -q ready "$SCRATCH/relay.out"
}
pull() {
    kill "$cable_pid"
    wait "$cable_pid" 2>/dev/null || true
    : >"$SCRATCH/relay.out"
}

# linked OFFICE PEER: whether OFFICE holds an active link to PEER.
linked() {
    m "$1" --json peer | jq -es --arg peer "$2" \
        'any(.[]; .label == $peer and .state == "active")'
}
unlinked() { ! linked "$@"; }

types=(household enterprise visit disbursement purchase session income contact expense)
file_of() { # TYPE: its file of the reference programme
    echo "$DATA/$1s.csv"
}

# load_programme TREASURER OFFICE...: each its own rows, all at once.
load_programme() {
    local treasurer=$1 office type importers=() pid
    m "$treasurer" import programme "$DATA/programme.json" >/dev/null 2>&1
    m "$treasurer" import allotment "$DATA/allotments.csv" >/dev/null 2>&1
    for office in "$@"; do until_true 30 same_state "$treasurer" "$office"; done
    for office in "$@"; do
        (for type in "${types[@]}"; do
            m "$office" import "$type" "$(file_of "$type")" --where "office=$office"
        done) >"$SCRATCH/$office.import" 2>&1 &
        importers+=("$!")
    done
    for pid in "${importers[@]}"; do
        wait "$pid" || die "an import failed: $(cat "$SCRATCH"/*.import)"
    done
}

# expect WHAT ACTUAL WANTED
expect() { [ "$2" = "$3" ] || die "$1: $2, not $3"; }

count_of() { m "$1" --json list "$2" --count | field count; }
