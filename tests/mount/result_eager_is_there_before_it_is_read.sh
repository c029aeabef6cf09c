#!/bin/bash
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
before=$(sent)
control fault=cdn-404
for name in a b c; do
    cmp "$M/VEO_3_1/$name.mp4" "$TEST_TMP/$name" || fail "other bytes of $name"
done
assert_eq "$(($(sent) - before))" 0 "bytes fetched by reading"
umount_fs
