#!/usr/bin/env bash
# The unit for systemd, as systemd itself judges it without running it: that it says nothing wrong,
# and how much of the system the daemon still reaches. And that a daemon confines itself without it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$here/lib.sh"
begin "$@"

EXPOSURE_MAX=15 # tenths: 1.5 of 10
unit=$SCRATCH/mingad.service

# Its programs where they are now, instead of where they are installed.
sed "s:/usr/local/bin/mingad:$MINGAD:" "$here/../../daemon/mingad.service" >"$unit"
systemd-analyze verify "$unit" 2>"$SCRATCH/said" ||
    die "systemd refuses the unit: $(cat "$SCRATCH/said")"
if grep -F mingad.service "$SCRATCH/said"; then
    die "systemd finds something in the unit"
fi
systemd-analyze security --offline=yes --threshold=$EXPOSURE_MAX "$unit" >"$SCRATCH/exposure" ||
    die "the unit leaves too much open: $(tail -n 1 "$SCRATCH/exposure")"
grep -F 'Overall exposure' "$SCRATCH/exposure"
# The same without what it forbids has to be too much.
grep -v -e '^Protect' -e '^Restrict' -e '^Private' -e '^System' "$unit" >"$SCRATCH/open.service"
if systemd-analyze security --offline=yes --threshold=$EXPOSURE_MAX "$SCRATCH/open.service" \
    >/dev/null; then
    die "systemd calls a unit safe that forbids hardly anything"
fi

port=$(free_port)
"$MINGA" --home "$SCRATCH/home" init vicaria --as santiago --no-passphrase \
    --listen "127.0.0.1:$port" >/dev/null
"$MINGAD" --home "$SCRATCH/home" 2>"$SCRATCH/daemon.log" &
daemon=$!
pids+=("$daemon")
until_true 20 "$MINGA" --home "$SCRATCH/home" status
for line in $'NoNewPrivs:\t1' $'Seccomp:\t2'; do
    grep -qxF "$line" "/proc/$daemon/status" || die "the daemon does not confine itself: no '$line'"
done
echo "unit: sound, little exposed; the daemon confines itself"
