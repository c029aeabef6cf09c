#!/bin/bash
# SPDX-License-Identifier: MIT
# A random walk of tree operations agrees with a model in memory after every step, and after a remount.
# WALK_SEEDS and WALK_STEPS: more of it.
# timeout: 300
. "$(dirname "$0")/../lib/mount.sh"
seeds=${WALK_SEEDS:-1 2 3}
steps=${WALK_STEPS:-400}
walk=$TEST_ROOT/tests/mount/tree_random_walk.py

# nothing is sent, so nothing but the walk changes the tree
mount_fs -o dry_run,settle=0.05
base=$TEST_TMP/base
mkdir "$base"
for seed in $seeds; do
    rm -rf "${base:?}"/*
    mkdir "$M/FLUX/$seed" "$M/QWEN/$seed"
    ln -s "$M/FLUX/$seed" "$base/A"
    ln -s "$M/QWEN/$seed" "$base/B"
    python3 "$walk" walk "$base" "$seed" "$steps" "$TEST_TMP/model.$seed" || fail "the walk"
done
umount_fs
mount_fs -o dry_run,settle=0.05
for seed in $seeds; do
    rm -f "$base"/*
    ln -s "$M/FLUX/$seed" "$base/A"
    ln -s "$M/QWEN/$seed" "$base/B"
    python3 "$walk" check "$base" "$TEST_TMP/model.$seed" || fail "after a remount"
    rm -r "$M/FLUX/$seed" "$M/QWEN/$seed"
done
assert_eq "$(posts)" 0 posts
umount_fs
