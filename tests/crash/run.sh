#!/bin/bash
# SPDX-License-Identifier: MIT
# The crash tests as a whole: every place of both walks, every answer, the storm, the clock. Prints each one's numbers.
# BUILD_DIR says where the build is. See tests/README.md.
cd "$(dirname "$(readlink -f "$0")")" || exit 1
code=0
# of two results one has an address that nobody fetches: the other one appears, the job has succeeded
partly="[[images=2]] [[bad-url=1]]"
one() { # TEST [ARGUMENT...]
    local log begin=$SECONDS
    log=$(mktemp)
    "./$1.py" "${@:2}" >"$log" 2>&1 || code=1
    grep '^BROKEN' "$log"
    echo "$(tail -n 1 "$log") ($((SECONDS - begin)) s)"
    rm "$log"
}
one kill_walk
one again_walk
one again_fault_walk --points 560
one fault_walk
one kill_walk --markers "$partly" --points 160
one fault_walk --markers "$partly" --points 160
for with in "no cache" "EIO on reads of the cache" "EMFILE"; do
    one kill_walk --with "$with"
    one fault_walk --with "$with"
done
one answers
one storm
one clock_jumps
exit $code
