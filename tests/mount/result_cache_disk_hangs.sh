#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 180
# The cache lies on a disk that stops to answer (another mount of ours, whose daemon is stopped): names, statuses, submissions,
# results and reads go on without it, and with it again when it is back.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
# the disk; its path is relative, so that its daemon is not taken for the one of $M
D=$TEST_TMP/disk
mkdir -p "$D" "$TEST_TMP/below"
(cd "$TEST_TMP" && XDG_STATE_HOME=$PWD/below XDG_CACHE_HOME=$PWD/below exec "$WERYAIFS" -f -o nokeeper --sandbox disk) &
below=$!
trap 'code=$?; kill -CONT "$below"; kill -TERM "$below"; wait "$below"; (exit "$code"); tear_down' EXIT
await 30 mountpoint -q "$D" || fail "no disk"
mkdir "$D/FLUX/cache" && chmod 700 "$D/FLUX/cache"

mount_fs -o "cache_dir=$D/FLUX/cache"
echo "[[bytes=300000]] before" >"$M/FLUX/before.txt"
wait_state "$M/FLUX/before" SUCCESS
before=$(sha256sum <"$M/FLUX/before.png")
echo "[[bytes=300000]] half" >"$M/FLUX/half.txt"
wait_state "$M/FLUX/half" SUCCESS
[ -n "$(ls "$D/FLUX/cache")" ] || fail "nothing is cached there"
umount_fs
mount_fs -o "cache_dir=$D/FLUX/cache"

kill -STOP "$below"
# none of these may wait for it longer than it is waited for once
echo "while it hangs" >"$M/FLUX/while.txt"
assert_eq "$(timeout 60 cat "$M/FLUX/while.wait")" while.png "a submission"
timeout 20 stat "$M/FLUX/before.png" >/dev/null || fail "stat"
assert_eq "$(timeout 20 head -n 1 "$M/FLUX/before.status")" "state: SUCCESS" status
assert_eq "$(timeout 60 sha256sum <"$M/FLUX/before.png")" "$before" "bytes that are in the cache"
timeout 60 cat "$M/FLUX/half.png" | wc -c | grep -qx 300000 || fail "bytes that are not"
timeout 60 cat "$M/FLUX/while.png" >"$TEST_TMP/while.png" || fail "bytes of a new one"
timeout 20 rm "$M/FLUX/half.png" || fail "rm"
timeout 20 mv "$M/FLUX/while.png" "$M/FLUX/moved.png" || fail "mv"
assert_contains "$(timeout 20 cat "$M/.weryaifs/log")" "cache: its disk does not answer" log
assert_eq "$(posts)" 3 posts

# it is back
kill -CONT "$below"
cached() {
    echo "[[bytes=70000]] after $1" >"$M/FLUX/after$1.txt"
    wait_state "$M/FLUX/after$1" SUCCESS
    [ "$(find "$D/FLUX/cache" -size +60k | wc -l)" -gt "$files" ]
}
files=$(find "$D/FLUX/cache" -size +60k | wc -l)
for i in {1..20}; do
    ! cached "$i" || break
done
[ "$(find "$D/FLUX/cache" -size +60k | wc -l)" -gt "$files" ] || fail "the cache is not used again"
assert_eq "$(timeout 60 sha256sum <"$M/FLUX/before.png")" "$before" "bytes afterwards"
cmp "$M/FLUX/moved.png" "$TEST_TMP/while.png" || fail "other bytes"

# an end of the mount does not wait for it for ever either
kill -STOP "$below"
cat "$M/FLUX/before.png" >/dev/null
umount_fs
kill -CONT "$below"
weryaifs --check -o "cache_dir=$TEST_TMP/none" >"$TEST_TMP/check" || fail "the account: $(cat "$TEST_TMP/check")"

# a daemon that is at it and gives no sign any more is replaced, and the next one goes on without a cache
export WERYAIFS_KEEPER_SILENCE=7000
mount_fs -o "cache_dir=$D/FLUX/cache"
kill -STOP "$below"
sha256sum <"$M/FLUX/before.png" >"$TEST_TMP/read" &
reading=$!
asks_disk() { cat "/proc/$FS_PID/task/"*/wchan | grep -q request_wait_answer; }
await 10 asks_disk || echo "it is not seen that the daemon waits for the disk"
hanging=$FS_PID
kill -STOP "$hanging"
timeout 60 stat "$M/FLUX/before.png" >/dev/null || fail "stat while the daemon hangs"
wait_gone "$hanging" || fail "the daemon that hangs lives on"
wait "$reading" || fail "who was reading got $?"
assert_eq "$(cat "$TEST_TMP/read")" "$before" "bytes without a cache"
FS_PID=$(daemon_of "$KEEPER_PID")
assert_contains "$(timeout 20 cat "$M/.weryaifs/log")" "store: without a cache" log
umount_fs
kill -CONT "$below"
