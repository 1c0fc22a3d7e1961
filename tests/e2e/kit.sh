#!/usr/bin/env bash
# An auditor with a kit and no Minga reaches the same totals, by the commands of the kit's own page;
# a byte changed in any of its files makes one of them fail.
# usage: kit.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

found santiago
enrol santiago iquique
enrol santiago alto-hospicio
load_programme santiago iquique alto-hospicio
until_true 60 same_state santiago iquique alto-hospicio
shared=$(m santiago --json add contact contact=C99 attendees=-3 office=santiago \
    "institution==1+1, \"x\"" | field id)
wrong=$(m santiago --json add expense ref=wrong office=santiago budget_line=reserve \
    date=2010-01-30 currency=CLP amount=77 receipt=$'r\n2010-01-30 balance' | field id)
m santiago add reversal "entry=$wrong" office=santiago "ref=$wrong" >/dev/null
until_true 60 same_state santiago iquique alto-hospicio

# Two heads, that only a join makes one: each office writes while it hears nobody.
stop alto-hospicio
stop iquique
m santiago set "$shared" "institution=as santiago says" >/dev/null
stop santiago
start iquique
m iquique set "$shared" "institution=as iquique says" >/dev/null
m iquique add contact contact=C100 office=iquique attendees=4 >/dev/null
start santiago
until_true 60 same_state santiago iquique
kit=$SCRATCH/kit
m santiago audit --kit "$kit" >"$SCRATCH/told"
grep -q "SHA256SUMS is signed by santiago" "$SCRATCH/told" || die "$(cat "$SCRATCH/told")"
grep -q "SHA256SUMS  $(sha256sum "$kit/SHA256SUMS" | cut -c1-64)" "$SCRATCH/told" ||
    die "the digest for the paper is another"
for page in programme money; do [ -s "$kit/$page.html" ] || die "there is no $page.html"; done
jq -e '.verdict == "clean"' "$kit/audit.json" >/dev/null || die "$(cat "$kit/audit.json")"

expect "heads" "$(wc -l <"$kit/heads")" 2
grep -q "as iquique says,iquique" "$kit/csv/minga-conflicts.csv" || die "the conflict is not told"

# ---- The auditor: Debian's tools, an own home, the one line that the page says to type ----

mkdir "$SCRATCH/auditor" "$SCRATCH/work"
auditor() { # KIT: does what its page says
    local line
    line=$(sed -n 's/^  \(bash .*\)/\1/p' "$1/CHECK.txt")
    (cd "$1" && env -i PATH=/usr/bin:/bin HOME="$SCRATCH/auditor" TMPDIR="$SCRATCH/work" \
        bash -c "$line") >"$SCRATCH/printed" 2>&1 </dev/null &&
        [ "$(tail -n 1 "$SCRATCH/printed")" = "Everything agrees." ]
}
! env -i PATH=/usr/bin:/bin bash -c 'type minga' >/dev/null 2>&1 || die "minga is at hand"
auditor "$kit" || die "the page does not agree: $(cat "$SCRATCH/printed")"
network=$(m santiago --json verify | field network_id)
grep -qx "$network" "$SCRATCH/printed" || die "the page does not print the network's id"
for office in santiago iquique alto-hospicio; do
    print=$(ssh-keygen -lf "$SCRATCH/$office/identity.pub" | cut -d' ' -f2)
    grep -q "$print" "$SCRATCH/printed" || die "the page does not print the key of $office"
done
expect "the balance of the reserve" "$(hledger -f "$kit/journal.ledger" balance \
    Assets:santiago:reserve -N | awk '{ print $2 }')" 16949998

# ---- One byte anywhere ----

cat >"$SCRATCH/flip.py" <<'END'
import os, subprocess, sys
kit, scratch = sys.argv[1:]
tries = 0
def agrees():
    page = open("CHECK.txt", "rb").read().split(b"\n")
    line = next((l[2:] for l in page if l.startswith(b"  bash ")), b"true")
    try:
        done = subprocess.run([b"bash", b"-c", line], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={"PATH": "/usr/bin:/bin", "HOME": f"{scratch}/auditor",
                                   "TMPDIR": f"{scratch}/work"})
    except ValueError: # a NUL in what is to be typed
        return False
    return done.returncode == 0 and done.stdout.endswith(b"Everything agrees.\n")
os.chdir(kit)
for folder, _, names in sorted(os.walk(".")):
    for name in sorted(names):
        path = os.path.join(folder, name)
        whole = open(path, "rb").read()
        own = name in ("CHECK.txt", "SHA256SUMS", "SHA256SUMS.sig") # what checks the others
        step = max(1, len(whole) // (12 if own else 1))
        for n, at in enumerate(range(step // 2, len(whole), step)):
            byte = whole[at] ^ (0x01, 0x20, 0x04, 0x80)[n % 4]
            open(path, "wb").write(whole[:at] + bytes([byte]) + whole[at + 1:])
            tries += 1
            assert not agrees(), f"{path}: byte {at} as {byte:#x} is not seen"
        last = bytes([whole[-1] ^ 0x2A]) # a newline becomes a space
        open(path, "wb").write(whole[:-1] + last)
        assert not agrees(), f"{path}: the last byte is not seen"
        open(path, "wb").write(whole)
assert tries > 60, tries
open("more.txt", "w").close()
assert not agrees(), "a file that was added is not seen"
os.remove("more.txt")
END
python3 "$SCRATCH/flip.py" "$kit" "$SCRATCH"

# ---- The office itself tells another story: digests and signature anew, with its own key ----

cat >"$SCRATCH/forge.py" <<'END'
import base64, os, re, struct, subprocess, sys
home, kit, what = sys.argv[1:]
def text(path):
    return open(path, encoding="utf-8", newline="").read()
def string(b):
    return struct.pack(">I", len(b)) + b
public = base64.b64decode(text(f"{home}/identity.pub").split()[1])
seed = bytes.fromhex(text(f"{home}/identity").split()[3])
secret = (struct.pack(">II", 7, 7) + public + string(seed + public[-32:]) + string(b"forger"))
secret += bytes(range(1, 1 + -len(secret) % 8))
key = (b"openssh-key-v1\0" + string(b"none") * 2 + string(b"") + struct.pack(">I", 1) +
       string(public) + string(secret))
os.chdir(kit)
def change(path, *pairs):
    old = new = text(path)
    for pattern, by in pairs:
        new = re.sub(pattern, by, new, count=1, flags=re.M)
    assert new != old, f"{path} was not changed"
    open(path, "w", encoding="utf-8", newline="").write(new)
if what == "journal": # one unit more, on both sides and in what is left
    more = lambda found: f"{found[1]}{int(found[2]) + 1}{found[3]}{int(found[4]) + 1}"
    change("journal.ledger", (r"(santiago:workshops  CLP -)(\d+)(\n.*CLP )(\d+)$", more),
           (r"(santiago:workshops  CLP 0 = CLP )0$", r"\g<1>-1"))
    subprocess.run(["hledger", "-f", "journal.ledger", "check", "--strict"], check=True)
elif what == "accounts":
    change("csv/minga-accounts.csv", (r"^(santiago,reserve,CLP,.*,).*\r$", "\\g<1>16949999\r"))
elif what == "sheet":
    change("csv/expense.csv", (r"^(X001,)\d", r"\g<1>9"))
elif what == "activity":
    change("iati.xml", (r"(code=\"4\"/>\n.*\n.*>)\d", r"\g<1>9"))
elif what == "heads":
    git = subprocess.run(["git", "clone", "-q", "--mirror", "minga.bundle", "../heads.git"])
    before = subprocess.run(["git", "-C", "../heads.git", "log", "--format=%H %cn",
                             text("heads").split()[0]], stdout=subprocess.PIPE).stdout.decode()
    open("heads", "w").write(before.splitlines()[-2] + "\n")
names = sorted(os.path.join(folder, name)[2:] for folder, _, files in os.walk(".")
               for name in files if not name.startswith("SHA256SUMS"))
open("SHA256SUMS", "wb").write(subprocess.run(["sha256sum", *names], check=True,
                                              stdout=subprocess.PIPE).stdout)
with open(os.open("../forger", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
    file.write(b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64.b64encode(key) +
               b"\n-----END OPENSSH PRIVATE KEY-----\n")
os.remove("SHA256SUMS.sig")
subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "minga-kit", "-f", "../forger",
                "SHA256SUMS"], check=True, stderr=subprocess.DEVNULL)
END
forged() { # WHAT
    cp -r "$kit" "$SCRATCH/forged"
    python3 "$SCRATCH/forge.py" "$SCRATCH/santiago" "$SCRATCH/forged" "$1"
    ! auditor "$SCRATCH/forged" || die "a forged $1 agrees"
    grep -q '^Good "minga-kit" signature' "$SCRATCH/printed" || die "$(cat "$SCRATCH/printed")"
    rm -rf "$SCRATCH/forged"
}
for what in journal accounts sheet activity heads; do forged "$what"; done
