#!/bin/bash
# SPDX-License-Identifier: MIT
# What has failed in a directory is tried again, three times at most; nothing else is. Ends with 1 where something still has not been made.
#
#   examples/pipelines/retry.sh ~/weryai/FLUX/sets [TIMES]
set -uo pipefail
for ((left = ${2:-3}; ; left--)); do
    report=$(cat "$1/.wait" 2>/dev/null)
    failed=$(sed -n 's/^FAILED\t\(.*\)\.txt.*/\1/p' <<<"$report")
    [ -n "$failed" ] && [ "$left" -gt 0 ] || break
    while IFS= read -r prompt; do
        echo retry >"$1/$prompt.status"
    done <<<"$failed"
done
echo "$report"
! grep -qvE '^(SUCCESS|DRAFT)' <<<"$report"
