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
assert_contains "$said" "mounted already, by process $FS_PID " "refusal"
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

# the original was moved away and comes back: what waits in it was sent from the copy meanwhile
rm -rf "$STATE"
mv "$TEST_TMP/original" "$STATE"
mount_fs -o max_active=2
wait_state "$M/FLUX/waiter" HELD
assert_eq "$(posts)" $((before + 2)) "the original"
echo submit >"$M/FLUX/waiter.status"
wait_state "$M/FLUX/waiter" "PENDING PROCESSING SUCCESS"
umount_fs

# put back over itself, with the lock file, after it has sent what waits: number, birth and mounts are those of the backup
control seconds=30
mount_fs -o max_active=1
echo "a long runner" >"$M/FLUX/long.txt"
echo submit >"$M/FLUX/long.status"
wait_state "$M/FLUX/long" "QUEUED PENDING PROCESSING"
echo "another waiter" >"$M/FLUX/waiter2.txt"
wait_state "$M/FLUX/waiter2" QUEUED
echo "asked for by a person" >"$M/FLUX/asked.txt"
echo submit >"$M/FLUX/asked.status"
wait_state "$M/FLUX/asked" QUEUED
printf 'a link of a chain\nimage: /FLUX/long.png\n' >"$M/FLUX/chained.txt"
wait_state "$M/FLUX/chained" WAITING
mkdir "$TEST_TMP/backup"
kill_fs
cp -a "$STATE/." "$TEST_TMP/backup/"
mount_fs -o max_active=5
wait_state "$M/FLUX/waiter2" "PENDING PROCESSING SUCCESS"
wait_state "$M/FLUX/asked" "PENDING PROCESSING SUCCESS"
kill_fs
before=$(posts)
cp -a "$TEST_TMP/backup/." "$STATE/"
rm -f "$STATE/weryaifs.db-shm"
mount_fs -o max_active=5
wait_state "$M/FLUX/waiter2" HELD
assert_contains "$(status_of "$M/FLUX/waiter2")" "backup" "reason"
# what a person had asked for was sent once for that; what waits for an input is not sent when that is there
wait_state "$M/FLUX/asked" HELD
wait_state "$M/FLUX/chained" HELD
assert_contains "$(status_of "$M/FLUX/chained")" "backup" "reason"
# written once more, in other bytes, it is held still
printf 'another waiter  \r\n' >"$M/FLUX/waiter2.txt"
sleep 1
wait_state "$M/FLUX/waiter2" HELD
assert_eq "$(posts)" "$before" "submissions of what was put back"
# a person lets it go: it waits again, and a remount knows that
echo submit >"$M/FLUX/chained.status"
wait_state "$M/FLUX/chained" WAITING
echo submit >"$M/FLUX/asked.status"
wait_state "$M/FLUX/asked" "PENDING PROCESSING SUCCESS"
kill_fs
mount_fs -o max_active=5
wait_state "$M/FLUX/chained" WAITING
assert_eq "$(posts)" $((before + 1)) "after a person has said so"
umount_fs

# that a machine gets its number is no copy
sqlite3 "$STATE/weryaifs.db" "UPDATE meta SET value = 'machine 0000000000000000' || substr(value, 25) WHERE key = 'identity'"
control seconds=0.1
mount_fs -o max_active=9
echo "after that" >"$M/FLUX/after.txt"
wait_state "$M/FLUX/after" SUCCESS
assert_lacks "$(cat "$M/.weryaifs/log")" "restored from a copy" log
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
