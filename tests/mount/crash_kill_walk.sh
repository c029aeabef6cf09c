#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# SIGKILL at places all over the life of one prompt: never sent twice, nothing lost. tests/crash/kill_walk.py alone
# takes them all.
. "$(dirname "$0")/../lib/mount.sh"

[ -e "$BUILD_DIR/tests/crash/libinject.so" ] || skip "no libinject.so"
points=200
! grep -q __asan_init "$WERYAIFS" || points=60 # slower
python3 "$TEST_ROOT/tests/crash/kill_walk.py" --points "${CRASH_POINTS:-$points}"
