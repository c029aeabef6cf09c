#!/bin/bash
# SPDX-License-Identifier: MIT
# The tree keeps the rules of POSIX: errors, times, links, locks, listings, attributes. See tree_posix_rules.py.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o dry_run
python3 "$TEST_ROOT/tests/mount/tree_posix_rules.py" "$M/FLUX"
umount_fs
