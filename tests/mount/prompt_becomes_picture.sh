#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# The first thing that everybody does.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
cd "$M/FLUX"

printf 'a fox in the snow\nratio: 16:9\n' >fox.txt
assert_eq "$(timeout 30 cat fox.wait)" fox.png "fox.wait"
listed=$(stat -c %s fox.png)
assert_eq "$(stat -c %A fox.png)" -rw-r--r--
assert_eq "$(wc -c <fox.png)" "$listed" "bytes, against the first ls -l"
assert_eq "$(type_of fox.png)" image/png
read -r width height < <(identify -format '%w %h\n' png:- <fox.png)
[ $((width * 9 / 16 - height)) -ge -8 ] && [ $((width * 9 / 16 - height)) -le 8 ] ||
    fail "$width x $height is not 16:9"
# all of it can be decoded
identify -regard-warnings -verbose png:- <fox.png >/dev/null

assert_eq "$(ls)" $'fox.png\nfox.status\nfox.txt' ls
assert_eq "$(posts)" 1 posts
body=$(jq -c 'select(.method == "POST") | .body' "$REQUESTS")
assert_contains "$body" '"16:9"' "the request"
assert_contains "$body" 'a fox in the snow' "the request"
assert_lacks "$body" 'ratio: ' "the request"

# reading, listing and touching cost nothing
touch fox.txt
chmod 600 fox.txt
cp -p fox.txt "$TEST_TMP/copy"
grep -r snow . >/dev/null
printf 'a fox in the snow\nratio: 16:9\n' >fox.txt
wait_state fox.txt SUCCESS

cd /
umount_fs
assert_eq "$(posts)" 1 posts
