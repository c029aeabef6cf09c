#!/bin/bash
# SPDX-License-Identifier: MIT
# The cache is removed while it is used, other things lie in it, it has no inodes left: new results appear, old ones are read, with
# the right bytes, and nothing is sent twice.
. "$(dirname "$0")/../lib/mount.sh"

make() { # NAME: a result, and its bytes are the service's
    make_result "$M/FLUX/$1.txt" "a fox $1 [[bytes=300000]]" >/dev/null
    right "$1"
}
right() { # NAME
    reference_of "$M/FLUX/$1.png" "$TEST_TMP/reference"
    cmp "$M/FLUX/$1.png" "$TEST_TMP/reference" || fail "other bytes of $1"
}

mount_fs
make before
make while
rm -rf "$XDG_CACHE_HOME"
make removed
right before
umount_fs

# links out of it and directories instead of its files
mount_fs
cache=$XDG_CACHE_HOME/weryaifs/default
make again
echo mine >"$TEST_TMP/mine"
umount_fs
for file in "$cache"/[0-9]*; do
    rm "$file"
    ln -s "$TEST_TMP/mine" "$file"
done
last=$(find "$cache" -name '[0-9]*' -printf '%f\n' | sort -n | tail -n 1)
for i in {1..9}; do
    mkdir "$cache/$((last + i))"
done
mount_fs
for name in before while removed again; do
    right "$name"
done
make links
assert_eq "$(cat "$TEST_TMP/mine")" mine "a file outside of the cache"
umount_fs

if [ "$(id -u)" = 0 ] && mkdir "$TEST_TMP/small" && mount -t tmpfs -o nr_inodes=3,mode=700 tmpfs "$TEST_TMP/small"; then
    mount_fs -o cache_dir="$TEST_TMP/small"
    for name in 1 2 3 4; do
        make "$name"
    done
    right before
    umount_fs
    umount "$TEST_TMP/small"
    assert_eq "$(posts)" 9 posts
else
    assert_eq "$(posts)" 5 posts
fi
