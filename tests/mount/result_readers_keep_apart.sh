#!/bin/bash
# SPDX-License-Identifier: MIT
# Two readers of one file: what one of them reads far ahead does not make the other one's transfer run to there.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o cache=no
file=$(make_result "$M/VEO_3_1/big.txt" "fox [[bytes=120000000]]")
reference_of "$file" "$TEST_TMP/reference"
before=$(sent)
python3 - "$file" "$TEST_TMP/reference" <<'END'
import os, sys

file, reference = (os.open(path, os.O_RDONLY) for path in sys.argv[1:])

def read(start, length):
    for offset in range(start, start + length, 100000):
        assert os.pread(file, 100000, offset) == os.pread(reference, 100000, offset), offset

read(0, 3000000)
read(80000000, 20000000)
read(3000000, 1000000)  # the first one goes on where it was
END

# 24 MB were read, each is a few ahead
settled() {
    local now
    now=$(sent)
    sleep 0.3
    [ "$(sent)" = "$now" ]
}
await 10 settled || fail "the transfers go on"
[ $(($(sent) - before)) -lt 60000000 ] || fail "$(($(sent) - before)) bytes were sent for 24 MB"
umount_fs
