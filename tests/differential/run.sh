#!/usr/bin/env bash
# What this program accepts of a commit or a tree, stock git accepts, and reads alike: mutants of
# the history that three offices write with the reference programme.
# usage: run.sh BUILD_DIR PROGRAMME_DIR [MUTANTS [SEED]]      20,000 and 1 unless given
set -euo pipefail
mutants=${3:-20000} seed=${4:-1}
set -- "$1" "$2"
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
begin "$@"
export HOME=$SCRATCH GIT_CONFIG_NOSYSTEM=1 PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

offices=(santiago iquique alto-hospicio)
found santiago
enrol santiago iquique
enrol santiago alto-hospicio
m santiago import programme "$DATA/programme.json" >/dev/null 2>&1
for office in "${offices[@]}"; do
    m "$office" import household "$DATA/households.csv" --where "office=$office" >/dev/null 2>&1
done
id=$(m iquique --json list household office=iquique --limit 1 | field id)
for people in 2 3 4; do
    m iquique set "$id" people="$people" --author "berta <berta@iquique>" >/dev/null
done
until_true 60 same_state "${offices[@]}"
m santiago export git "$SCRATCH/kit" >/dev/null
for office in "${offices[@]}"; do stop "$office"; done
git clone -q --mirror "$SCRATCH/santiago/repo.git" "$SCRATCH/history"

"$1/tests/differential/mutants" "$SCRATCH/history" "$mutants" "$seed" \
    "$SCRATCH"/{santiago,iquique,alto-hospicio}/identity |
    python3 "$here/judge.py" "$SCRATCH/history" "$SCRATCH" "$SCRATCH/kit/allowed_signers" 100
