#!/bin/bash
# With results = eager everything is on disk soon, without a reader, and then needs no server.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o results=eager
for name in a b c; do
    file=$(make_result "$M/VEO_3_1/$name.txt" "fox $name [[bytes=3000000]]")
    reference_of "$file" "$TEST_TMP/$name"
done
all_here() {
    [ "$(du -s --block-size=1 "$XDG_CACHE_HOME/weryaifs" | cut -f 1)" -ge 9000000 ]
}
await 20 all_here || fail "only $(du -s "$XDG_CACHE_HOME/weryaifs") is here"
# the maps of what is there
sleep 1.5
before=$(sent)
control fault=cdn-404
for name in a b c; do
    cmp "$M/VEO_3_1/$name.mp4" "$TEST_TMP/$name" || fail "other bytes of $name"
done
assert_eq "$(($(sent) - before))" 0 "bytes fetched by reading"
umount_fs
