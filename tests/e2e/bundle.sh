#!/usr/bin/env bash
# Two offices without a line between them exchange everything by files, both ways, and reach one
# state; files that were cut, changed, forged or meant for others are refused, each by its reason.
# usage: bundle.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

stick=$SCRATCH/stick
mkdir "$stick"

# The line holds for as long as the two pair, and never again.
port_santiago=$(free_port)
plug=$(free_port)
found santiago --address "127.0.0.1:$plug"
cable "$plug" "$port_santiago"
for office in iquique auditor; do
    link=$(m santiago --json invite "$office" --role "$([ "$office" = iquique ] &&
        echo office || echo auditor)" | field link)
    m "$office" join "$link" --no-passphrase --timeout 30 >/dev/null 2>&1
done
pull
for office in iquique auditor; do start "$office"; done

# refused WANTED_EXIT WORD OFFICE WORDS...: the command fails with that exit and that word.
refused() {
    local wanted=$1 word=$2 code=0
    shift 2
    m "$@" --json >"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
    expect "$*" "$code $(field error <"$SCRATCH/err")" "$wanted $word"
}

# ---- There and back ----
for type in household enterprise; do
    m santiago import "$type" "$(file_of "$type")" >/dev/null 2>&1
done
wrote=$(m santiago --json bundle write "$stick/a" --for iquique)
expect "files" "$(field 'files[0]' <<<"$wrote")" "$stick/a"
[ "$(field commits <<<"$wrote")" -gt 2 ] || die "a bundle without commits: $wrote"
if grep -qa "Quinta Normal" "$stick/a"; then die "a bundle can be read by anybody"; fi
read=$(m iquique --json bundle read "$stick/a")
expect "from" "$(field from <<<"$read")" santiago
expect "refused, waiting" "$(jq -c '[.refused_count, .waiting]' <<<"$read")" "[0,0]"
[ "$(field commits.santiago <<<"$read")" -gt 2 ] || die "nothing new was told: $read"
expect "households at iquique" "$(count_of iquique household)" 100
expect "one state" "$(state_of iquique)" "$(state_of santiago)"
# With what is sealed: every office reads it, and an auditor gets nothing of it.
personal() { # OFFICE TYPE
    m "$1" --json list "$2" --sort "$2" | jq -cS .fields
}
for type in household enterprise; do
    personal santiago "$type" >"$SCRATCH/wanted"
    personal iquique "$type" >"$SCRATCH/there"
    cmp "$SCRATCH/wanted" "$SCRATCH/there" || die "$type: iquique reads something else"
done
grep -q '"head_name":"' "$SCRATCH/wanted" "$SCRATCH/there" && die "an enterprise with a head"
expect "families with name and phone" \
    "$(personal iquique household | jq -es 'map(select(.head_name and .phone)) | length')" 100
[ "$(field sealed <<<"$read")" -gt 400 ] || die "sealed items were not told: $read"
expect "waiting" "$(m iquique --json status | field waiting_sealed)" 0

# Again: nothing is new.
read=$(m iquique --json bundle read "$stick/a")
expect "read again" "$(jq -c '[.new, .charters, .sealed]' <<<"$read")" "[0,0,0]"

# What iquique did goes back; its bundle says what it holds, so only that is in it.
id=$(m iquique --json list enterprise enterprise=E07 | field id)
m iquique set "$id" stage=purchase >/dev/null
m santiago set "$id" trade="alfarería" >/dev/null
wrote=$(m iquique --json bundle write "$stick/b" --for santiago)
expect "commits back" "$(field commits <<<"$wrote")" 1
m santiago bundle read "$stick/b" >"$SCRATCH/out"
grep -q "iquique: 1" "$SCRATCH/out" || die "a person is not told: $(cat "$SCRATCH/out")"
# Its receipt, and the next: two commits, or three where somebody acknowledged.
m iquique bundle read "$stick/b.receipt" >/dev/null
m santiago bundle read "$stick/a.receipt" >/dev/null
wrote=$(m santiago --json bundle write "$stick/c" --for iquique)
[ "$(field commits <<<"$wrote")" -le 3 ] || die "not after the receipt: $wrote"
m iquique bundle read "$stick/c" >/dev/null
expect "one state again" "$(state_of iquique)" "$(state_of santiago)"
for office in santiago iquique; do
    expect "$office: both edits" "$(m "$office" --json show "$id" |
        jq -r '.fields.stage + ", " + .fields.trade')" "purchase, alfarería"
done

# Without a receipt: --since-last takes it that the last one arrives.
m santiago bundle write "$stick/d" --for auditor >/dev/null
m santiago set "$id" line=idea >/dev/null
wrote=$(m santiago --json bundle write "$stick/e" --for auditor --since-last)
expect "since the last" "$(field commits <<<"$wrote")" 1
# The second alone: it waits for what it builds on, and says so.
refused 3 partly auditor bundle read "$stick/e"
m auditor bundle read "$stick/e" "$stick/d" >/dev/null
expect "the auditor's state" "$(state_of auditor)" "$(state_of santiago)"
personal auditor household | jq -es 'all(.[]; .head_name == null and .phone == null)' >/dev/null ||
    die "the auditor reads personal data"
wrote=$(m santiago --json bundle write "$stick/all" --for auditor)
expect "sealed items for the auditor" "$(field sealed <<<"$wrote")" 0

# ---- Parts ----
python3 - >"$SCRATCH/contacts.csv" <<'END'
import random
random.seed(7)
print("contact,institution,office")
for i in range(200):
    print(f"X{i}," + "".join(random.choices("abcdefghijklmnop ", k=14000)) + "x,santiago")
END
m santiago import contact "$SCRATCH/contacts.csv" >/dev/null 2>&1
wrote=$(m santiago --json bundle write "$stick/f" --for iquique --max 1M)
parts=$(jq '.files | length' <<<"$wrote")
[ "$parts" -ge 3 ] || die "not split: $wrote"
for ((part = 1; part <= parts; part++)); do
    [ "$(stat -c %s "$stick/f.$part")" -le 1048576 ] || die "part $part is too large"
done
[ ! -e "$stick/f" ] || die "a file beside its parts"
# A part too early takes nothing that it cannot judge; then all, named in the wrong order.
refused 3 partly iquique bundle read "$stick/f.$parts"
files=()
for ((part = parts; part >= 1; part--)); do files+=("$stick/f.$part"); done
m iquique bundle read "${files[@]}" >/dev/null
expect "one state after parts" "$(state_of iquique)" "$(state_of santiago)"
leftovers=$(find "$stick" -name '*.unfinished')
[ -z "$leftovers" ] || die "left behind: $leftovers"

# Where the history is short and what is sealed is not, each part is whole by itself: read alone,
# and the last one first.
m iquique bundle write "$stick/back" --for santiago >/dev/null
m santiago bundle read "$stick/back" >/dev/null
python3 - >"$SCRATCH/enterprises.csv" <<'END'
import random
random.seed(8)
print("enterprise,name*,office")
for i in range(150):
    print(f"S{i}," + "".join(random.choices("abcdefghijklmnop ", k=14000)) + "x,santiago")
END
m santiago import enterprise "$SCRATCH/enterprises.csv" >/dev/null 2>&1
wrote=$(m santiago --json bundle write "$stick/s" --for iquique --max 1M)
parts=$(jq '.files | length' <<<"$wrote")
[ "$parts" -ge 3 ] || die "not split: $wrote"
for ((part = parts; part >= 1; part--)); do
    read=$(m iquique --json bundle read "$stick/s.$part")
    expect "waiting, unwanted" "$(jq -c '[.waiting, .unwanted]' <<<"$read")" "[0,0]"
    [ "$part" -eq "$parts" ] || expect "known before" "$(field new <<<"$read")" 0
done
personal santiago enterprise >"$SCRATCH/wanted"
personal iquique enterprise >"$SCRATCH/there"
cmp "$SCRATCH/wanted" "$SCRATCH/there" || die "iquique lacks names"
expect "waiting after parts" "$(m iquique --json status | field waiting_sealed)" 0

# A bundle that was lost: its receipt never comes, but that of another names what is missing.
m santiago add household household=H950 head_name="una que falta" people=2 >/dev/null
m santiago bundle write "$stick/lost" --for auditor >/dev/null
m auditor bundle read "$stick/lost" >/dev/null
m santiago bundle read "$stick/lost.receipt" >/dev/null
m auditor bundle write "$stick/history" --for iquique >/dev/null
m iquique bundle read "$stick/history" >/dev/null
expect "what an auditor carries" \
    "$(m iquique --json list household household=H950 | field sealed.head_name)" waiting
m iquique bundle write "$stick/i" --for santiago >/dev/null
m iquique bundle read "$stick/s.1" >/dev/null 2>&1
m santiago bundle read "$stick/s.1.receipt" >/dev/null
wrote=$(m santiago --json bundle write "$stick/j" --for iquique --since-last)
[ "$(field sealed <<<"$wrote")" -gt 0 ] || die "what was asked for is not in it: $wrote"
m iquique bundle read "$stick/j" >/dev/null
expect "nothing waits" "$(m iquique --json status | field waiting_sealed)" 0
expect "H950" "$(m iquique --json list household household=H950 | field fields.head_name)" \
    "una que falta"

# ---- What is refused ----
m santiago set "$id" stage=workshop >/dev/null
m santiago bundle write "$stick/g" --for iquique >/dev/null
before=$(state_of iquique)
refused 12 wrong-key auditor bundle read "$stick/g"
refused 12 wrong-key santiago bundle read "$stick/g"
size=$(stat -c %s "$stick/g")
for bytes in 0 5 100 319 320 330 $((size / 2)) $((size - 1)); do
    head -c "$bytes" "$stick/g" >"$stick/cut"
    refused 5 corrupt iquique bundle read "$stick/cut"
done
cat "$stick/g" "$stick/g" >"$stick/twice"
refused 5 corrupt iquique bundle read "$stick/twice"
flip() { # FILE OFFSET: into "$stick/flipped"
    python3 - "$1" "$2" "$stick/flipped" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[2])] ^= 1
open(sys.argv[3], "wb").write(data)
END
}
flip "$stick/g" 20
refused 1 wrong-network iquique bundle read "$stick/flipped"
flip "$stick/g" 60
refused 5 bad-signature iquique bundle read "$stick/flipped"
flip "$stick/g" 90
refused 12 wrong-key iquique bundle read "$stick/flipped"
for at in 120 240 300; do
    flip "$stick/g" "$at"
    refused 5 bad-signature iquique bundle read "$stick/flipped"
done
for at in 330 344 400; do
    flip "$stick/g" "$at"
    refused 5 corrupt iquique bundle read "$stick/flipped"
done
# The beginning of one with the body of another of the same length cannot be told by its length.
head -c 320 "$stick/g" >"$stick/mixed"
flip "$stick/g" 350
tail -c +321 "$stick/flipped" >>"$stick/mixed"
refused 5 corrupt iquique bundle read "$stick/mixed"
expect "a damaged bundle changed something" "$(state_of iquique)" "$before"
# Damage at its end: what stood before it was whole, and was taken.
flip "$stick/g" $((size - 1))
refused 5 corrupt iquique bundle read "$stick/flipped"
expect "what stood before" "$(state_of iquique)" "$(state_of santiago)"
m iquique bundle read "$stick/g" >/dev/null
expect "the sound one" "$(state_of iquique)" "$(state_of santiago)"

# Receipts: forged, another office's, none.
size=$(stat -c %s "$stick/g.receipt")
flip "$stick/g.receipt" $((size - 1))
refused 5 bad-signature santiago bundle read "$stick/flipped"
flip "$stick/g.receipt" $((size - 70))
refused 5 bad-signature santiago bundle read "$stick/flipped"
refused 12 wrong-key iquique bundle read "$stick/g.receipt"
echo "no bundle at all, whatever it is called" >"$stick/text"
refused 5 corrupt santiago bundle read "$stick/text"
refused 1 not-found santiago bundle read "$stick/nowhere"
# One bad file among good ones is named; the good ones are read.
code=0
m iquique bundle read "$stick/text" "$stick/g" >"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
expect "a bad one among good ones" "$code" 3
grep -q "$stick/text" "$SCRATCH/err" || die "the bad file is not named"
grep -q "$stick/g: from santiago" "$SCRATCH/out" || die "the good file was not read"

# Another network's.
found curico
m curico --json bundle write "$stick/other" --for curico >/dev/null 2>"$SCRATCH/err" &&
    die "a bundle for oneself"
refused 1 wrong-network curico bundle read "$stick/g"
refused 1 wrong-network curico bundle read "$stick/g.receipt"
refused 1 not-found santiago bundle write "$stick/h" --for nowhere
refused 2 usage santiago bundle write "$stick/h" --for iquique --max 10K
refused 2 usage santiago bundle write "$stick/h"
[ ! -e "$stick/h" ] || die "a refused bundle left a file"
refused 1 io santiago bundle write "$stick/no-folder/h" --for iquique

# ---- A file of 3 MB, in parts ----
carry() { # FROM TO NAME [OPTIONS...]: a bundle, read there
    local from=$1 to=$2 name=$3
    shift 3
    m "$from" --json bundle write "$stick/$name" --for "$to" "$@" >"$SCRATCH/wrote"
    mapfile -t files < <(jq -r '.files[]' "$SCRATCH/wrote")
    m "$to" bundle read "${files[@]}" >"$SCRATCH/out" 2>"$SCRATCH/err"
}
head -c 3000000 /dev/urandom >"$SCRATCH/photo.bin"
carry santiago iquique before # all that is not the photo
m santiago bundle read "$stick/before.receipt" >/dev/null
m santiago attach "$id" "$SCRATCH/photo.bin" >/dev/null
mapfile -t files < <(m santiago --json bundle write "$stick/photo" --for iquique --max 1M |
    jq -r '.files[]')
[ "${#files[@]}" -ge 3 ] || die "a photo of 3 MB in ${#files[@]} parts"
for ((part = ${#files[@]} - 1; part >= 0; part--)); do
    m iquique bundle read "${files[$part]}" >/dev/null 2>&1
done
m iquique fetch "$id" photo.bin --out "$SCRATCH/back.bin" >/dev/null
cmp "$SCRATCH/photo.bin" "$SCRATCH/back.bin" || die "the photo came back as another"

# ---- Two admins who meet by stick: a removal ----
m santiago member change iquique --rights admin >/dev/null
carry santiago iquique rights
code=0
m santiago member remove auditor >/dev/null 2>&1 || code=$?
expect "the removal waits for the other" "$code" 4
carry santiago iquique motion
code=0
m iquique member approve >/dev/null 2>&1 || code=$?
expect "who approved waits for who proposed" "$code" 4
carry iquique santiago approval
carry santiago iquique version
for office in santiago iquique; do
    m "$office" --json member list | jq -es 'any(.[]; .label == "auditor" and
        .state == "member") | not' >/dev/null || die "$office: the auditor is still a member"
    refused 1 not-allowed "$office" bundle write "$stick/gone" --for auditor
done
# What the removed one wrote before it knew is read, and judged.
m auditor bundle write "$stick/late" --for iquique >/dev/null
m iquique bundle read "$stick/late" >/dev/null 2>"$SCRATCH/err"
grep -q "auditor is no member any more" "$SCRATCH/err" || die "nobody is told who wrote it"

for office in santiago iquique; do m "$office" verify >/dev/null; done
expect "one state at the end" "$(state_of iquique)" "$(state_of santiago)"
