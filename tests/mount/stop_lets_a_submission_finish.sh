#!/bin/bash
# SPDX-License-Identifier: MIT
# SIGTERM: a POST that is on its way is waited for, so that its task is known. A second one: at once, and the job
# is UNKNOWN, never sent again by itself.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
sending() {
    [ "$(state_of "$1")" = SUBMITTING ]
}

echo "[[submit-slow=1.5]] a snail" >"$M/FLUX/snail.txt"
await 10 sending "$M/FLUX/snail.txt"
kill -TERM "$FS_PID"
ended_here || fail "SIGTERM does not end it"
mount_fs
wait_state "$M/FLUX/snail.txt" SUCCESS
assert_eq "$(posts)" 1 posts

echo "[[submit-slow=30]] a sloth" >"$M/FLUX/sloth.txt"
await 10 sending "$M/FLUX/sloth.txt"
begin=$(clock_ms)
kill -TERM "$FS_PID"
kill -INT "$FS_PID"
ended_here || fail "the second signal does not end it"
[ $(($(clock_ms) - begin)) -lt 5000 ] || fail "the second signal took $(($(clock_ms) - begin)) ms"
mount_fs
wait_state "$M/FLUX/sloth.txt" UNKNOWN
umount_fs
