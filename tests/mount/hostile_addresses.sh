#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 150
# No connection to a private address is ever tried, however a result's address or a redirect writes it: a capture of packets in a network
# of its own.
. "$(dirname "$0")/../lib/mount.sh"
[ "$(id -u)" = 0 ] || skip "needs root, for a network of its own"
for tool in ip openssl; do
    command -v "$tool" >/dev/null || skip "needs $tool"
done
unshare -n -m ip link set lo up 2>/dev/null || skip "cannot have a network of its own here"

# without the mounts of others, which would live on in there
unshare -n -m sh -c 'umount -a -l -t fuse.weryaifs; exec "$@"' sh python3 "$TEST_ROOT/tests/hostile/capture.py" "$WERYAIFS" "$TEST_TMP/capture"
