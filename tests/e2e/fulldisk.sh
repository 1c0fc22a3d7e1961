#!/usr/bin/env bash
# A disk runs full under a daemon at work: the writer is told so, readers and the other office go
# on, and when there is room again so does the writer. Nothing that was acknowledged is lost.
# usage: fulldisk.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# A small disk of our own, which is gone with the mount namespace; root is not needed.
if [ -z "${MINGA_OWN_MOUNTS:-}" ]; then
    export MINGA_OWN_MOUNTS=1
    for user in "" --map-root-user; do
        if unshare --mount $user true 2>/dev/null; then exec unshare --mount $user -- "$0" "$@"; fi
    done
fi
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

DISK_MIB=48
disk=$SCRATCH/santiago
elsewhere=
mkdir -p "$disk"
if ! mount -t tmpfs -o "size=${DISK_MIB}m,mode=0700" none "$disk" 2>/dev/null; then
    # No mounts here (a container): its own small /dev/shm does as well.
    [ "$(df --output=size -m /dev/shm | tail -1)" -le 256 ] || die "there is no small disk to fill"
    elsewhere=/dev/shm/${SCRATCH##*/}
    rmdir "$disk"
    mkdir "$elsewhere"
    ln -s "$elsewhere" "$disk"
fi
leave() {
    local code=$?
    trap - EXIT
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ -n "$elsewhere" ]; then rm -rf "$elsewhere"; else umount "$disk"; fi
    rm -rf "$SCRATCH"
    exit "$code"
}
trap leave EXIT

found santiago
enrol santiago iquique
m santiago import household "$DATA/households.csv" >/dev/null 2>&1
until_true 30 same_state santiago iquique

head -c 11250 /dev/urandom | base64 -w0 >"$SCRATCH/large" # close to the largest value
: >"$SCRATCH/acknowledged"
add() { # NAME: one large record
    local id
    id=$(m santiago add household "household=$1" commune=@"$SCRATCH/large" \
        address=@"$SCRATCH/large" 2>"$SCRATCH/err") ||
        return $?
    echo "$1 $id" >>"$SCRATCH/acknowledged"
}
fill() { cat /dev/zero >"$disk/ballast" 2>/dev/null || true; } # to the last page
told() {
    m santiago --json status | jq -e \
        'any(.health[]; .level == "error" and (.text | test("disk is full")) and .fix != "")' \
        >/dev/null
}

for round in 1 2 3; do
    fill
    # What the journal has in reserve is still good; then every writer is told.
    code=0
    for i in $(seq 4000); do
        add "R$round-$i" || { code=$?; break; }
    done
    expect "the writer, on a full disk: $(cat "$SCRATCH/err")" "$code" 1
    told || die "a writer was refused, and status does not say why"
    fill
    code=0
    m santiago --json add household household=X commune=@"$SCRATCH/large" >/dev/null \
        2>"$SCRATCH/err" || code=$?
    expect "a write on a full disk" "$code $(field error <"$SCRATCH/err")" "1 disk-full"
    # The daemon is up, says what is the matter, and the others go on.
    told || die "status does not speak of the full disk"
    grep -q 'the disk is full' <(m santiago status) || die "nor to a person"
    # What it seals and attaches would go to the full disk's vault.
    id=$(m iquique add household "household=I$round" people=1 address="calle $round") ||
        die "the other office stopped"
    m iquique attach "$id" "$SCRATCH/large" >/dev/null || die "the other office attaches nothing"
    # In the last round the power goes too.
    [ "$round" -lt 3 ] || stop santiago KILL
    rm "$disk/ballast"
    [ "$round" -lt 3 ] || start santiago
    add "B$round" || die "there is room again, and still: $(cat "$SCRATCH/err")"
    until_true 30 same_state santiago iquique
    m santiago --json status | jq -e 'all(.health[]; .level != "error")' >/dev/null ||
        die "an error stays in the health lines"
done

for office in santiago iquique; do
    m "$office" --json list household | jq -r '.fields.household + " " + .id' |
        sort >"$SCRATCH/there"
    lost=$(sort "$SCRATCH/acknowledged" | comm -23 - "$SCRATCH/there")
    [ -z "$lost" ] || die "$office lost acknowledged writes: $lost"
    for round in 1 2 3; do grep -q "^I$round " "$SCRATCH/there" || die "$office lost I$round"; done
done
stop santiago
m santiago verify >/dev/null || die "not sound in the end"
echo "$(wc -l <"$SCRATCH/acknowledged") acknowledged writes, a full disk three times: all there"
