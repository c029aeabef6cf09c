#!/bin/bash
# SPDX-License-Identifier: MIT
# An automount of fstab works: while it is being mounted, nothing of ours waits for itself. (systemd.automount(5) is autofs.)
. "$(dirname "$0")/../lib/mount.sh"
[ "$(id -u)" = 0 ] && [ -e /dev/autofs ] || skip "automounts need root and autofs"
command -v python3 >/dev/null || skip "there is no python3"
start_sandbox

# what systemd does: mounts autofs on the place, and when somebody comes, the real one, by a child of its own process group
WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
    timeout -k 5 60 python3 - "$M" "$WERYAIFS" "$FAST" <<'END' || fail "the automount: exit $?"
import ctypes, fcntl, os, struct, subprocess, sys
place, program, options = sys.argv[1:]
os.setpgid(0, 0)
reader, writer = os.pipe()
libc = ctypes.CDLL(None, use_errno=True)
data = f"fd={writer},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct".encode()
if libc.mount(b"automount", place.encode(), b"autofs", 0, data) != 0:
    sys.exit(f"autofs: {os.strerror(ctypes.get_errno())}")
os.close(writer)
# the ioctl goes to the autofs below, which nobody can open any more once it is covered; our group is let through
control = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
# somebody of another group comes
visitor = subprocess.Popen(["ls", place], stdout=subprocess.PIPE, text=True, start_new_session=True)
packet = os.read(reader, 4096)
token = struct.unpack_from("iiI", packet)[2]
mounted = subprocess.run([program, "-o", options, place]).returncode
AUTOFS_IOC_READY, AUTOFS_IOC_FAIL = 0x9360, 0x9361
fcntl.ioctl(control, AUTOFS_IOC_READY if mounted == 0 else AUTOFS_IOC_FAIL, token)
os.close(control)
listed = visitor.communicate(timeout=20)[0]
if mounted != 0 or "FLUX" not in listed:
    sys.exit(f"weryaifs ended with {mounted}, the visitor sees: {listed}")
END
mounted_here
echo "a boat" >"$M/FLUX/boat.txt"
wait_state "$M/FLUX/boat.txt" SUCCESS
umount_fs
umount -l "$M"
