#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# SIGKILL at places all over the life of a mount that has a keeper: who uses it does not notice, and nothing is sent twice.
# tests/crash/resume_walk.py alone takes them all.
. "$(dirname "$0")/../lib/mount.sh"

[ -e "$BUILD_DIR/tests/crash/libinject.so" ] || skip "no libinject.so"
points=100
! grep -q __asan_init "$WERYAIFS" || points=40 # slower
python3 "$TEST_ROOT/tests/crash/resume_walk.py" --points "${CRASH_POINTS:-$points}"
