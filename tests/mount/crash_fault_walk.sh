#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# Disk and network fail at places all over the life of one prompt: never sent twice, nothing lost, and it goes on by
# itself. tests/crash/fault_walk.py alone takes all places.
. "$(dirname "$0")/../lib/mount.sh"

[ -e "$BUILD_DIR/tests/crash/libinject.so" ] || skip "no libinject.so"
points=64
! grep -q __asan_init "$WERYAIFS" || points=32 # slower
python3 "$TEST_ROOT/tests/crash/fault_walk.py" --points "${CRASH_POINTS:-$points}"
