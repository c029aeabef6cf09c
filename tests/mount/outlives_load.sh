#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# SIGKILL of the daemon again and again under load of all kinds: no user of the mount sees an error, every byte is right, and
# the submissions are those that were asked for. OUTLIVES_KILLS says how many kills, OUTLIVES_RESULTS how many results there are before;
# with OUTLIVES_PROGRAMS="ONE OTHER" it is so many upgrades from the one to the other and back instead; OUTLIVES_NEWER is a program
# with a newer ledger, which takes over in the midst of it.
. "$(dirname "$0")/../lib/mount.sh"

kills=50
! grep -q __asan_init "$WERYAIFS" || kills=15 # slower
if [ -n "${OUTLIVES_RESULTS:-}" ]; then
    python3 "$TEST_ROOT/tests/scale/account.py" "$TEST_TMP" done="$OUTLIVES_RESULTS"
    : >"$REQUESTS"
fi
start_sandbox --seconds 0.3
mkdir "$TEST_TMP/bin"
cp "$WERYAIFS" "$BUILD_DIR/weryaifs-keeper" "$TEST_TMP/bin"
WERYAIFS=$TEST_TMP/bin/weryaifs
weryaifs -o "$FAST,max_active=100,submissions_per_day=0" "$M" || fail "weryaifs ended with $?"
mounted_here
keeper=${KEEPER_PID:?}
python3 "$TEST_ROOT/tests/mount/outlives_load.py" "$M" "$keeper" "${OUTLIVES_KILLS:-$kills}" "$REQUESTS" \
    "$WERYAIFS" ${OUTLIVES_PROGRAMS:-}
await 60 timeout -k 5 20 fusermount3 -u -q "$M" || fail "cannot unmount"
wait_gone "$keeper" 120 || fail "the keeper goes on after the unmount"
