#!/bin/bash
# SPDX-License-Identifier: MIT
# inotify: a status comes and goes with its prompt, whatever the tool does to that; its time is that of its last change.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 1
mount_fs

events=$TEST_TMP/events
inotifywait -m -r -e create,delete,moved_to,moved_from --format '%e %w%f' "$M/FLUX" >"$events" 2>"$TEST_TMP/watch.err" &
WATCH_PID=$!
await 10 grep -q established "$TEST_TMP/watch.err" || fail "inotifywait does not start"

# told FILE "EVENT EVENT...": exactly these of this file, in this order, and since the last question
told_are() {
    [ "$(sed "s|$M/||" "$events" | awk -v file="$1" '$2 == file { printf "%s ", $1 }')" = "$2 " ]
}
told() {
    await 10 told_are "$1" "$2" || fail "not '$2' of $1: $(cat "$events")"
}

# a file manager's view: what it lists at the start, and what it hears of
cd "$M/FLUX"
echo "a fox" >fox.txt
told FLUX/fox.status CREATE
echo "a red fox" >fox.txt
echo "a fox" >.tmp
mv .tmp fox.txt
wait_state fox.txt SUCCESS
mv fox.txt cub.txt
told FLUX/fox.status "CREATE DELETE"
told FLUX/cub.status CREATE
rm cub.status
told FLUX/cub.status "CREATE DELETE CREATE"
rm cub.txt
told FLUX/cub.status "CREATE DELETE CREATE DELETE"

# no prompt: nothing; one that becomes a prompt, and is none any more
echo "an owl" >owl.md
mv owl.md owl.txt
told FLUX/owl.status CREATE
mv owl.txt owl.md
told FLUX/owl.status "CREATE DELETE"
mkdir nest
echo "two" >nest/two.txt
mv nest/two.txt two.txt
told FLUX/two.status CREATE

# what has a mistake is seen, and seen to be mended
printf 'rato: 16:9\na bear\n' >bear.txt
told FLUX/bear.status CREATE
wait_state bear INVALID

# exchanged: both names stay, and nobody hears of statuses
echo "one" >one.txt
echo "other" >other.txt
told FLUX/other.status CREATE
python3 - <<'END'
import ctypes
assert ctypes.CDLL(None).renameat2(-100, b"one.txt", -100, b"other.txt", 2) == 0
END
echo "last" >last.txt
told FLUX/last.status CREATE
told FLUX/one.status CREATE
told FLUX/other.status CREATE

# a shadow that is moved is where its prompt is
mkdir den
mv bear.status den/
told FLUX/bear.status "CREATE MOVED_FROM CREATE"
[ ! -e den/bear.status ] || fail "a status without a prompt"

# of a copied tree every status is told of, and of its removal
mkdir "$TEST_TMP/many"
for i in $(seq 60); do echo "dry run: yes
number $i" >"$TEST_TMP/many/p$i.txt"; done
cp "$TEST_TMP"/many/* .
all() {
    [ "$(grep -c "^$1 .*/p[0-9]*\.status" "$events")" -ge "$2" ]
}
await 20 all CREATE 60 || fail "lost: $(grep -c '^CREATE .*/p[0-9]*.status' "$events") of 60"
rm p*.txt
await 20 all DELETE 60 || fail "lost: $(grep -c '^DELETE .*/p[0-9]*.status' "$events") of 60"
kill "$WATCH_PID"
wait "$WATCH_PID" || true

# times: make(1) and find -newer
time_of() {
    stat -c %.Y "$1"
}
newer() {
    python3 -c 'import sys; sys.exit(not float(sys.argv[1]) > float(sys.argv[2]))' "$1" "$2"
}
echo "a hare" >hare.txt
draft=$(time_of hare.status)
wait_state hare.txt "PENDING PROCESSING"
pending=$(time_of hare.status)
newer "$pending" "$draft" || fail "PENDING has the time of DRAFT"
wait_state hare.txt SUCCESS
done_at=$(time_of hare.status)
newer "$done_at" "$pending" || fail "SUCCESS has the time of PENDING"
touch "$TEST_TMP/mark"
touch -d 2001-01-01 hare.txt
chmod 600 hare.txt
cat hare.status hare.png >/dev/null
assert_eq "$(time_of hare.status)" "$done_at" "the time after reading and touch"
assert_eq "$(find . -name 'hare.status' -newer "$TEST_TMP/mark")" "" "newer than it is"
cd /
umount_fs
mount_fs
cd "$M/FLUX"
assert_eq "$(time_of hare.status)" "$done_at" "the time after a remount"
echo "a white hare" >hare.txt
wait_state hare.txt SUCCESS
assert_eq "$(find . -name 'hare.status' -newer "$TEST_TMP/mark")" ./hare.status "newer than it was"
cd /
umount_fs
