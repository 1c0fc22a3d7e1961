# Shell helpers of the end-to-end tests and the demo; sourced. Needs MINGA and MINGAD, the two
# binaries, and SCRATCH, a folder that is removed at the end. Ends only what it started.

pids=()

finish() {
    local code=$?
    trap - EXIT
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
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

# free_port: a loopback port that nobody listens on now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
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
