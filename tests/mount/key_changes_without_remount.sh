#!/bin/bash
# SPDX-License-Identifier: MIT
# A key file that is written, or replaced, is read again; SIGHUP does the same.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox
key=$XDG_CONFIG_HOME/weryaifs/key
(umask 077 && echo sk-bad-1 >"$key")
KEY=
mount_fs
# the first one finds out, the others wait
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox.txt" QUEUED
asked() { grep -q "needs: key" "$M/FLUX/fox.status"; }
await 10 asked || fail "$(status_of "$M/FLUX/fox.txt")"
assert_contains "$(status_of "$M/FLUX/fox.txt")" "API key" "why"
echo "a wolf" >"$M/FLUX/wolf.txt"
wait_state "$M/FLUX/wolf.txt" QUEUED
assert_contains "$(status_of "$M/FLUX/wolf.txt")" "key" "why"

# replaced, as editors and tools do
(umask 077 && echo sk-good >"$key.new" && mv "$key.new" "$key")
wait_state "$M/FLUX/wolf.txt" SUCCESS
wait_state "$M/FLUX/fox.txt" SUCCESS
auths=$(jq -s -r 'map(select(.method == "POST") | .auth) | join(" ")' "$REQUESTS")
assert_eq "$auths" "bad ok ok" "the keys of the submissions"

# what cannot be used does not displace what works
echo "not a key" >"$key"
await 10 grep -q "key stays as it was" "$M/.weryaifs/log"
chmod 644 "$key"
echo "a whale" >"$M/FLUX/whale.txt"
wait_state "$M/FLUX/whale.txt" SUCCESS

echo sk-other >"$key"
chmod 600 "$key"
kill -HUP "$FS_PID"
await 10 grep -q "got signal 1 " "$M/.weryaifs/log"
echo "a bird" >"$M/FLUX/bird.txt"
wait_state "$M/FLUX/bird.txt" SUCCESS
umount_fs
