#!/bin/bash
# SPDX-License-Identifier: MIT
# The quick start asks the mount that it finds whether it is a sandbox, and writes into no other.
. "$(dirname "$0")/../lib/mount.sh"
command -v meson >/dev/null || skip "it builds first, and there is no meson"
quickstart() {
    CI=true BUILD_DIR=$BUILD_DIR timeout 300 "$TEST_ROOT/examples/quickstart.sh" "$M" 2>&1 </dev/null
}

mount_fs
output=$(quickstart) && fail "it writes into an account's mount: $output"
assert_contains "$output" "is not the sandbox, so nothing is written there" "an account's mount"
assert_eq "$(ls "$M/FLUX")" "" "what is in it"
assert_eq "$(posts)" 0 submissions
umount_fs

output=$(quickstart) || fail "$output"
mounted_here
assert_contains "$output" "Your picture: $M/FLUX/fox.png" "the first time"
output=$(quickstart) || fail "$output"
assert_contains "$output" "is a sandbox already" "the second time"
assert_contains "$output" "Your picture: $M/FLUX/fox-again-2.png" "the second time"
umount_fs
