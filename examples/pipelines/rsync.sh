#!/bin/bash
# SPDX-License-Identifier: MIT
# Prompts of a directory in, results out, by rsync; also to and from another machine (HOST:DIR). Again, and only what is new moves.
#
#   MOUNT=~/weryai MODEL=FLUX examples/pipelines/rsync.sh laptop:prompts laptop:Pictures/new
set -euo pipefail
set=${MOUNT:-$HOME/weryai}/${MODEL:-FLUX}/rsync
mkdir -p "$set"
rsync -rt --prune-empty-dirs --include='*/' --include='*.txt' --exclude='*' "$1/" "$set/"
report=$(cat "$set/.wait") || true
rsync -rt --exclude='*.txt' --exclude='*.status' "$set/" "$2/"
echo "$report"
! grep -qvE '^SUCCESS|^$' <<<"$report"
