#!/bin/sh
# run.sh BUILD --seeds N --jobs J [--first S]: N seeds from S on (0) in J processes, to the end
# whatever fails. Prints what happened by kind, the rare branches reached, seeds a second, the
# failing seeds each with the line that shrinks it, and the bound that N seeds give. Exit code 1: a
# seed failed, or something never happened.
set -eu
build=$1
shift
exec "$build/minga-sim" --all "$@"
