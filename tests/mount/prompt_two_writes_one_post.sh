#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# Only what is still there `settle` after the last close is sent.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o settle=0.5
cd "$M/FLUX"

# posts without those of others_settle
posts_here() {
    jq -s 'map(select(.method == "POST" and .body.prompt != "meanwhile")) | length' "$REQUESTS"
}
last_prompt() {
    jq -s -r 'map(select(.method == "POST" and .body.prompt != "meanwhile")) | last | .body.prompt' "$REQUESTS"
}
# longer than `settle`: another prompt is written, sent and made
others_settle() {
    echo "meanwhile" >"$1"
    wait_state "$1" SUCCESS
}

echo "a red" >two.txt
echo "fox" >>two.txt
wait_state two.txt SUCCESS
assert_eq "$(posts_here)" 1 "posts after two writes"
assert_eq "$(last_prompt)" $'a red\nfox' "the prompt"

# one open for both: the shell flushes between them
(
    echo "a blue"
    others_settle other1.txt >&2
    echo "whale"
) >one.txt
wait_state one.txt SUCCESS
assert_eq "$(posts_here)" 2 "posts after a slow writer"
assert_eq "$(last_prompt)" $'a blue\nwhale' "the prompt"

# as editors save: beside it, then renamed onto it
echo "a green frog" >.new.swp
mv .new.swp three.txt
wait_state three.txt SUCCESS
assert_eq "$(posts_here)" 3 "posts after a rename"

# fsync submits nothing while the file is open
exec 9>four.txt
echo "a yellow bird" >&9
sync four.txt
others_settle other2.txt
assert_eq "$(state_of four.txt)" DRAFT "state while open"
exec 9>&-
wait_state four.txt SUCCESS
assert_eq "$(posts_here)" 4 "posts after an fsync"

# taken back in time
echo "never" >five.txt
rm five.txt
others_settle other3.txt
assert_eq "$(posts_here)" 4 "posts after a removal"
cd /
umount_fs
