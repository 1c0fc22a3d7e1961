#!/usr/bin/env bash
# Looking after a replica: what doctor says, what each repair makes good after real damage, records
# as they were, the log's filters, events as they happen, and the keys that scripts rely on.
# usage: care.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"

found santiago
enrol santiago iquique
enrol santiago auditor auditor
for type in household enterprise; do
    m santiago import "$type" "$(file_of "$type")" >/dev/null 2>&1
done
until_true 30 same_state santiago iquique auditor
id=$(m santiago --json list enterprise enterprise=E01 | field id)

# ---- Records as they were ----
first=$(m santiago --json set "$id" stage=workshop | field commit)
until_true 30 same_state santiago iquique
second=$(m iquique --json set "$id" stage=purchase needs+=health | field commit)
until_true 30 same_state santiago iquique
stage_at() {
    m santiago --json show "$id" --at "$1" | jq -c '[.fields.stage, (.fields.needs // [])]'
}
expect "at the first commit" "$(stage_at "$first")" '["workshop",[]]'
expect "at a commit cut short" "$(stage_at "${second:0:12}")" '["purchase",["health"]]'
expect "at a day to come" "$(stage_at 2100-01-01)" '["purchase",["health"]]'
code=0
m santiago --json show "$id" --at 2001-01-01 >/dev/null 2>"$SCRATCH/err" || code=$?
expect "before it was there" "$code $(field error <"$SCRATCH/err")" "1 not-found"
expect "its history" "$(m santiago --json show "$id" --history |
    jq -c '[.history[] | [.commit, .office]][0:2]')" \
    "[[\"$second\",\"iquique\"],[\"$first\",\"santiago\"]]"
grep -q 'stage: workshop → purchase' <(m santiago show "$id" --history) || die "history in words"

# ---- A set as of what its writer had looked at: a conflict, where a plain set is a change ----
m santiago set "$id" stage=monitoring --as-of "$first" >/dev/null
expect "set --as-of" "$(m santiago --json show "$id" | jq -c '[.conflicts.stage[].value] | sort')" \
    '["monitoring","purchase"]'
m santiago set "$id" stage=monitoring >/dev/null
expect "a plain set settles" "$(m santiago --json show "$id" | jq -c .conflicts)" '{}'
until_true 30 same_state santiago iquique auditor

# ---- The log ----
offices() { m santiago --json log "$@" | jq -r .office | sort -u | tr '\n' ' '; }
expect "log --by" "$(offices --by iquique)" "iquique "
expect "log --since" "$(offices --since 2001-01-01)" "iquique santiago "
expect "log --since, a day to come" "$(offices --since 2100-01-01)" ""
expect "log ID" "$(m santiago --json log "$id" --by iquique | field commit)" "$second"
expect "log --limit" "$(m santiago --json log --limit 2 | wc -l)" 2

# ---- Events as they happen ----
m iquique --json watch >"$SCRATCH/events" 2>/dev/null &
watcher=$!
pids+=("$watcher")
until_true 10 grep -q watching "$SCRATCH/events"
m santiago set "$id" trade=weaving >/dev/null
until_true 20 jq -es 'any(.[]; .event != "watching")' "$SCRATCH/events"
kill "$watcher"
jq -es 'all(.[]; .schema == "minga.watch/1" and has("event"))' "$SCRATCH/events" >/dev/null ||
    die "events: $(cat "$SCRATCH/events")"
until_true 30 same_state santiago iquique auditor

# ---- The keys that scripts rely on: each row has its schema and at least these ----
keys() { # VERB KEYS WORDS...
    local verb=$1 wanted=$2
    shift 2
    { m santiago --json "$@" || [ $? -eq 4 ]; } >"$SCRATCH/rows" 2>/dev/null || die "$* failed"
    jq -es --arg schema "minga.$verb/1" --arg wanted "$wanted" 'length > 0 and all(.[];
        .schema == $schema and ((($wanted | split(" ")) - keys) == []))' "$SCRATCH/rows" \
        >/dev/null || die "$*: $(head -c 600 "$SCRATCH/rows") lacks some of: $wanted"
}
m santiago set "$id" stage=workshop --as-of "$first" >/dev/null # a conflict to look at
keys status "network office role state height charter frontier records conflicts waiting_sealed \
members health listen" status
jq -e 'all(.members[]; has("label") and has("role") and has("seq") and has("behind") and
    has("last_contact") and has("link")) and (.frontier.santiago > 0) and (.conflicts == 1) and
    any(.health[]; has("level") and has("text") and has("fix"))' "$SCRATCH/rows" >/dev/null ||
    die "status: $(cat "$SCRATCH/rows")"
keys show "id type fields conflicts" show "$id"
jq -e 'all(.conflicts.stage[]; has("value") and has("office") and has("author") and has("time")
    and has("commit"))' "$SCRATCH/rows" >/dev/null || die "show: $(cat "$SCRATCH/rows")"
keys list "id type fields conflicts" list household
keys find "id type fields" find recoleta
keys log "commit change office author time seq subject changes signature settled" log
jq -es 'all(.[].changes[]; has("record") and has("type") and has("field") and has("before") and
    has("after"))' "$SCRATCH/rows" >/dev/null || die "log: changes"
keys conflicts "id type field values since" conflicts
keys explain "id type field text commands values" explain "$id"
keys resolve "id commit conflicts" resolve "$id" stage=purchase
keys set "id commit conflicts" set "$id" stage=monitoring
keys add "id commit" add household people=2
keys import "added changed same rejected reject_file commits" \
    import household "$DATA/households.csv"
keys invite "link expires role" invite somebody
keys member "label role" member list
keys member "label role fingerprint" member show iquique
keys peer "label address state behind bytes_in bytes_out last_error" peer
keys sync "synced failed" sync
keys verify "ok commits signatures refused state" verify
keys doctor "ok health" doctor
keys config "key value" config list
keys config "ok file" config check
keys export "folder refs objects" export git "$SCRATCH/kit"
m santiago status --wait --timeout 20 >/dev/null || die "status --wait"
m santiago set "$id" stage=workshop --dry-run >/dev/null
expect "a dry run" "$(m santiago --json show "$id" | field fields.stage)" monitoring
until_true 30 same_state santiago iquique auditor

# ---- Doctor ----
m santiago doctor >"$SCRATCH/doctor" || die "doctor: $(cat "$SCRATCH/doctor")"
chmod 644 "$SCRATCH/santiago/identity"
code=0
m santiago --json doctor >"$SCRATCH/doctor" 2>/dev/null || code=$?
[ "$code" -ne 0 ] || die "doctor takes an open key for well"
jq -e '.ok == false and any(.health[]; (.text | test("identity")) and (.fix | test("chmod")))' \
    "$SCRATCH/doctor" >/dev/null || die "doctor: $(cat "$SCRATCH/doctor")"
chmod 600 "$SCRATCH/santiago/identity"

# ---- Repairs: damage, the words of verify and doctor, the repair, everything back ----
home=$SCRATCH/santiago
state=$(state_of santiago)
well() { # WHAT
    start santiago
    until_true 60 m santiago sync --timeout 20 # the others call again in their own time
    until_true 30 same_state santiago iquique auditor
    expect "$1: the state" "$(state_of santiago)" "$state"
    m santiago --json verify | jq -e .ok >/dev/null || die "$1: not sound"
    expect "$1: households" "$(count_of santiago household)" 101
    expect "$1: the record" "$(m santiago --json show "$id" | field fields.trade)" weaving
    m santiago doctor >/dev/null || die "$1: doctor"
}
daemon_fails() { # REGEX: it does not start, and says which repair helps
    local code=0
    "$MINGAD" --home "$home" 2>"$SCRATCH/err" || code=$?
    expect "exit code of the daemon" "$code" 5
    grep -q "$1" "$SCRATCH/err" || die "the daemon ended with $code: $(cat "$SCRATCH/err")"
}
flip() { # FILE OFFSET: one byte
    python3 - "$1" "$2" <<'END'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    byte = f.read(1)
    f.seek(int(sys.argv[2]))
    f.write(bytes([byte[0] ^ 0x40]))
END
}

# The index: gone, cut, and full of noise.
stop santiago
for damage in "rm -f $home/index.db" "truncate -s 5000 $home/index.db" \
    "dd if=/dev/urandom of=$home/index.db bs=4096 count=8 conv=notrunc status=none"; do
    rm -f "$home/index.db-wal" "$home/index.db-shm"
    $damage
    m santiago repair index >/dev/null || die "repair index after: $damage"
    well "index, $damage"
    stop santiago
done

# The refs: gone, and pointing somewhere else.
heads=$(git -C "$home/repo.git" for-each-ref --format='%(refname) %(objectname)')
rm -rf "$home"/repo.git/refs/heads/* "$home/repo.git/packed-refs"
m santiago repair refs >/dev/null || die "repair refs"
expect "refs" "$(git -C "$home/repo.git" for-each-ref --format='%(refname) %(objectname)')" "$heads"
m santiago verify >/dev/null || die "not sound after the repair"
sed 's/^[0-9a-f]/x/; s/^x/0/; s/0$/1/; t; s/.$/0/' "$home/repo.git/refs/heads/main" >"$SCRATCH/ref"
cp "$SCRATCH/ref" "$home/repo.git/refs/heads/main"
code=0
m santiago verify >"$SCRATCH/verified" 2>/dev/null || code=$?
expect "verify of a damaged ref: $(cat "$SCRATCH/verified")" "$code" 5
grep -q "refs/heads/main names a commit" "$SCRATCH/verified" ||
    die "verify does not name the ref: $(cat "$SCRATCH/verified")"
m santiago repair refs >/dev/null || die "repair refs"
git -C "$home/repo.git" update-ref refs/heads/main "$first" # sound, and not where it belongs
m santiago repair refs >/dev/null || die "repair refs"
expect "refs" "$(git -C "$home/repo.git" for-each-ref --format='%(refname) %(objectname)')" "$heads"
well refs

# The journal: a byte flipped in the middle of what is durable, then all of it gone.
for i in $(seq 30); do m santiago add visit visit="W$i" score="$i" >/dev/null; done
until_true 30 same_state santiago iquique auditor
state=$(state_of santiago)
stop santiago KILL
log=$(find "$home/journal" -name '*.log' -size +0 | sort | tail -1)
[ -n "$log" ] || die "there is no open journal: $(ls -la "$home/journal")"
flip "$log" 2000
code=0
m santiago --json verify >"$SCRATCH/verified" 2>"$SCRATCH/err" || code=$?
expect "verify of a damaged journal: $(cat "$SCRATCH/verified" "$SCRATCH/err")" "$code" 5
grep -q "journal/" "$SCRATCH/verified" "$SCRATCH/err" ||
    die "verify does not name the journal"
daemon_fails 'journal/.* is damaged at offset .*minga repair journal'
m santiago repair journal >"$SCRATCH/repaired" || die "repair journal: $(cat "$SCRATCH/repaired")"
grep -q 'damaged-' "$SCRATCH/repaired" || die "the old journal is not named"
well "journal, a flipped byte"
stop santiago
rm -rf "$home/journal"
m santiago repair journal >/dev/null || die "repair of no journal"
well "journal, gone"
expect "visits" "$(count_of santiago visit)" 30
# And it works on.
m santiago set "$id" trade="weaving and knitting" >/dev/null
until_true 30 same_state santiago iquique auditor
m auditor verify >/dev/null
