#!/bin/bash
# SPDX-License-Identifier: MIT
# For cron: each night some of a long list of prompts, as far as a budget of credits goes; the next night goes on where this one ended.
#
#   0 1 * * *   MOUNT=~/weryai-night MODEL=FLUX examples/pipelines/nightly.sh ~/prompts 200
#
# The budget is the account's for a day (UTC), with what was spent on it by others. What goes beyond it is HELD; what has failed and what
# was HELD is tried again the next night.
set -euo pipefail
mount=${MOUNT:-$HOME/weryai} prompts=$1 budget=$2
set=$mount/${MODEL:-FLUX}/nightly
mkdir -p "$mount" && weryaifs -o credits_per_day="$budget" "$mount"
trap 'until fusermount3 -u -q "$mount"; do sleep 1; done' EXIT # it may be in use for a moment
mkdir -p "$set"
echo retry | tee "$set"/*.status >/dev/null 2>&1 || true
rsync -t "$prompts"/*.txt "$set/"
cat "$set/.wait" 2>/dev/null | cut -f 1 | sort | uniq -c || true
cat "$mount/.weryaifs/spend"
