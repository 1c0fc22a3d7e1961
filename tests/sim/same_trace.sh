#!/bin/sh
# same_trace.sh MINGA-SIM COUNT: COUNT seeds, each in two processes: their traces have to be the
# same.
set -eu
first=$("$1" --seeds "$2" --hashes)
second=$("$1" --seeds "$2" --hashes)
if [ "$first" != "$second" ] || [ "$(printf '%s\n' "$first" | wc -l)" -ne "$2" ]; then
    printf '%s\n-- and then --\n%s\n' "$first" "$second"
    exit 1
fi
echo "$2 seeds, each the same twice"
