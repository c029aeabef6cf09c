#!/bin/bash
# SPDX-License-Identifier: MIT
# The cache keeps to its size: what was not read for the longest time goes, but never what cannot be fetched again.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o cache_size=5M
cached() {
    du -s --block-size=1K "$XDG_CACHE_HOME/weryaifs" | cut -f 1
}
read_one() {
    file=$(make_result "$M/VEO_3_1/$1.txt" "fox $1 [[bytes=2000000]]")
    reference_of "$file" "$TEST_TMP/$1"
    cmp "$file" "$TEST_TMP/$1" || fail "other bytes of $1"
}
fits() {
    [ "$(cached)" -lt 5300 ]
}
for name in a b c; do
    read_one $name
done
await 10 fits || fail "the cache has $(cached) KiB"
umount_fs

# a is the one that is gone, and is fetched again
mount_fs -o cache_size=5M
before=$(sent)
cmp "$M/VEO_3_1/c.mp4" "$TEST_TMP/c"
assert_eq "$(($(sent) - before))" 0 "bytes fetched of what was read last"
cmp "$M/VEO_3_1/a.mp4" "$TEST_TMP/a"
[ $(($(sent) - before)) -ge 1900000 ] || fail "the file read first was still there"
await 10 fits || fail "the cache has $(cached) KiB after reading on"

# what the server has not any more stays
umount_fs
mount_fs -o cache_size=1M
control fault=cdn-404
dd if="$M/VEO_3_1/a.mp4" of=/dev/null bs=64K count=1 status=none
kept() {
    grep -q "stays in the cache: it cannot be fetched again" "$M/.weryaifs/log"
}
await 10 kept || fail "nothing was asked for before the eviction"
cmp "$M/VEO_3_1/a.mp4" "$TEST_TMP/a" || fail "what cannot be fetched again is gone"
umount_fs
