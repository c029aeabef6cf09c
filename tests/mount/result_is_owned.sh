#!/bin/bash
# SPDX-License-Identifier: MIT
# What was paid for is owned: a result that nobody reads is whole in the cache before its address dies; readers come first; lazy-only fetches nothing.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o settle=0.3
cd "$M/FLUX"
echo "a fox [[bytes=3000000]]" >fox.txt
wait_state fox SUCCESS
whole() { [ "$(jq -s '[.[] | select(.method == "GET" and (.path | startswith("/cdn/"))) | .bytes] | add' "$REQUESTS")" -ge "$1" ]; }
await 30 whole 3000000 || fail "a result that nobody reads is not brought in"
await 10 state_is fox SUCCESS
control fault=cdn-404
assert_eq "$(wc -c <fox.png)" 3000000 "bytes, from the cache alone"
control clear
before=$(requests GET /cdn/)
cd /
umount_fs
# it is known to be whole: nothing is asked for again
mount_fs -o settle=0.3
sleep 2
assert_eq "$(requests GET /cdn/)" "$before" "requests after a mount"
umount_fs
mount_fs -o settle=0.3,results=lazy-only
cd "$M/FLUX"
echo "a hare [[bytes=3000000]]" >hare.txt
wait_state hare SUCCESS
before=$(requests GET /cdn/)
sleep 3
assert_eq "$(requests GET /cdn/)" "$before" "requests with lazy-only"
cd /
umount_fs
# eager or not, what was left is fetched by the next mount that may
mount_fs -o settle=0.3
await 30 whole 6000000 || fail "what an earlier mount left is not brought in"
umount_fs
