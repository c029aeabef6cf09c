#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 200
# The example that each directory's .model shows is a prompt that works there, as it is.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --max-active 100 --seconds 0.05
mount_fs -o max_active=100
cd "$M"
# what the examples name
echo "a fox" >FLUX/fox.txt
echo "a fox" >VEO_3_1/fox.txt
printf 'type: only music\na fox\n' >MUSIC/fox.txt
wait_state FLUX/fox SUCCESS
wait_state VEO_3_1/fox SUCCESS
wait_state MUSIC/fox SUCCESS
cp MUSIC/fox.wav MUSIC/fox.mp3

count=0
for directory in $(models); do
    sed '1,/^An example/d; /^$/d; s/^    //' "$directory/.model" >"$TEST_TMP/example"
    [ -s "$TEST_TMP/example" ] || fail "no example: $(cat "$directory/.model")"
    cat "$TEST_TMP/example" >"$directory/example.txt"
    count=$((count + 1))
done
[ "$count" -gt 80 ] || fail "only $count directories"
for directory in $(models); do
    wait_state "$directory/example" "SUCCESS INVALID" 60
    state_is "$directory/example" SUCCESS || fail "$directory: $(cat "$directory/example.txt" "$directory/example.status")"
done
cd /
umount_fs
