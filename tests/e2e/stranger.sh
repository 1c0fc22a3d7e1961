#!/usr/bin/env bash
# Another user of the same machine: what the home lets it see, and what the daemon tells it even
# where the home was left open by mistake. Becoming another user takes root, or sudo.
# usage: stranger.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

found santiago
home=$SCRATCH/santiago
m santiago add household commune=Recoleta people=3 >/dev/null

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# ask UID: what a request for the status, sent by that user, is answered: how many bytes.
ask() {
    as_root python3 - "$home/control.sock" "$1" <<'END'
import os, socket, struct, sys
path, uid = sys.argv[1], int(sys.argv[2])
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(20)
try:
    peer.connect(path)
    request = b"\x93\xa6status\x90\x80"
    peer.sendall(struct.pack(">I", len(request)) + request)
    print(len(peer.recv(65536)))
except PermissionError:
    print("no way in")
except (BrokenPipeError, ConnectionResetError):
    print(0)
END
}

# ---- What the home lets others see: nothing ----
expect "the home" "$(stat -c %a "$home")" 700
expect "the key" "$(stat -c %a "$home/identity")" 600
expect "the socket" "$(stat -c %a "$home/control.sock")" 600
open=$(find "$home" -type f -perm /077 ! -path "*/repo.git/*" ! -name identity.pub)
expect "files that others may read" "$open" ""
me=$(id -u)
stranger=65534
chmod 755 "$SCRATCH"
expect "a stranger before the closed door" "$(ask "$stranger")" "no way in"

# ---- And where the door was left open, the daemon asks who it is ----
chmod 755 "$home"
chmod 666 "$home/control.sock"
expect "a stranger inside" "$(ask "$stranger")" 0
[ "$(ask "$me")" -gt 100 ] || die "the office's own user is not answered"
[ "$(ask 0)" -gt 100 ] || die "root is not answered"
grep -q "event=control_refused uid=$stranger" "$SCRATCH/santiago.log" ||
    die "the refusal is not in the log"
expect "who is served meanwhile" "$(m santiago --json status | field office)" santiago
