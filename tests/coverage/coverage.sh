#!/usr/bin/env bash
# coverage.sh BUILD_DIR [CTEST_OPTION...]: BUILD_DIR is a build of the preset 'coverage'. Runs its
# tests, then says which lines and branches of the sources they ran: a line a folder, a line each
# file of what decides (tests/mutation/mutate.py lists them), and BUILD_DIR/coverage.html whole.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
shift

find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" -j"$((2 * $(nproc)))" --timeout 1200 "$@" >"$build/coverage-tests.log" ||
    { tail -n 20 "$build/coverage-tests.log"; echo "coverage: not all tests passed"; }
gcovr --root "$root" --object-directory "$build" -j "$(nproc)" --exclude-unreachable-branches \
    --exclude 'tests/.*' --exclude '.*/generated/.*' --json "$build/coverage.json"
gcovr --root "$root" --add-tracefile "$build/coverage.json" --html-details "$build/coverage.html"
gcovr --root "$root" --add-tracefile "$build/coverage.json" --json-summary \
    "$build/coverage-summary.json"
python3 "$here/table.py" "$build/coverage-summary.json"
