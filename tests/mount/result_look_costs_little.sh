#!/bin/bash
# SPDX-License-Identifier: MIT
# A look into a large result moves little of it.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
big=$(make_result "$M/VEO_3_1/big.txt" "fox [[bytes=1073741824]]")
assert_eq "$(stat -c %s "$big")" 1073741824 "size of the large result"
assert_eq "$(head -c 16 "$big" | wc -c)" 16 "bytes of a look"
[ "$(sent)" -le 1048576 ] || fail "head -c 16 moved $(sent) bytes, the first ones included"

before=$(sent)
tail -c 1000 "$big" >/dev/null
[ $(($(sent) - before)) -le 1048576 ] || fail "tail moved $(($(sent) - before)) bytes"

# a reader in sequence that jumps leaves its stream behind
before=$(sent)
python3 - "$big" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
for i in range(16):
    os.read(fd, 131072)
for i in range(1, 5):
    assert len(os.pread(fd, 4096, i * 200000000)) == 4096
END
[ $(($(sent) - before)) -le 67108864 ] || fail "2 MB and four jumps moved $(($(sent) - before)) bytes"

command -v ffprobe >/dev/null || skip "no ffprobe"
before=$(sent)
film=$(make_result "$M/VEO_3_1/film.txt" "fox [[moov-last=200]]")
duration=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$film")
[ -n "$duration" ] || fail "ffprobe says no duration"
[ $(($(sent) - before)) -le 4194304 ] || fail "ffprobe moved $(($(sent) - before)) bytes"
umount_fs

# jumps in a file that is far away do not bring what comes behind each of them
control cdn-latency=0.05
mount_fs
before=$(sent)
python3 - "$big" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
for i in range(1, 9):
    assert len(os.pread(fd, 131072, i * 100000000)) == 131072
END
echo "eight jumps far away: $(($(sent) - before)) bytes"
[ $(($(sent) - before)) -le 25165824 ] || fail "eight jumps far away moved $(($(sent) - before)) bytes"
umount_fs
