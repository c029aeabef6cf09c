#!/bin/bash
# SPDX-License-Identifier: MIT
# .weryaifs/events: a line of JSON for each change, from the moment of the open, for many readers, of which a slow one loses nothing.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.3
mount_fs

events=$M/.weryaifs/events
exec {slow}<"$events" # opened now, read at the end
exec {quick}<"$events"
cat <&"$quick" >"$TEST_TMP/fast" &
fast=$!

mkdir "$M/FLUX/set"
echo "a fox" >"$M/FLUX/set/fox one.txt"
cat "$M/FLUX/set/fox one.wait" >/dev/null
echo "[[task-fail]] a doomed one" >"$M/FLUX/doomed.txt"
wait_state "$M/FLUX/doomed.txt" FAILED

# each state once, in its order, with the results at the end
read_events() { # until the last state of the last prompt
    while read -r line; do
        echo "$line"
        case $line in *doomed*'"to":"FAILED"'*) break ;; esac
    done
}
timeout 60 bash -c "$(declare -f read_events); read_events" <&"$slow" >"$TEST_TMP/slow"
jq -e -s 'map(select(.path == "FLUX/set/fox one.txt")) |
    (map(.to) | index("QUEUED") != null and .[-1] == "SUCCESS") and
    (.[-1].results == ["FLUX/set/fox one.png"]) and
    ([range(1; length) as $i | .[$i].from == .[$i - 1].to] | all)' "$TEST_TMP/slow" >/dev/null ||
    fail "the slow reader has: $(cat "$TEST_TMP/slow")"
jq -e -s 'map(select(.path == "FLUX/doomed.txt")) | .[-1].to == "FAILED" and .[-1].results == []' "$TEST_TMP/slow" >/dev/null
# the other one has read the same
cmp -n "$(stat -c %s "$TEST_TMP/slow")" "$TEST_TMP/slow" "$TEST_TMP/fast"

# poll(2) wakes, and a reader can be interrupted
python3 - "$events" "$M/FLUX/third.txt" <<'END'
import json, select, sys
stream = open(sys.argv[1], 'rb', buffering=0)
poll = select.poll()
poll.register(stream, select.POLLIN)
assert poll.poll(0) == [], 'there is something to be read before anything happened'
open(sys.argv[2], 'w').write('one more\n')
assert poll.poll(30000), 'not woken'
assert json.loads(stream.read(65536).split(b'\n')[0])['path'] == 'FLUX/third.txt'
END
cat "$M/FLUX/third.wait" >/dev/null
code=0
timeout 0.3 cat "$events" >/dev/null || code=$?
assert_eq "$code" 124 "exit code of timeout"
kill $fast
wait $fast || true

# nobody is told of what is not listed; it cannot be written
assert_eq "$(ls -A "$M/.weryaifs" | grep -c '^events$' || true)" 0 "listed"
! (echo x >"$events") 2>/dev/null || fail "it can be written"
exec {slow}<&- {quick}<&-
umount_fs
