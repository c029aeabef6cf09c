#!/bin/bash
# SPDX-License-Identifier: MIT
# A reader of X.wait does not wait for a prompt that is no more: removed, replaced or renamed to something else.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 600
mount_fs -o settle=600
cd "$M/FLUX"

# begin_wait NAME: a reader that is parked, and the outcome of which goes to a file.
begin_wait() {
    { cat "$1.wait" && echo ended || echo refused; } >"$TEST_TMP/$1.out" 2>/dev/null &
    readers+=($!)
}
readers=()
for name in removed replaced renamed elsewhere; do
    echo "a draft" >$name.txt
    begin_wait $name
done
mkdir d
echo other >other.bin
# the readers are there when their requests are: each holds its file open
for id in "${readers[@]}"; do
    await 10 bash -c "pgrep -P $id cat >/dev/null && ls -l /proc/\$(pgrep -P $id cat)/fd | grep -q wait" || fail "no reader"
done
rm removed.txt
mv other.bin replaced.txt
mv renamed.txt renamed.bak
mv elsewhere.txt ../QWEN/elsewhere.txt
wait "${readers[0]}" "${readers[1]}" "${readers[2]}"
for name in removed replaced renamed; do
    assert_eq "$(cat "$TEST_TMP/$name.out")" refused "$name"
done
# this one is a prompt still, a new one for its new model: its reader goes on waiting
kill -0 "${readers[3]}" || fail "the reader of a prompt that has moved has ended"
pkill -P "${readers[3]}" cat
wait "${readers[3]}"
cd "$TEST_TMP"
umount_fs
