#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 150
# A daemon that may have 60 descriptors, and a user who opens one file 31 times, and a hundred others and twenty results: all of them can be
# read and written, and everybody's prompts are sent.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
(ulimit -n 60 && weryaifs -o "$FAST" "$M")
FS_PID=$(find_daemon)

for i in {1..5}; do
    echo "[[bytes=70000]] number: 4
picture $i" >"$M/WERYAI_IMAGE_1_0/p$i.txt"
done
for i in {1..5}; do
    wait_state "$M/WERYAI_IMAGE_1_0/p$i" SUCCESS
done
python3 - "$M" <<'END' || fail "a user of many files"
import glob, os, subprocess, sys
mount = sys.argv[1]
opened = [open(f"{mount}/FLUX/one.dat", "w+b", buffering=0) for _ in range(31)]
for i, file in enumerate(opened):
    os.pwrite(file.fileno(), b"%02d" % i, 2 * i)
many = [open(f"{mount}/FLUX/{i}.dat", "w+b", buffering=0) for i in range(100)]
results = [open(path, "rb", buffering=0) for path in sorted(glob.glob(f"{mount}/WERYAI_IMAGE_1_0/*.*"))
           if not path.endswith((".txt", ".status"))]
assert len(results) == 20, len(results)
bytes_of = [file.read() for file in results]
assert all(len(data) == 70000 for data in bytes_of)
os.unlink(f"{mount}/FLUX/7.dat")
for i, file in enumerate(many):
    file.write(b"%d " % i * 1000)
# everybody else
for i in range(5):
    with open(f"{mount}/FLUX/fox{i}.txt", "w") as file:
        file.write(f"fox {i}")
for i in range(5):
    said = subprocess.run(["cat", f"{mount}/FLUX/fox{i}.wait"], capture_output=True, timeout=60, text=True)
    assert said.stdout.strip() == f"fox{i}.png", said
    assert open(f"{mount}/FLUX/fox{i}.png", "rb").read(4) == b"\x89PNG"
for i, file in enumerate(many):
    os.fsync(file.fileno())
    assert os.pread(file.fileno(), 10000, 0) == b"%d " % i * 1000, i
assert all(os.pread(file.fileno(), 62, 0) == b"".join(b"%02d" % i for i in range(31)) for file in opened)
assert [os.pread(file.fileno(), 70000, 0) for file in results] == bytes_of
END
assert_eq "$(posts)" 10 posts
umount_fs
