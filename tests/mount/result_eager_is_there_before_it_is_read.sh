#!/bin/bash
# SPDX-License-Identifier: MIT
# With results = eager everything is on disk soon, without a reader, and then needs no server.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o results=eager
for name in a b c; do
    file=$(make_result "$M/VEO_3_1/$name.txt" "fox $name [[bytes=3000000]]")
    reference_of "$file" "$TEST_TMP/$name"
done
here() {
    sed -n 's/^cache bytes: //p' "$M/.weryaifs/stats"
}
all_here() {
    [ "$(here)" -ge 9000000 ]
}
await 20 all_here || fail "only $(here) bytes are here"
is_under_way() {
    [ "$(here)" -ge 9500000 ]
}
next_is_here() {
    [ "$(here)" = 9700000 ]
}
before=$(sent)
control fault=cdn-404
for name in a b c; do
    cmp "$M/VEO_3_1/$name.mp4" "$TEST_TMP/$name" || fail "other bytes of $name"
done
assert_eq "$(($(sent) - before))" 0 "bytes fetched by reading"
control clear=1

# what is removed meanwhile is not wanted any more, and what comes after it is
control cdn-rate=600000
gone=$(make_result "$M/VEO_3_1/gone.txt" "fox gone [[bytes=6000000]]")
next=$(make_result "$M/VEO_3_1/next.txt" "fox next [[bytes=700000]]")
await 5 is_under_way || fail "it is not fetched"
rm "$gone"
await 5 next_is_here || fail "$(here) bytes are here"
umount_fs
weryaifs --check >"$TEST_TMP/check"
grep -q "^cache: 9700000 bytes of 4 results" "$TEST_TMP/check" || fail "the cache: $(cat "$TEST_TMP/check")"
