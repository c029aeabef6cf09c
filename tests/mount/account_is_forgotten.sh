#!/bin/bash
# SPDX-License-Identifier: MIT
# `weryaifs --forget ACCOUNT` says what would be lost, asks, and removes state and cache of that account alone.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox
mount_fs
cat "$(make_result "$M/FLUX/fox.txt" "a fox")" >/dev/null
output=$(echo default | weryaifs --forget default 2>&1) && fail "a mounted account is forgotten"
assert_contains "$output" "it is mounted; unmount it first" "a mounted account"
umount_fs
weryaifs -o "$FAST" --account other "$M"
mounted_here
umount_fs

for answer in '' yes other; do
    output=$(echo "$answer" | weryaifs --forget default 2>&1) && fail "'$answer' is enough"
    assert_contains "$output" "nothing was removed" "after '$answer'"
done
assert_contains "$output" "results: 1" "what would be lost"
mount_fs
assert_eq "$(state_of "$M/FLUX/fox.txt")" SUCCESS "the account that was not forgotten"
umount_fs

echo default | weryaifs --forget default >/dev/null
[ ! -e "$XDG_STATE_HOME/weryaifs/default" ] || fail "its state is still there: $(ls "$XDG_STATE_HOME/weryaifs/default")"
[ ! -e "$XDG_CACHE_HOME/weryaifs/default" ] || fail "its cache is still there"
[ -e "$XDG_STATE_HOME/weryaifs/other/weryaifs.db" ] || fail "the other account is gone"
output=$(echo default | weryaifs --forget default 2>&1) && fail "forgotten twice"
assert_contains "$output" "there is no such account" "forgotten twice"
# what all accounts are in goes with the last one
echo other | weryaifs --forget other >/dev/null
[ ! -e "$XDG_STATE_HOME/weryaifs" ] && [ ! -e "$XDG_CACHE_HOME/weryaifs" ] || fail "left: $(ls -d "$XDG_STATE_HOME/weryaifs" "$XDG_CACHE_HOME/weryaifs" || true)"
assert_eq "$(posts)" 1 submissions
