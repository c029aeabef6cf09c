#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 180
# A daemon that hangs is replaced; one that dies five times without having done anything takes the mount with it, and it is
# said why. SIGTERM, an unmount and a SIGKILL of the keeper end both.
. "$(dirname "$0")/../lib/mount.sh"

start_kept() { # sets keeper
    : >"$TEST_TMP/foreground.log" # what the last one said is not for this one
    WERYAIFS_KEEPER_SILENCE=7000 WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
        "$WERYAIFS" -f -o "$FAST,keeper" "$M" 2>"$TEST_TMP/foreground.log" &
    keeper=$!
    await 20 grep -q 'is ready for use' "$TEST_TMP/foreground.log" || fail "not mounted: $(cat "$TEST_TMP/foreground.log")"
}
start_sandbox
start_kept
for id in $(processes_below "$TEST_TMP"); do
    ! grep -aq sk-test "/proc/$id/environ" 2>/dev/null || fail "the API key is in the environment of $(cat "/proc/$id/comm")"
done

# it does nothing any more: who waits for it goes on with the next one
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox.txt" SUCCESS # no death comes between its submission and the answer
hanging=$(daemon_of "$keeper")
kill -STOP "$hanging"
assert_eq "$(timeout 60 cat "$M/FLUX/fox.txt")" "a fox" "read while the daemon hangs"
wait_gone "$hanging" || fail "the daemon that hangs lives on"
grep -q 'has given no sign' "$TEST_TMP/foreground.log" || fail "it is not said"

# where the keeper stood still as well, as in a container that is paused, that says nothing of the daemon
paused=$(daemon_of "$keeper")
kill -STOP "$paused" "$keeper"
sleep 11 # more than twice the time between two signs of life, and more than may pass without one
kill -CONT "$keeper"
sleep 0.5
kill -CONT "$paused"
assert_eq "$(timeout 60 cat "$M/FLUX/fox.txt")" "a fox" "read after a pause"
assert_eq "$(daemon_of "$keeper")" "$paused" "the daemon after a pause"

# it waits for months, so it is small when it waits
small() { [ "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$keeper/status")" -lt 2048 ]; }
grep -q __asan_init "$WERYAIFS" || await 20 small || fail "the keeper is large: $(grep Rss "/proc/$keeper/status")"

# settings with which no daemon starts: five tries, then an error is better than to wait for ever
echo 'nonsense' >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"
exec 9<"$M/FLUX/fox.txt"
kill -KILL "$(daemon_of "$keeper")"
if wait "$keeper"; then fail "the keeper ended with 0"; fi
exec 9<&-
grep -q 'is unmounted: 5 daemons' "$TEST_TMP/foreground.log" || fail "it is not said why: $(tail -3 "$TEST_TMP/foreground.log")"
grep -q " $M fuse" /proc/mounts && fail "it is mounted still"
rm "$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"

# killed between two answers, then unmounted at once
start_kept
kill -KILL "$(daemon_of "$keeper")"
await 10 timeout -k 5 20 fusermount3 -u -q "$M" || fail "cannot unmount"
wait "$keeper" || fail "the keeper ended with $?"
assert_eq "$(ls -A "$M")" "" "what is left on the mount point"

# whoever kills the keeper has killed the mount: nobody is left that holds the account
start_kept
daemon=$(daemon_of "$keeper")
kill -KILL "$keeper"
wait "$keeper" || true
wait_gone "$daemon" || fail "the daemon outlives its keeper"
take_away() { timeout -k 5 20 fusermount3 -u -z -q "$M" || ! grep -q " $M fuse" /proc/mounts; }
await 10 take_away || fail "cannot take the dead mount away: $(grep " $M " /proc/mounts)"

# a signal to all of them is one wish: a submission that is under way comes to its end, and only the next one ends it at once
start_kept
echo "[[submit-slow=1.5]] a dog" >"$M/FLUX/dog.txt"
wait_state "$M/FLUX/dog.txt" SUBMITTING
kill -TERM "$(daemon_of "$keeper")" "$keeper"
wait "$keeper" || fail "the keeper ended with $?"
start_kept
wait_state "$M/FLUX/dog.txt" "PENDING PROCESSING SUCCESS"
kill -TERM "$keeper"
wait "$keeper" || fail "the keeper ended with $?"
assert_eq "$(posts)" 2 posts
