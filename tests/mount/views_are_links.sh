#!/bin/bash
# SPDX-License-Identifier: MIT
# .weryaifs/by-date, by-state and by-model are directories of links to the files, as they are now; nothing can be changed in them.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs

mkdir -p "$M/FLUX/a/b"
echo "a fox" >"$M/FLUX/fox.txt"
echo "another fox" >"$M/FLUX/a/b/fox.txt"
echo "[[task-fail]] a doomed one" >"$M/FLUX/doomed.txt"
echo "an owl" >"$M/QWEN/owl.txt"
printf 'ratio: 17:3\na wrong one\n' >"$M/QWEN/wrong.txt"
timeout 60 cat "$M/.weryaifs/wait" >/dev/null || true
wait_state "$M/QWEN/wrong" INVALID

views=$M/.weryaifs
today=$(date -u -r "$M/FLUX/fox.png" +%Y/%m/%d)
links() { # DIRECTORY: what its entries are links to, from the mount
    find "$1" -type l -exec readlink -f {} + | sed "s|^$M/||" | sort | tr '\n' ' '
}
assert_eq "$(links "$views/by-date")" "FLUX/a/b/fox.png FLUX/fox.png QWEN/owl.png " by-date
assert_eq "$(ls "$views/by-date/$today" | wc -l)" 3 "those of today"
assert_eq "$(links "$views/by-state/FAILED")" "FLUX/doomed.txt " "by-state/FAILED"
assert_eq "$(links "$views/by-state/INVALID")" "QWEN/wrong.txt " "by-state/INVALID"
assert_eq "$(links "$views/by-state/SUCCESS")" "FLUX/a/b/fox.txt FLUX/fox.txt QWEN/owl.txt " "by-state/SUCCESS"
assert_eq "$(links "$views/by-model/FLUX")" "FLUX/a/b/fox.png FLUX/fox.png " "by-model/FLUX"
assert_eq "$(type_of "$(ls -d "$views/by-model/QWEN/"owl*.png)")" image/png "a file by its link"
assert_eq "$(find -L "$views/by-date/$today" -type f -size +0 | wc -l)" 3 "files by find -L"
ls -lR "$views/by-date" "$views/by-state" "$views/by-model" >"$TEST_TMP/long" 2>&1 || fail "ls -l: $(cat "$TEST_TMP/long")"

# what changes is there at the next look; a name that is not right any more is none
old=$(ls -d "$views/by-state/FAILED/"doomed*)
echo "all is well now" >"$M/FLUX/doomed.txt"
cat "$M/FLUX/doomed.wait" >/dev/null
[ ! -e "$old" ] && [ ! -L "$old" ] || fail "a link to what has not failed"
assert_eq "$(links "$views/by-state/FAILED")" "" "by-state/FAILED"
mv "$M/FLUX/fox.png" "$M/FLUX/a/vixen.png"
assert_eq "$(links "$views/by-model/FLUX")" "FLUX/a/b/fox.png FLUX/a/vixen.png FLUX/doomed.png " "after a rename"
touch -d 2020-02-29T12:00:00Z "$M/FLUX/doomed.png"
assert_eq "$(links "$views/by-date/2020/02/29")" "FLUX/doomed.png " "another day"
[ ! -e "$views/by-date/2020/03" ] || fail "a month without anything"

# read-only
! rm "$views"/by-model/QWEN/owl*.png 2>/dev/null || fail "a link can be removed"
! touch "$views/by-model/QWEN/x" 2>/dev/null || fail "a file can be made"
! mkdir "$views/by-model/x" 2>/dev/null || fail "a directory can be made"
! rmdir "$views/by-state/FAILED" 2>/dev/null || fail "a directory can be removed"
! mv "$M/FLUX/fox.txt" "$views/by-model/QWEN/" 2>/dev/null || fail "a file can be moved into it"
[ -e "$M/QWEN/owl.png" ] && [ -e "$M/FLUX/fox.txt" ] || fail "a file is gone"

# more than a slice of them, each once
mkdir "$M/FLUX/many"
for i in $(seq 600); do
    printf 'ratio: 17:3\nwrong %s\n' "$i" >"$M/FLUX/many/w$i.txt"
done
all_wrong() { [ "$(ls "$views/by-state/INVALID" | wc -l)" = 601 ]; }
await 60 all_wrong || fail "$(ls "$views/by-state/INVALID" | wc -l) of 601"
assert_eq "$(ls "$views/by-state/INVALID" | sort -u | wc -l)" 601 "different names"
umount_fs
