#!/bin/bash
# SPDX-License-Identifier: MIT
# poll(2) of a status file wakes on a change, which is read from its start; other files are always ready.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 1
mount_fs
cd "$M/FLUX"
python3 - <<'END'
import os, select
with open("fox.txt", "w") as prompt:
    prompt.write("a fox\n")
fd = os.open("fox.status", os.O_RDONLY)
states = [os.pread(fd, 4096, 0).split(b"\n")[0]]
poller = select.poll()
poller.register(fd, select.POLLPRI)
while states[-1] != b"state: SUCCESS":
    assert poller.poll(20000), f"not woken after {states}"
    states.append(os.pread(fd, 4096, 0).split(b"\n")[0])
assert poller.poll(0) == [], "awake without a change"
# on a busy machine one may be over before it is read; none comes again
seen = [s for s, before in zip(states, [None] + states) if s != before]
order = [b"state: " + s for s in (b"DRAFT", b"QUEUED", b"SUBMITTING", b"PENDING", b"PROCESSING", b"SUCCESS")]
assert len(seen) > 1 and seen == [s for s in order if s in seen], states
assert len(states) <= 10, f"woken too often: {states}"
# whoever does not poll keeps the text of the open
for name in "fox.txt", "fox.png", "fox.status", "fox.wait":
    fd = os.open(name, os.O_RDONLY)
    assert select.select([fd], [], [], 10)[0] == [fd], name
    os.close(fd)
END
cd /
umount_fs
