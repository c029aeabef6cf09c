#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# A reader of X.wait is never stuck: signals end it at once, and so does the end of the mount.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 100
mount_fs
prompt=$M/FLUX/slow.txt
echo "a snail" >"$prompt"

for signal in TERM INT HUP; do
    begin=$(clock_ms)
    code=0
    timeout -s "$signal" 1 cat "${prompt%.txt}.wait" || code=$?
    took=$(($(clock_ms) - begin))
    assert_eq "$code" 124 "exit code of timeout -s $signal"
    [ "$took" -ge 900 ] && [ "$took" -lt 3000 ] || fail "took $took ms with SIG$signal"
done
wait_state "$prompt" "PENDING PROCESSING"

# who shows our files at another place reads as much as the size says
cp "$(command -v stat)" "$TEST_TMP/bindfs"
assert_eq "$(stat -c %s "${prompt%.txt}.wait")" 0 "size of a wait"
[ "$("$TEST_TMP/bindfs" -c %s "${prompt%.txt}.wait")" -gt 0 ] || fail "by bindfs a wait is empty, and succeeds"

# several, and only one of them leaves
cat "${prompt%.txt}.wait" &
first=$!
timeout 0.3 cat "${prompt%.txt}.wait" || true
kill -0 "$first" || fail "another reader was ended as well"
kill -TERM "$FS_PID"
code=0
wait "$first" || code=$?
[ "$code" != 0 ] || fail "a reader got something at the end of the mount"
ended_here || fail "the daemon waits for a reader"
