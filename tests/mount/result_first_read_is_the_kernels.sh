#!/bin/bash
# SPDX-License-Identifier: MIT
# A result that has just appeared is in the kernel's cache, as far as its bytes are here: whoever opens it first waits
# neither for the network nor for us.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o results=lazy-only # else the rest would come by itself, sooner or later
file=$(make_result "$M/FLUX/fox.txt" "a fox [[bytes=50000]]")
# mincore(2), which reads nothing
pages_are_here() {
    python3 - "$file" <<'END'
import ctypes, mmap, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
with open(sys.argv[1], "rb") as file:
    address = libc.mmap(None, 12 * 4096, mmap.PROT_READ, mmap.MAP_SHARED, file.fileno(), 0)
    pages = ctypes.create_string_buffer(12)
    assert libc.mincore(address, 12 * 4096, pages) == 0
sys.exit(0 if all(page & 1 for page in pages.raw) else 1)
END
}
await 10 pages_are_here || fail "the kernel has nothing of it"

[ "$(id -u)" = 0 ] || skip "what the daemon reads and writes is shown to root alone: it keeps a secret"
# what the daemon answers the kernel with: a READ would be as long as the file
written() {
    awk '/^wchar/ { print $2 }' "/proc/$FS_PID/io"
}
requests=$(wc -l <"$REQUESTS")
before=$(written)
cat "$file" >"$TEST_TMP/read"
[ $(($(written) - before)) -lt 10000 ] || fail "the daemon was asked for its bytes: $(($(written) - before)) bytes of answers"
assert_eq "$(wc -l <"$REQUESTS")" "$requests" "requests for the first read"
reference_of "$file" "$TEST_TMP/reference"
cmp "$TEST_TMP/read" "$TEST_TMP/reference"

# of a longer one the bytes that are here, and the network is not asked for more on that account
file=$(make_result "$M/VEO_3_1/film.txt" "a film [[bytes=3000000]]")
await 10 pages_are_here || fail "the kernel has nothing of the film"
assert_eq "$(requests GET '^/cdn/')" 3 "downloads: one for each first part, and that of the reference"

# nor where what is here ends within a page, since the server sent more than it was asked for
for n in 1 2 3 4 5; do
    file=$(make_result "$M/VEO_3_1/more$n.txt" "more of it [[cdn-norange]] [[bytes=3000000]]")
    await 10 pages_are_here || fail "the kernel has nothing of what came without ranges"
done
sleep 0.5 # long enough for what must not come
assert_eq "$(requests GET '^/cdn/')" 8 "downloads: one more for each"

# nothing is here without a cache, and nothing is fetched
umount_fs
mount_fs -o cache=no
before=$(requests GET '^/cdn/')
file=$(make_result "$M/FLUX/owl.txt" "an owl [[bytes=300000]]")
cat "$M/FLUX/owl.wait" >/dev/null
assert_eq "$(($(requests GET '^/cdn/') - before))" 1 "downloads of what nobody reads: its type is looked at"
umount_fs
