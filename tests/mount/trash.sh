#!/bin/bash
# SPDX-License-Identifier: MIT
# What file managers throw away goes to .Trash-UID at the root: nothing is sent from there, what was not sent is cancelled, and
# what comes back costs nothing.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o settle=0.3
trash=$M/.Trash-$(id -u)

# as the specification says it, by hand
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox.txt" SUCCESS
cp "$M/FLUX/fox.png" "$TEST_TMP/fox.png"
mkdir -m 700 "$trash" "$trash/files" "$trash/info"
throw_away() { # NAME
    printf '[Trash Info]\nPath=FLUX/%s\nDeletionDate=2026-11-27T10:00:00\n' "$1" >"$trash/info/$1.trashinfo"
    mv "$M/FLUX/$1" "$trash/files/$1"
}
throw_away fox.txt
throw_away fox.png
assert_eq "$(ls "$M/FLUX")" "" "what is left"
cmp "$trash/files/fox.png" "$TEST_TMP/fox.png" || fail "the picture in the trash"
[ ! -e "$trash/files/fox.status" ] || fail "a prompt in the trash has a status"
mv "$trash/files/fox.png" "$trash/files/fox.txt" "$M/FLUX/"
rm "$trash"/info/*
wait_state "$M/FLUX/fox.txt" SUCCESS
assert_eq "$(cat "$M/FLUX/fox.wait")" fox.png "what came back"
assert_eq "$(posts)" 1 "thrown away and restored"

# not sent yet: cancelled
echo "dry run: yes
an owl" >"$M/FLUX/owl.txt"
wait_state "$M/FLUX/owl.txt" HELD
throw_away owl.txt
sed -i '/dry run/d' "$trash/files/owl.txt"
echo "words of a text in the trash" >"$trash/files/other.txt"

# GIO's, on which file managers stand
echo "a wolf" >"$M/FLUX/wolf.txt"
wait_state "$M/FLUX/wolf.txt" SUCCESS
if command -v gio >/dev/null && gio trash "$M/FLUX/wolf.txt" 2>"$TEST_TMP/gio"; then
    [ ! -e "$M/FLUX/wolf.txt" ] || fail "gio trash leaves it"
    assert_eq "$(cat "$trash/files/wolf.txt")" "a wolf" "gio trash"
    mv "$trash/files/wolf.txt" "$M/FLUX/wolf.txt"
    rm "$trash/info/wolf.txt.trashinfo"
    wait_state "$M/FLUX/wolf.txt" SUCCESS
else
    ! grep -q "Unable to find or create" "$TEST_TMP/gio" || fail "$(cat "$TEST_TMP/gio")"
fi
assert_eq "$(posts)" 2 "nothing is sent from the trash"

# nothing else is made at the root; what is there survives a remount, and can be emptied
for name in .Trash-x .Trash- .Trashes trash; do
    mkdir "$M/$name" 2>/dev/null && fail "mkdir $name"
done
(echo x >"$M/.Trash") 2>/dev/null && fail "a file at the root"
umount_fs
mount_fs -o settle=0.3
assert_eq "$(cat "$trash/files/other.txt")" "words of a text in the trash" "after a remount"
rm -r "$trash"
umount_fs
assert_eq "$(posts)" 2 "posts"
weryaifs --check >/dev/null || fail "--check: $(weryaifs --check)"
