#!/bin/bash
# SPDX-License-Identifier: MIT
# From a table to pictures: a header line (name,prompt and settings, such as ratio), and then a picture for each row.
#
#   MOUNT=~/weryai MODEL=FLUX examples/pipelines/table.sh sets.csv ~/Pictures/sets
#
# Again with a changed table, and only new and changed rows are made. More than fifty new ones are asked about: the message says how.
set -uo pipefail
table=$(basename "$1" .csv) out=$2
set=${MOUNT:-$HOME/weryai}/${MODEL:-FLUX}/$table
mkdir -p "$set" "$out" && cp "$1" "$set/$table.csv" || exit
# waits for the table to be read, then for its prompts: a line for each, and one for a table that is wrong or asks first
report=$(cat "$set/.wait" 2>/dev/null) ended=0
! grep -qvE '^SUCCESS|^$' <<<"$report" || ended=1
cut -s -f 3- <<<"$report" | tr '\t' '\n' | rsync -t --no-relative --files-from=- "$set/" "$out/" || ended=1
[ $ended = 0 ] || grep -E '^(error|warning)|^  ' "$set"/*.csv.status "$set/$table"/*.status >&2
exit $ended
