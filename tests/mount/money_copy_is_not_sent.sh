#!/bin/bash
# SPDX-License-Identifier: MIT
# A copy of an account, and one put back from a backup, do not send what the original has sent meanwhile; a person can
# still say so. Moving the account is no copy.
. "$(dirname "$0")/../lib/mount.sh"
STATE=$XDG_STATE_HOME/weryaifs/default
start_sandbox --seconds 30
mount_fs -o max_active=1
echo "a runner" >"$M/FLUX/runner.txt"
wait_state "$M/FLUX/runner" "PENDING PROCESSING"
echo "a waiter" >"$M/FLUX/waiter.txt"
wait_state "$M/FLUX/waiter" QUEUED
kill_fs
cp -a "$STATE" "$TEST_TMP/copy"

# a second daemon on the same account is refused, in words
mount_fs -o max_active=1
mkdir "$TEST_TMP/second"
said=$(weryaifs -o "$FAST" "$TEST_TMP/second" 2>&1) && fail "mounted twice"
assert_contains "$said" "mounted already" "refusal"
wait_state "$M/FLUX/waiter" QUEUED
umount_fs

# the copy takes the original's place: polls what runs, holds what waits
mv "$STATE" "$TEST_TMP/original"
mv "$TEST_TMP/copy" "$STATE"
before=$(posts)
control seconds=0.1
mount_fs
wait_state "$M/FLUX/waiter" HELD
assert_contains "$(status_of "$M/FLUX/waiter")" "copied" "reason"
assert_eq "$(posts)" "$before" "submissions of the copy"
echo "something new" >"$M/FLUX/new.txt"
wait_state "$M/FLUX/new" SUCCESS
assert_eq "$(posts)" $((before + 1)) "new prompts are sent"
umount_fs
# and still does after another mount
mount_fs
wait_state "$M/FLUX/waiter" HELD
echo submit >"$M/FLUX/waiter.status"
wait_state "$M/FLUX/waiter" SUCCESS
assert_eq "$(posts)" $((before + 2)) "sent when a person says so"
umount_fs

# the original was only moved away and back: it goes on
rm -rf "$STATE"
mv "$TEST_TMP/original" "$STATE"
mount_fs -o max_active=2
wait_state "$M/FLUX/waiter" "PENDING PROCESSING SUCCESS"
assert_eq "$(posts)" $((before + 3)) "the original goes on"
umount_fs

# an older database put back in place, byte for byte into the same file
cp "$STATE/weryaifs.db" "$TEST_TMP/older.db"
mount_fs -o dry_run
umount_fs
mount_fs -o max_active=2
umount_fs
cat "$TEST_TMP/older.db" >"$STATE/weryaifs.db"
mount_fs
assert_contains "$(cat "$M/.weryaifs/log")" "restored from a copy" log
umount_fs
