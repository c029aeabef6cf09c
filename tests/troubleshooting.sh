#!/bin/bash
# SPDX-License-Identifier: MIT
# Every sentence of a status and of the start is in config/doc/TROUBLESHOOTING.md, and every state. No document calls submit free.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
failed=0
tests/troubleshooting.py || failed=1
# users are told others for these two: job_state_shown()
for state in $(sed -n '/^enum job_state {/,/^}/s/^\tJOB_\([A-Z]*\) =.*/\1/p' fs/store/jobs.h); do
    case $state in FETCHING | BLOCKED) continue ;; esac
    grep -qw "$state" config/doc/TROUBLESHOOTING.md || { echo "TROUBLESHOOTING.md lacks the state $state"; failed=1; }
done
# submit buys, always: no document may promise otherwise. What fetches without sending is retry
if grep -nE 'submit[^.;|]*(fetches it|sends nothing)|nothing is sent\)?:? `?echo submit' README.md config/*.[15] config/doc/*.md; then
    echo "says that submit costs nothing"
    failed=1
fi
exit $failed
