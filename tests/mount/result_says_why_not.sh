#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# A result that cannot be fetched when it is read: the read fails, the status says why until bytes come, nothing is sent.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
cd "$M/FLUX"

echo "[[bytes=3000000]] a heron" >heron.txt
wait_state heron SUCCESS
control "fault=cdn-http=503"
! cat heron.png >/dev/null 2>&1 || fail "it was read"
await 5 grep -q "^warning: heron.png could not be fetched: .*HTTP 503" heron.status || fail "$(cat heron.status)"
assert_eq "$(wc -c <heron.status)" "$(stat -c %s heron.status)" "size of the status"
assert_contains "$(getfattr -n user.weryai.warning heron.txt)" "HTTP 503" "as an attribute"
mv heron.png bird.png
assert_contains "$(cat heron.status)" "warning: bird.png could" "after mv"

control clear=1
assert_eq "$(cat bird.png | wc -c)" 3000000 bytes
told() { ! grep -q warning heron.status; }
await 5 told || fail "$(cat heron.status)"
assert_eq "$(posts)" 1 posts
cd /
umount_fs
