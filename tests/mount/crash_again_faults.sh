#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Disk and network fail at places all over a prompt that was bought before: taken up elsewhere, A -> B -> A, a ledger from an older version.
# Never sent twice, nothing lost. tests/crash/again_fault_walk.py alone takes all places and all faults.
. "$(dirname "$0")/../lib/mount.sh"

[ -e "$BUILD_DIR/tests/crash/libinject.so" ] || skip "no libinject.so"
python3 "$TEST_ROOT/tests/crash/again_fault_walk.py" --points "${CRASH_POINTS:-12}" \
    --kind "taken, ENOSPC for a while" --kind "back, EIO for a while" --kind "hashes, EIO for a while" --kind "migration, EIO for a while"
