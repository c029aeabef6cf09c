#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# SIGKILL at places all over a prompt that was bought before: taken up elsewhere, A -> B -> A, a ledger from an older version. Never sent
# twice, nothing lost. tests/crash/again_walk.py alone takes all places.
. "$(dirname "$0")/../lib/mount.sh"

[ -e "$BUILD_DIR/tests/crash/libinject.so" ] || skip "no libinject.so"
python3 "$TEST_ROOT/tests/crash/again_walk.py" --points "${CRASH_POINTS:-40}"
