#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# SIGKILL of the daemon again and again under load of all kinds: no user of the mount sees an error, every byte is right, and
# the submissions are those that were asked for. OUTLIVES_KILLS says how many kills;
# with OUTLIVES_PROGRAMS="ONE OTHER" it is so many upgrades from the one to the other and back instead.
. "$(dirname "$0")/../lib/mount.sh"

kills=50
! grep -q __asan_init "$WERYAIFS" || kills=15 # slower
start_sandbox --seconds 0.3
mkdir "$TEST_TMP/bin"
cp "$WERYAIFS" "$BUILD_DIR/weryaifs-keeper" "$TEST_TMP/bin"
WERYAIFS=$TEST_TMP/bin/weryaifs
weryaifs -o "$FAST,max_active=100,submissions_per_day=0" "$M" || fail "weryaifs ended with $?"
mounted_here
keeper=${KEEPER_PID:?}
python3 "$TEST_ROOT/tests/mount/outlives_load.py" "$M" "$keeper" "${OUTLIVES_KILLS:-$kills}" "$REQUESTS" \
    ${OUTLIVES_PROGRAMS:+"$WERYAIFS" $OUTLIVES_PROGRAMS}
await 60 timeout -k 5 20 fusermount3 -u -q "$M" || fail "cannot unmount"
wait_gone "$keeper" 120 || fail "the keeper goes on after the unmount"
