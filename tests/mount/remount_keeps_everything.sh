#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# What was there is there again: prompts, results, plain files, names, modes, times and attributes; nothing is sent
# or fetched a second time.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs

# everything that a user can see, but access times
picture() {
    (
        cd "$M"
        find . -path ./.weryaifs -prune -o -printf '%p %y %m %s %T@ %i\n' | sort
        find . -path ./.weryaifs -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
        find . -path ./.weryaifs -prune -o -print0 | sort -z | xargs -0 getfattr -d -m - 2>/dev/null
    )
}

mkdir -p "$M/FLUX/posters/old"
echo "a fox" >"$M/FLUX/posters/fox.txt"
printf 'a whale\nnumber: 2\n' >"$M/WERYAI_IMAGE_2_0/whale.txt"
wait_state "$M/FLUX/posters/fox.txt" SUCCESS
wait_state "$M/WERYAI_IMAGE_2_0/whale.txt" SUCCESS
mv "$M/FLUX/posters/fox.png" "$M/FLUX/posters/old/renamed.png"
head -c 300000 /dev/urandom >"$M/FLUX/notes.bin"
chmod 640 "$M/FLUX/notes.bin"
touch -d 2001-02-03T04:05:06.789Z "$M/FLUX/notes.bin"
setfattr -n user.mine -v kept "$M/FLUX/notes.bin"

before=$(picture)
assert_contains "$before" renamed.png "the picture before"
assert_contains "$before" whale-2.png "the picture before"
umount_fs
requests=$(requests POST . && requests GET ^/cdn/)

mount_fs
assert_same "$(picture)" "$before" "the picture after a remount"
umount_fs
assert_eq "$(requests POST . && requests GET ^/cdn/)" "$requests" "posts and downloads"

# without a network
stop_sandbox
mount_fs
assert_same "$(picture)" "$before" "the picture without a network"
umount_fs
