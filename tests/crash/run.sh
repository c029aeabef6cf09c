#!/bin/bash
# The crash tests as a whole, half an hour: every place of both walks, the storm, the clock. Prints each one's numbers.
# BUILD_DIR says where the build is. See tests/README.md.
cd "$(dirname "$(readlink -f "$0")")" || exit 1
code=0
for test in kill_walk fault_walk storm clock_jumps; do
    log=$(mktemp)
    ./$test.py >"$log" 2>&1 || code=1
    grep '^BROKEN' "$log"
    tail -n 1 "$log"
    rm "$log"
done
exit $code
