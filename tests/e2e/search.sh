#!/usr/bin/env bash
# Who may not read personal data does not hold a byte of it: the whole reference programme, with its
# names, addresses and phones, goes into five daemons; then the partner's and the auditor's homes,
# the memory of their daemons, everything that went over the line, every bundle and every log are
# searched for each planted value in many forms. So is the home of an office under a passphrase,
# stopped and killed. That the search finds what is there is proven first. Needs gcore (gdb) and
# tshark, and the right to use both: without them it says NOT RUN and fails.
# usage: search.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

needles() { python3 "$here/needles.py" "$@"; }
not_run() {
    echo "NOT RUN: $*" >&2
    exit 1
}
root=()
[ "$(id -u)" -eq 0 ] || root=(sudo -n)
found_in() { ! needles search "$SCRATCH/needles" "$@"; }

# ---- The search finds what is there, in each form ----
needles make "$DATA" "$SCRATCH/needles"
needles control "$SCRATCH/needles" "$SCRATCH/control"
needles prove "$SCRATCH/needles" "$SCRATCH/control"
cp -r "$DATA" "$SCRATCH/plain"
found_in "$SCRATCH/plain" >/dev/null || die "the programme's own files are searched in vain"

# ---- The tools, and the right to use them ----
if LC_ALL=C grep -qa __asan_init "$MINGAD"; then
    not_run "this build's sanitizer lays terabytes beside the memory of a process"
fi
command -v gcore >/dev/null || not_run "there is no gcore: install gdb"
command -v tshark >/dev/null || not_run "there is no tshark"
port_santiago=$(free_port)
core_of() { # OFFICE: its daemon's whole memory, into SCRATCH/cores/OFFICE.<pid>
    local name=pid_${1//-/_}
    mkdir -p "$SCRATCH/cores/$1"
    gcore -a -o "$SCRATCH/cores/$1/core" "${!name}" >"$SCRATCH/gcore.out" 2>&1 ||
        "${root[@]}" gcore -a -o "$SCRATCH/cores/$1/core" "${!name}" >"$SCRATCH/gcore.out" 2>&1 ||
        not_run "gcore may not read the memory of a daemon: $(tail -n 1 "$SCRATCH/gcore.out")"
    [ "$(du -sm "$SCRATCH/cores/$1" | cut -f 1)" -ge 1 ] || die "$1: no memory was written"
}

# capture NAME: all TCP on that port, into SCRATCH/NAME.pcapng, from the moment this returns.
capture() {
    "${root[@]}" tshark -q -i lo -f "tcp port $port_santiago" -w - >"$SCRATCH/$1.pcapng" \
        2>"$SCRATCH/tshark.err" &
    tshark_pid=$!
    pids+=("$tshark_pid")
    until_true 20 knocked "$SCRATCH/$1.pcapng"
}
knocked() { # a call that nobody answers is in the capture
    kill -0 "$tshark_pid" 2>/dev/null ||
        not_run "tshark may not listen on loopback: $(tail -n 1 "$SCRATCH/tshark.err")"
    (: <>"/dev/tcp/127.0.0.1/$port_santiago") 2>/dev/null || true
    [ "$(tshark -r "$1" 2>/dev/null | wc -l)" -gt 0 ]
}
captured() { # NAME: ends it; the bytes that went by, in both directions, into SCRATCH/NAME.streams
    "${root[@]}" kill -INT "$tshark_pid"
    wait "$tshark_pid" 2>/dev/null || true
    needles streams "$SCRATCH/$1.pcapng" "$SCRATCH/$1.streams"
}

# The ear hears: a value that goes over the line in two halves is found.
capture proof
python3 - "$port_santiago" "$DATA" <<'END'
import csv, socket, sys
with open(f"{sys.argv[2]}/households.csv", encoding="utf-8", newline="") as file:
    name = next(csv.DictReader(file))["head_name*"].encode()
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other = server.accept()[0]
        for half in (name[:5], name[5:]):
            line.sendall(half)
            other.recv(100)
        line.close()
        other.close()
END
proof_is_there() {
    [ "$(tshark -r "$SCRATCH/proof.pcapng" -Y 'tcp.len > 0' 2>/dev/null | wc -l)" -ge 2 ]
}
until_true 20 proof_is_there
[ "$(captured proof)" -gt 10 ] || die "nothing was heard on loopback"
found_in "$SCRATCH/proof.streams" >/dev/null || die "a name on the line is not found"

# ---- Five daemons, the whole programme; Alto Hospicio's key is under a passphrase ----
capture traffic
offices=(santiago iquique alto-hospicio)
everyone=("${offices[@]}" fosis auditor)
mkdir "$SCRATCH/credentials"
printf 'cuatro palabras que nadie adivina\n' >"$SCRATCH/credentials/minga-passphrase"
found santiago
enrol santiago iquique
link=$(m santiago --json invite alto-hospicio | field link)
m alto-hospicio join "$link" --timeout 30 \
    --passphrase-file "$SCRATCH/credentials/minga-passphrase" >/dev/null 2>&1
unlock() { CREDENTIALS_DIRECTORY=$SCRATCH/credentials start alto-hospicio; }
unlock
enrol santiago fosis partner
enrol santiago auditor auditor
load_programme "${offices[@]}"
until_true 60 same_state "${everyone[@]}"
reads_all() { # OFFICE: every name of a family and of an enterprise
    [ "$(m "$1" --json list household | jq -es 'map(select(.fields.head_name and .fields.phone and
        .fields.address)) | length')" -eq 100 ] &&
        [ "$(m "$1" --json list enterprise | jq -es 'map(select(.fields.name)) | length')" -eq 47 ]
}
for office in "${offices[@]}"; do until_true 60 reads_all "$office"; done
# The same once more as a file: attached in one office, read in the others.
family=$(m iquique --json list household household=H001 | field id)
m iquique set "$family" people=5 >/dev/null
m santiago attach "$family" "$DATA/households.csv" >/dev/null
for office in iquique alto-hospicio; do
    until_true 60 m "$office" fetch "$family" --out "$SCRATCH/plain/$office.csv"
    cmp "$DATA/households.csv" "$SCRATCH/plain/$office.csv" || die "$office: another file came"
done
until_true 30 same_state "${everyone[@]}"

# Partner and auditor work with what they have, as they would.
for office in fosis auditor; do
    {
        for type in household enterprise visit purchase; do m "$office" --json list "$type"; done
        m "$office" --json log --limit 1000
        m "$office" --json find Quinta
        m "$office" --json status
        m "$office" --json doctor || true
        m "$office" verify
        for type in household enterprise; do
            m "$office" --json show "$(m "$office" --json list "$type" --limit 1 | field id)" \
                --history
        done
    } >"$SCRATCH/$office.answers"
    m "$office" export git "$SCRATCH/kit-$office" >/dev/null 2>&1
done

# ---- Bundles, of which only the offices' have personal data, sealed ----
mkdir "$SCRATCH/bundles"
for to in iquique fosis auditor; do
    sealed=$(m santiago --json bundle write "$SCRATCH/bundles/for-$to" --for "$to" | field sealed)
    [ "$to" = iquique ] || expect "sealed items for $to" "$sealed" 0
done
m fosis bundle write "$SCRATCH/bundles/by-fosis" --for iquique >/dev/null
m fosis bundle read "$SCRATCH/bundles/for-fosis" >/dev/null 2>&1
m iquique bundle read "$SCRATCH/bundles/by-fosis" >/dev/null 2>&1

# ---- Memory: an office's has it, so the search of a memory finds; the others' has not ----
m santiago --json list household >/dev/null
core_of santiago
found_in "$SCRATCH/cores/santiago" >"$SCRATCH/hits" ||
    die "an unlocked office's memory is searched in vain"
tail -n 1 "$SCRATCH/hits"
rm -r "$SCRATCH/cores/santiago"
for office in fosis auditor; do core_of "$office"; done
LC_ALL=C grep -raqF "Quinta Normal" "$SCRATCH/cores/fosis" ||
    die "the partner's memory does not even hold what is open"

# ---- Everything stops; what is compressed is taken apart ----
kill_office() { stop alto-hospicio KILL; }
kill_office
cp -r "$SCRATCH/alto-hospicio" "$SCRATCH/killed"
unlock
until_true 30 reads_all alto-hospicio
for office in "${everyone[@]}"; do stop "$office"; done
bytes=$(captured traffic)
[ "$bytes" -gt 100000 ] || die "only $bytes bytes were heard: that is not the programme"

taken_apart() { # HOME: its git objects and zstd frames, into SCRATCH/apart/HOME
    local apart=$SCRATCH/apart/$1 count
    mkdir -p "$apart"
    git clone -q --mirror "$SCRATCH/$1/repo.git" "$apart/mirror" 2>/dev/null
    git -C "$apart/mirror" cat-file --batch --batch-all-objects --unordered >"$apart/objects"
    rm -r "$apart/mirror"
    count=$(needles expand "$SCRATCH/$1" "$apart/frames")
    [ "$1" != killed ] || return 0 # what it wrote last is still in its journal, as it stands
    [ "$count" -gt 0 ] || die "$1: no frame in its feed"
    for part in objects frames; do
        LC_ALL=C grep -raqF "Quinta Normal" "$apart/$part" || die "$1: no open value in its $part"
    done
}
for home in fosis auditor alto-hospicio killed; do taken_apart "$home"; done
LC_ALL=C grep -raqF "Quinta Normal" "$SCRATCH/killed" "$SCRATCH/apart/killed" ||
    die "killed: no open value in it"

# ---- The search ----
failed=0
for place in fosis auditor apart/fosis apart/auditor cores/fosis cores/auditor \
    fosis.answers auditor.answers kit-fosis kit-auditor traffic.pcapng traffic.streams bundles \
    alto-hospicio apart/alto-hospicio killed apart/killed; do
    needles search "$SCRATCH/needles" "$SCRATCH/$place" || failed=1
done
for log in "$SCRATCH"/*.log; do needles search "$SCRATCH/needles" "$log" || failed=1; done
[ "$failed" -eq 0 ] || die "personal data where it must not be: the lines above say which"

# Nothing of it is even sealed there: a partner has no ciphertext, an auditor none of that class.
for office in fosis auditor; do
    [ -e "$SCRATCH/$office/vault.db" ] || continue
    expect "$office: personal items in the vault" "$(python3 - "$SCRATCH/$office/vault.db" <<'END'
import sqlite3, sys
base = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
tables = ("item", "recent")
print(sum(base.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables))
END
    )" 0
done
