#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# A job that is under way when the daemon is killed is followed by the next one; nothing is sent twice.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 2
mount_fs
prompt=$M/FLUX/fox.txt
echo "a fox" >"$prompt"
wait_state "$prompt" "PENDING PROCESSING"
task=$(status_of "$prompt" | sed -n 's/^task: //p')

# the dead mount stays: readers get an error at once, and the next start takes it away
kill_fs keep
error=$(timeout 5 cat "$prompt" 2>&1) && fail "read from a dead mount"
assert_contains "$error" "not connected"
mount_fs
assert_eq "$(mounts_below "$TEST_TMP" | wc -l)" 1 mounts
assert_eq "$(cat "$prompt")" "a fox" "the prompt's text"
assert_eq "$(type_of "$(result_of "$prompt")")" image/png
assert_eq "$(status_of "$prompt" | sed -n 's/^task: //p')" "$task" task
assert_eq "$(posts)" 1 posts
umount_fs
