#!/bin/sh
# run.sh BUILD_DIR [SEEDS]: each promise broken on purpose (canary.c), one after the other: the
# program beside it has to catch it within so many seeds (1,000), by the rule named here, and not
# by a crash or for want of something. Prints in which seed.
set -u
build=$1
seeds=${2:-1000}
failed=0

# canary NAME PROGRAM RULE: RULE is a part of what the program says of a rule that does not hold.
canary() {
    case $2 in
    *record_join) said=$(MINGA_CANARY=$1 "$build/$2" 2>&1) ;;
    *scope*) said=$(MINGA_CANARY=$1 "$build/$2" all 3 2>&1) ;;
    *) said=$(MINGA_CANARY=$1 "$build/$2" --seeds "$seeds" 2>&1) ;;
    esac
    status=$?
    caught=$(printf '%s\n' "$said" | grep -m 1 -e '^FAILED: ' -e '^\[  FAILED  \]')
    if [ "$status" -gt 0 ] && [ "$status" -lt 128 ] &&
        printf '%s\n' "$caught" | grep -q -e "$3"; then
        printf '%-14s %-32s %s\n' "$1" "$2" "${caught#FAILED: }"
        return
    fi
    failed=$((failed + 1))
    echo "The canary $1 was not caught by $2, or by another rule than \"$3\" (exit $status):"
    printf '%s\n' "$said" | tail -n 5
}

tree='it signs tree' # a member joined what another had joined otherwise
canary join replicas_canary_record_join 'laws\|kept'
canary seen replicas_canary_record_join 'laws\|kept'
canary join minga-scope-canary 'value is lost\|another state'
canary seen minga-scope-canary 'changes the state\|another state'
canary state minga-scope-canary 'another state'
canary sums minga-scope-canary 'another sum'
canary acknowledged minga-sim-canary 'which it had acknowledged'
canary invented minga-sim-canary 'what nobody wrote'
canary join minga-sim-canary "$tree\|a value of .* is lost"
canary seen minga-sim-canary "$tree\|has seen\|a write is lost"
canary state minga-sim-canary "$tree\|another state"
canary forks minga-sim-canary 'does not know that'
canary accused minga-sim-canary 'accuses'
canary charter minga-sim-canary "charter [0-9]* after [0-9]*\\|older than a parent's"
canary sums minga-sim-canary 'by the entries\|spends'
canary forged minga-sim-canary 'takes a commit that is a lie'
canary memory minga-sim-canary 'is gone and kept'
canary removal minga-sim-canary 'counts, and should not\|without adopting\|do not agree'
canary removal minga-trust-canary 'counts, and should not\|without adopting'
canary entitled minga-trust-canary 'sealed item'
canary erased minga-trust-canary 'still has a value that was erased'
[ "$failed" -eq 0 ]
