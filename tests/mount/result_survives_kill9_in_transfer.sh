#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon that is killed in the middle of a transfer leaves nothing wrong in the cache; what was noted is not fetched again.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --cdn-rate 6000000
mount_fs
file=$(make_result "$M/VEO_3_1/film.txt" "fox [[bytes=30000000]]")
control cdn-rate=0
reference_of "$file" "$TEST_TMP/reference"
control cdn-rate=6000000
dd if="$file" of="$TEST_TMP/part" bs=1M count=14 status=none
cmp -n 14680064 "$TEST_TMP/part" "$TEST_TMP/reference"
cat "$file" >/dev/null 2>&1 &
await 5 test -s "$TEST_TMP/part"
kill_fs
wait $! || true

# noted or not, every byte that is read is right
control cdn-rate=0
before=$(sent)
mount_fs
cmp "$file" "$TEST_TMP/reference" || fail "other bytes after a kill"
[ $(($(sent) - before)) -lt 24000000 ] || fail "$(($(sent) - before)) bytes were fetched again"

# now all of it is here, without a server, after a remount too
umount_fs
mount_fs
before=$(sent)
cmp "$file" "$TEST_TMP/reference" || fail "other bytes from the cache"
assert_eq "$(($(sent) - before))" 0 "bytes fetched after all was fetched"
umount_fs
