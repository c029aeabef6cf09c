#!/bin/bash
# SPDX-License-Identifier: MIT
# A reader that stops shortly before the end: the rest comes all the same, and is there when it is wanted next. Meanwhile
# the file may be opened again, removed, or unmounted.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --cdn-rate 800000
mount_fs
# Stops where a quarter of a second is missing, without what the kernel reads ahead, which would be waited for.
read_most() { # FILE
    python3 - "$1" <<'END'
import os, sys

fd = os.open(sys.argv[1], os.O_RDONLY)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
for offset in range(0, 1400000 - 65536, 65536):
    assert len(os.pread(fd, 65536, offset)) == 65536
END
}
make() { # NAME: a result whose first bytes are here
    make_result "$M/VEO_3_1/$1.txt" "$1 [[bytes=1600000]]"
}
rest=$(make rest) again=$(make again) gone=$(make gone) last=$(make last)
for file in "$rest" "$again"; do
    reference_of "$file" "$TEST_TMP/${file##*/}"
done

read_most "$rest"
sleep 1 # a reader is not told of it
control fault=cdn-404
cmp "$rest" "$TEST_TMP/rest.mp4" || fail "the rest did not come"
control clear=1

# opened again while it comes
read_most "$again"
cmp "$again" "$TEST_TMP/again.mp4"

# removed while it comes: that is its end
read_most "$gone"
rm "$gone"
[ ! -e "$gone" ] || fail "it is there still"
assert_eq "$(head -c 5 "$M/FLUX/.model" | wc -c)" 5 "the mount's life after that"

# unmounted while it comes
read_most "$last"
umount_fs
weryaifs --check >"$TEST_TMP/check" || fail "the account: $(cat "$TEST_TMP/check")"
mount_fs
reference_of "$last" "$TEST_TMP/last"
cmp "$last" "$TEST_TMP/last"
umount_fs
