#!/bin/bash
# SPDX-License-Identifier: MIT
# A large file is uploaded from the disk as it goes, and its status says how far; what was written to meanwhile is not
# remembered as what it was before.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.1
mount_fs
cd "$M/WERYDANCE_2_0"
peak() {
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$FS_PID/status"
}
uploads() {
    requests POST '/upload-file$'
}
# three seconds of film and 45 MB of nothing behind them
ffmpeg -v error -f lavfi -i testsrc=size=64x64:rate=10 -t 3 -c:v mpeg4 "$TEST_TMP/film.mp4"
printf '\x02\xae\xa5\x40free' >>"$TEST_TMP/film.mp4"
size=$(stat -c %s "$TEST_TMP/film.mp4")
truncate -s $((size - 8 + 0x02aea540)) "$TEST_TMP/film.mp4"
cp "$TEST_TMP/film.mp4" large.mp4

before=$(peak)
control delay=2
printf 'a harbour\nvideo: large.mp4\n' >large.txt
await 20 grep -q "is uploaded: 45.0 of 45.0 MB sent" large.status || fail "$(status_of large)"
control delay=0
wait_state large SUCCESS
assert_eq "$(uploads)" 1 uploads
[ $(($(peak) - before)) -lt 20000 ] || fail "the daemon grew from $before to $(peak) kB"

# nobody asks any more when it is written to, in the middle of its upload; its old content, under another name, is sent
printf 'x' | dd of=large.mp4 bs=1 seek=1000000 conv=notrunc status=none
cp large.mp4 "$TEST_TMP/second.mp4"
control delay=2
printf 'a quay\nvideo: large.mp4\n' >second.txt
await 20 grep -q "is uploaded: 45.0 of 45.0 MB sent" second.status || fail "$(status_of second)"
rm second.txt
printf 'y' | dd of=large.mp4 bs=1 seek=1000000 conv=notrunc status=none
await 20 grep -q "upload: .* was written to meanwhile" ../.weryaifs/log || fail "it is not noticed"
control delay=0
cp "$TEST_TMP/second.mp4" same.mp4
printf 'a quay\nvideo: same.mp4\n' >same.txt
wait_state same SUCCESS
assert_eq "$(uploads)" 3 uploads
cd /
umount_fs
