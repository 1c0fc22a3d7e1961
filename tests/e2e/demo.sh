#!/usr/bin/env bash
# The demo: three offices, a funder's replica and an auditor on this machine, on loopback.
# Run by `./bootstrap demo`; usage: demo.sh BUILD_DIR PROGRAMME_DIR
set -euo pipefail

BUILD=$1
DATA=$2
MINGA=$BUILD/minga
MINGAD=$BUILD/mingad
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/minga-demo.XXXXXX")
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
trap finish EXIT
unset MINGA_HOME

offices=(santiago iquique alto-hospicio)
everyone=("${offices[@]}" fosis auditor)

step() { printf '\n== %s\n' "$*"; }
run() { # show a command as a person would type it, then run it
    local office=$1
    shift
    printf '%s$ minga%s\n' "$office" "$(printf ' %q' "$@")"
    m "$office" "$@"
}

port=$(free_port)
plug=$(free_port)

step "Santiago begins the network; the others join by a one-time link"
run santiago init "Programa" --as santiago --listen "127.0.0.1:$port" \
    --address "127.0.0.1:$plug" --no-passphrase
cable "$plug" "$port"
start santiago
for who in iquique alto-hospicio fosis auditor; do
    role=office
    [ "$who" = fosis ] && role=partner
    [ "$who" = auditor ] && role=auditor
    link=$(m santiago --json invite "$who" --role "$role" | field link)
    printf 'santiago$ minga invite %s --role %s\n%s$ minga join minga:…\n' "$who" "$role" "$who"
    m "$who" join "$link" --no-passphrase --timeout 30
    # Only Iquique's way to Santiago leads over the cable that will be pulled.
    [ "$who" = iquique ] ||
        git config -f "$SCRATCH/$who/config" peer.santiago.address "127.0.0.1:$port"
    start "$who"
done
run santiago member list

step "Santiago, as treasurer, imports the programme and the allotments"
run santiago import programme "$DATA/programme.json"
run santiago import allotment "$DATA/allotments.csv"
for who in iquique alto-hospicio; do until_true 30 same_state santiago "$who"; done

step "The three offices import their own rows, all at once"
import_all() { # OFFICE
    local type
    for type in "${types[@]}"; do
        m "$1" import "$type" "$(file_of "$type")" --where "office=$1"
    done
}
importers=()
for who in "${offices[@]}"; do
    import_all "$who" >"$SCRATCH/$who.import" 2>&1 &
    importers+=("$!")
done
for pid in "${importers[@]}"; do
    wait "$pid" || die "an import failed: $(cat "$SCRATCH"/*.import)"
done
for who in "${offices[@]}"; do sed "s/^/$who: /" "$SCRATCH/$who.import"; done
until_true 60 same_state "${everyone[@]}"
run auditor status

step "Names, addresses and phones: the offices read them, the partner and the auditor hold no byte"
readable() { m "$1" --json status | jq -e '.waiting_sealed == 0' && all_named "$1"; }
all_named() { m "$1" --json list household | jq -es 'all(.[]; .fields.head_name != null)'; }
for who in "${offices[@]}"; do until_true 60 readable "$who"; done
household=$(m santiago --json list household --limit 1 | field id)
for who in alto-hospicio auditor fosis; do run "$who" show "${household:0:8}"; done
needles() { python3 "$here/needles.py" "$@"; }
needles make "$DATA" "$SCRATCH/needles" >/dev/null
mkdir "$SCRATCH/partner"
git clone -q --mirror "$SCRATCH/fosis/repo.git" "$SCRATCH/partner/mirror" 2>/dev/null
git -C "$SCRATCH/partner/mirror" cat-file --batch --batch-all-objects \
    >"$SCRATCH/partner/objects"
needles expand "$SCRATCH/fosis" "$SCRATCH/partner/frames" >/dev/null
printf 'its whole home, packs and feeds taken apart, for every name, address and phone: '
needles search "$SCRATCH/needles" "$SCRATCH/fosis" "$SCRATCH/partner" ||
    die "the partner holds personal data"
run fosis verify

step "The line to Iquique is cut; both sides go on working on the same enterprise"
id=$(m iquique --json list enterprise office=iquique --limit 1 | field id)
pull
until_true 30 unlinked iquique santiago
run iquique set "${id:0:8}" stage=purchase
run santiago set "${id:0:8}" stage=workshop
run santiago set "${id:0:8}" trade="tailoring and repairs"

step "The line is back: everything arrives, and the conflict is told in plain words"
cable "$plug" "$port"
m iquique --json sync santiago >/dev/null || true
until_true 60 same_state "${everyone[@]}"
run alto-hospicio conflicts || [ $? -eq 4 ]
run alto-hospicio explain "${id:0:8}" || [ $? -eq 4 ]

step "Iquique settles it"
run iquique resolve "${id:0:8}" --keep santiago
until_true 60 same_state "${everyone[@]}"
run santiago show "${id:0:8}"

step "Every peso: what is left, from the grant to a receipt, and nobody can spend what is not there"
run santiago fund balance --office santiago
run auditor trail "boleta 78625"
run iquique fund expense workshops CLP 5000 --date 2009-12-01 --dry-run || [ $? -eq 1 ]
run iquique report programme

step "One state everywhere"
for who in "${everyone[@]}"; do printf '%-14s %s\n' "$who" "$(state_of "$who")"; done

step "The auditor replays every commit, checks every account and rule, and signs what was found"
run auditor audit
run auditor attest

step "The same with stock tools: a folder for an auditor who has only Debian"
printf 'auditor$ minga audit --kit kit\n'
m auditor audit --kit "$SCRATCH/kit" >"$SCRATCH/kit.out"
sed -n "s|$SCRATCH/||g; /^kit /,\$p" "$SCRATCH/kit.out"
ls "$SCRATCH/kit"
git clone -q "$SCRATCH/kit/minga.bundle" "$SCRATCH/history"
printf 'history$ git fsck --strict && git log --show-signature -1\n'
git -C "$SCRATCH/history" fsck --strict --no-dangling
git -C "$SCRATCH/history" -c gpg.ssh.allowedSignersFile="$SCRATCH/kit/allowed_signers" \
    log --show-signature -1
signed=$(git -C "$SCRATCH/history" -c gpg.ssh.allowedSignersFile="$SCRATCH/kit/allowed_signers" \
    log --format=%G? | sort | uniq -c | tr -s ' ')
printf 'signatures, as git counts them (G is good):%s\n' "$signed"
[[ $signed =~ ^\ [0-9]+\ G$ ]] || die "not every signature is good"

step "Done. Three things to try next"
cat <<'END'
1. Begin a network of your own:      build/minga --home ~/try init "My network" --as first \
                                         --listen 127.0.0.1:7717 --no-passphrase
                                     build/mingad --home ~/try &
2. Write and look at a record:       build/minga --home ~/try add household \
                                         commune=Recoleta people=3
                                     build/minga --home ~/try log
3. Follow the tutorial, in which two offices meet, disagree and settle:  docs/TUTORIAL.md
END
