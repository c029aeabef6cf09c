#!/bin/bash
# SPDX-License-Identifier: MIT
# A file that is open while the last of its bytes come, and one that is opened when all of them are here (which the
# kernel then reads by itself, where it can): the same bytes, in every mixture of opens, and nobody is refused.
# wires: live seed
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
file=$(make_result "$M/VEO_3_1/big.txt" "fox [[bytes=24000000]]")
reference_of "$file" "$TEST_TMP/reference"
other=$(make_result "$M/VEO_3_1/other.txt" "owl [[bytes=6000000]]")
reference_of "$other" "$TEST_TMP/other"

cat >"$TEST_TMP/mix.py" <<'END'
import mmap, os, random, sys

path, reference = sys.argv[1:]
right = open(reference, "rb").read()
random.seed(3)

def check(fd, what):
    for offset in [0, len(right) - 1] + [random.randrange(len(right)) for _ in range(40)]:
        length = random.choice((1, 4096, 100000))
        assert os.pread(fd, length, offset) == right[offset:offset + length], (what, offset)
    assert os.fstat(fd).st_size == len(right)
    assert os.lseek(fd, 0, os.SEEK_HOLE) == len(right)

first = os.open(path, os.O_RDONLY)
assert os.pread(first, 5000, 1000000) == right[1000000:1005000]
whole = os.open(path, os.O_RDONLY)
assert os.pread(whole, 1 << 26, 0)[:1 << 20] == right[:1 << 20]
while os.read(whole, 1 << 20):
    pass
second = os.open(path, os.O_RDONLY)
for fd, what in (first, "before"), (second, "beside it"), (whole, "that read all"):
    check(fd, what)
with mmap.mmap(first, 0, prot=mmap.PROT_READ) as m:
    os.close(first), os.close(second), os.close(whole)
    assert m[:] == right, "mapped, after the close"
# nobody has it open now; the kernel tells of that a moment later
for turn in range(20):
    one = os.open(path, os.O_RDONLY)
    two = os.open(path, os.O_RDONLY)
    check(one, turn)
    os.close(one)
    three = os.open(path, os.O_RDONLY)
    check(three, turn)
    check(two, turn)
    with mmap.mmap(two, 0, prot=mmap.PROT_READ) as m:
        os.close(two), os.close(three)
        assert m[1 << 20:2 << 20] == right[1 << 20:2 << 20], "mapped"
END
timeout 60 python3 "$TEST_TMP/mix.py" "$file" "$TEST_TMP/reference"

# all that is asked of the daemon for a whole file, where the kernel reads it by itself
cmp "$other" "$TEST_TMP/other"
umount_fs
mount_fs
[ "$(id -u)" = 0 ] || skip "what the daemon reads and writes is shown to root alone: it keeps a secret"
reads() {
    awk '/^syscw/ { print $2 }' "/proc/$FS_PID/io"
}
before=$(reads)
cmp "$file" "$TEST_TMP/reference"
if ldd "$BUILD_DIR/weryaifs" | grep -q 'libfuse3\.so\.4' && [ "$(id -u)" = 0 ] &&
    zgrep -qs '^CONFIG_FUSE_PASSTHROUGH=y' /proc/config.gz; then
    [ $(($(reads) - before)) -lt 20 ] || fail "the kernel did not read it by itself: $(($(reads) - before)) answers"
fi

# removed while it is open
exec 5<"$file"
rm "$file"
cmp /dev/fd/5 "$TEST_TMP/reference"
exec 5<&-
umount_fs
weryaifs --check
