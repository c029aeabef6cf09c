#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Kills and faults as in crash_kill_walk and crash_fault_walk, at fewer places, while the cache cannot be opened, cannot be read, or
# each fourth descriptor is refused.
. "$(dirname "$0")/../lib/mount.sh"

[ -e "$BUILD_DIR/tests/crash/libinject.so" ] || skip "no libinject.so"
for with in "no cache" "EIO on reads of the cache" "EMFILE"; do
    python3 "$TEST_ROOT/tests/crash/kill_walk.py" --with "$with" --points "${CRASH_POINTS:-8}"
    python3 "$TEST_ROOT/tests/crash/fault_walk.py" --with "$with" --points "${CRASH_POINTS:-22}"
done
