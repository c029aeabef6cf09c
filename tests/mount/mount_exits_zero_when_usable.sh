#!/bin/bash
# SPDX-License-Identifier: MIT
# `weryaifs DIR && ls DIR` works, and nothing of the daemon holds on to whoever started it.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox

# a $(...) ends only when nobody has its pipe any more
output=$(weryaifs -o "$FAST" "$M" 2>&1) || fail "exit code $?: $output"
mounted_here
assert_eq "$output" "" "output"
assert_contains "$(ls "$M")" FLUX "ls"
grep -q " $M fuse.weryaifs " /proc/mounts || fail "not in /proc/mounts"

# nor does the lock of a script that mounts
umount_fs
exec {lock}>"$TEST_TMP/lock"
flock -n "$lock"
mount_fs
exec {lock}>&-
flock -n "$TEST_TMP/lock" true || fail "the daemon holds a lock of the script that mounted"

stat=$(cat "/proc/$FS_PID/stat") stat=${stat##*) }
read -r _ _ _ session terminal _ <<<"$stat"
assert_eq "$session" "$FS_PID" "its session"
assert_eq "$terminal" 0 "its terminal"
if [ "$(id -u)" = 0 ]; then
    assert_eq "$(readlink "/proc/$FS_PID/cwd")" / "its directory"
    for fd in 0 1 2; do
        assert_eq "$(readlink "/proc/$FS_PID/fd/$fd")" /dev/null "its descriptor $fd"
    done
fi
umount_fs
assert_eq "$(ls -A "$M")" "" "what is left on the mount point"

# the other way to end
mount_fs
kill -TERM "$FS_PID"
ended_here || fail "SIGTERM does not end it"
grep -q " $M fuse" /proc/mounts && fail "SIGTERM does not unmount"

# in the foreground it says the same on standard error, and unmounting ends it with 0
: >"$TEST_TMP/foreground.log"
WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
    "$WERYAIFS" -f "$M" 2>>"$TEST_TMP/foreground.log" &
FS_PID=$!
await 20 grep -q 'is ready for use' "$TEST_TMP/foreground.log"
fusermount3 -u "$M"
wait "$FS_PID" || fail "exit code $? in the foreground"
FS_PID=
