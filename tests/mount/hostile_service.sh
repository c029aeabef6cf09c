#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# A service that means harm, in some of its ways: never a second submission, a wrong byte, a line of its own in a status, a look
# at the mount that waits, or more on the disk than the cache may have. tests/hostile/hostile.py alone takes all of them.
. "$(dirname "$0")/../lib/mount.sh"

python3 "$TEST_ROOT/tests/hostile/hostile.py" --sample "$WERYAIFS" "$TEST_TMP/hostile"
