#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# What follows from an answer of the service is what tests/data/answers.tsv says, on a mount: every fifth row of it, all with ANSWERS_EVERY=1.
. "$(dirname "$0")/../lib/mount.sh"
export ANSWERS=$TEST_ROOT/tests/data/answers.tsv
start_sandbox --max-active 500 --seconds 0.05 --answers "$ANSWERS"
mount_fs -o max_active=500,poll_interval=1,slow_poll_interval=1

echo "seen" >"$M/FLUX/seen.txt"
wait_state "$M/FLUX/seen" SUCCESS
# those that make pictures or videos of a text, and take the rest from the catalogue
TEXT_MODELS=$(jq -r '.[] | select(.modes | index("text-to-image") or index("text-to-video")) | .key' "$TEST_ROOT/config/models.json" | xargs)
export M URL REQUESTS TEXT_MODELS
python3 "$TEST_ROOT/tests/mount/answers_on_a_mount.py" || fail "answers that lead elsewhere"
umount_fs
