#!/usr/bin/env bash
# Stock git as the judge of a running daemon's repository: what anyone can check who has no Minga.
# And `minga verify` on such a clone, sound and tampered with.
# usage: clone.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
export HOME=$SCRATCH GIT_CONFIG_NOSYSTEM=1 # nobody's settings of git

offices=(santiago iquique alto-hospicio)
found santiago
enrol santiago iquique
enrol santiago alto-hospicio
load_programme "${offices[@]}"
until_true 60 same_state "${offices[@]}"
id=$(m santiago --json list enterprise enterprise=E05 | field id)
file=records/enterprise/${id:0:1}/${id:1:1}/${id:2:1}/$id.json
m iquique set "$id" stage=workshop --author "berta <berta@iquique>" >/dev/null
until_true 30 same_state "${offices[@]}"
m santiago set "$id" trade="muebles de pino" --author "ana <ana@santiago>" >/dev/null
until_true 30 same_state "${offices[@]}"

m santiago export git "$SCRATCH/kit" >/dev/null # the daemon makes a checkpoint first
repo=$SCRATCH/santiago/repo.git
git -C "$repo" fsck --strict --no-dangling >"$SCRATCH/fsck" 2>&1 ||
    die "fsck: $(cat "$SCRATCH/fsck")"
[ ! -s "$SCRATCH/fsck" ] || die "fsck has something to say: $(cat "$SCRATCH/fsck")"
git clone -q "$repo" "$SCRATCH/clone"
cd "$SCRATCH/clone"
git config gpg.ssh.allowedSignersFile "$SCRATCH/kit/allowed_signers"

# Joined, readable records: every row, as JSON that any tool parses.
expect "records in the clone" "$(git ls-files records | wc -l)" \
    "$(m santiago --json status | field records)"
git ls-files -z records | xargs -0 jq -e 'type == "object" and has("id") and has("type")' \
    >"$SCRATCH/parsed" || die "a record is no JSON object"
expect "records parsed" "$(wc -l <"$SCRATCH/parsed")" "$(git ls-files records | wc -l)"
expect "the record, joined" "$(jq -c '[.fields.trade[], .fields.stage[]]' "$file")" \
    '["muebles de pino","workshop"]'

# Every commit of every office is signed by its key.
git log --all --format='%G? %GS %cn' | sort | uniq -c >"$SCRATCH/signed"
expect "offices that signed" "$(wc -l <"$SCRATCH/signed")" 3
while read -r _ good signer committer; do
    expect "signature" "$good $signer" "G $committer"
done <"$SCRATCH/signed"
git log --show-signature --all >"$SCRATCH/shown" 2>&1
for office in "${offices[@]}"; do
    grep -q "^Good \"git\" signature for $office with ED25519 key" "$SCRATCH/shown" ||
        die "no good signature of $office"
done
# Without the keys nothing is taken for good.
: >"$SCRATCH/nobody"
expect "signatures without keys" "$(git -c gpg.ssh.allowedSignersFile="$SCRATCH/nobody" \
    log --format='%G?' | sort -u | grep -c G || true)" 0

# The log and the blame of a record name who wrote which line.
git log -p --format='commit by %an of %cn' -- "$file" >"$SCRATCH/story"
grep -A30 '^commit by ana of santiago' "$SCRATCH/story" >"$SCRATCH/ana"
grep -q '^+"trade":{".*":"muebles de pino"}' "$SCRATCH/ana" || die "log -p: $(cat "$SCRATCH/story")"
git blame --line-porcelain "$file" | awk '/^author /{author = $2} /^\t/{print author, $0}' \
    >"$SCRATCH/blame"
grep -q '^ana.*"trade"' "$SCRATCH/blame" || die "blame of trade: $(cat "$SCRATCH/blame")"
grep -q '^berta.*"stage"' "$SCRATCH/blame" || die "blame of stage: $(cat "$SCRATCH/blame")"
grep -q "^$(id -un).*\"line\"" "$SCRATCH/blame" || die "blame of line: $(cat "$SCRATCH/blame")"

# New commits, the merge of a conflict too, are a fast-forward for the clone.
m iquique set "$id" stage=purchase >/dev/null
m alto-hospicio set "$id" stage=monitoring >/dev/null
until_true 30 same_state "${offices[@]}"
m santiago resolve "$id" stage=purchase >/dev/null 2>&1 ||
    m santiago set "$id" stage=purchase >/dev/null
m santiago export git "$SCRATCH/kit2" >/dev/null
git pull -q --ff-only
expect "the record after a pull" "$(jq -c '.fields.stage[]' "$file")" '"purchase"'
expect "the clone's tree" "$(git rev-parse 'HEAD^{tree}')" "$(state_of santiago)"
expect "state and commit" "$(git log -1 --format='%G? %cn')" "G santiago"

# Minga replays a stock clone, from the repository and from the bundle.
m santiago verify --repo "$SCRATCH/clone" >"$SCRATCH/verified" || die "the clone is not sound"
grep -q '^Not checked here' "$SCRATCH/verified" || die "what is not checked is not said"
expect "verify --repo" \
    "$("$MINGA" --json verify --repo "$SCRATCH/clone" | jq -c '[.ok, .state, .refused]')" \
    "[true,\"$(state_of santiago)\",[]]"
git clone -q "$SCRATCH/kit2/minga.bundle" "$SCRATCH/from-bundle"
"$MINGA" verify --repo "$SCRATCH/from-bundle" >/dev/null || die "the bundle is not sound"

# Somebody changes a record in the clone's newest commit, keeping its signature and trailers.
refused() { # FOLDER COMMIT REASON
    local code=0
    "$MINGA" --json verify --repo "$1" >"$SCRATCH/verdict" 2>/dev/null || code=$?
    expect "exit code of a tampered clone" "$code" 5
    jq -e --arg commit "$2" --arg reason "$3" \
        '.ok == false and any(.refused[]; .commit == $commit and (.reason | test($reason)))' \
        "$SCRATCH/verdict" >/dev/null || die "$3: $(cat "$SCRATCH/verdict")"
}
tamper() { # FOLDER: the tree of its head with another stage
    git clone -q "$SCRATCH/clone" "$1"
    cd "$1"
    sed -i 's/"purchase"/"selection"/' "$file"
    git add "$file"
}
tamper "$SCRATCH/tampered"
commit=$(git cat-file commit HEAD | sed "1s/.*/tree $(git write-tree)/" |
    git hash-object -t commit -w --stdin)
git reset -q --hard "$commit"
refused "$SCRATCH/tampered" "$commit" "signature"
# Or makes an unsigned commit on top.
tamper "$SCRATCH/unsigned"
commit=$(git -c user.name=x -c user.email=x@x commit-tree -p HEAD -m "enterprise: 1 changed" \
    "$(git write-tree)")
git reset -q --hard "$commit"
refused "$SCRATCH/unsigned" "$commit" "."
# Or signs it with a key of his own.
tamper "$SCRATCH/foreign"
ssh-keygen -q -t ed25519 -N '' -f "$SCRATCH/foreign-key"
commit=$(git cat-file commit HEAD | sed '1,/^$/d' >"$SCRATCH/message" &&
    git -c user.name=santiago -c user.email=santiago@minga -c gpg.format=ssh \
        -c user.signingKey="$SCRATCH/foreign-key" commit-tree -S -p HEAD^ -F "$SCRATCH/message" \
        "$(git write-tree)")
git reset -q --hard "$commit"
refused "$SCRATCH/foreign" "$commit" "."
