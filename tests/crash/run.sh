#!/bin/bash
# The crash tests as a whole: every place of both walks, every answer, the storm, the clock. Prints each one's numbers.
# BUILD_DIR says where the build is. See tests/README.md.
cd "$(dirname "$(readlink -f "$0")")" || exit 1
code=0
for test in kill_walk fault_walk answers storm clock_jumps; do
    log=$(mktemp)
    begin=$SECONDS
    ./$test.py >"$log" 2>&1 || code=1
    grep '^BROKEN' "$log"
    echo "$(tail -n 1 "$log") ($((SECONDS - begin)) s)"
    rm "$log"
done
exit $code
