#!/bin/bash
# SPDX-License-Identifier: MIT
# When the disk of the cache is full results are read without it, and nothing wrong stays in it.
. "$(dirname "$0")/../lib/mount.sh"
[ "$(id -u)" = 0 ] || skip "only root can mount a small disk"
mkdir -p "$TEST_TMP/small"
mount -t tmpfs -o size=3m tmpfs "$TEST_TMP/small" || skip "cannot mount a tmpfs"
mount_fs -o cache_dir="$TEST_TMP/small"
for number in 1 2 3; do
    file=$(make_result "$M/VEO_3_1/film$number.txt" "fox $number [[bytes=4000000]]")
    reference_of "$file" "$TEST_TMP/reference$number"
    cmp "$file" "$TEST_TMP/reference$number" || fail "other bytes of $number with a full disk"
done
umount_fs
mount_fs -o cache_dir="$TEST_TMP/small"
for number in 1 2 3; do
    cmp "$M/VEO_3_1/film$number.mp4" "$TEST_TMP/reference$number" || fail "other bytes of $number after a remount"
done
umount_fs
umount "$TEST_TMP/small"
