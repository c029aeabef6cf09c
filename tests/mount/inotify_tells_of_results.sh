#!/bin/bash
# SPDX-License-Identifier: MIT
# inotify: one CREATE and one CLOSE_WRITE for a result, MOVED for a backup, MODIFY for a status; none for what nobody saw change.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs

events=$TEST_TMP/events
watch() {
    inotifywait -m -r --format '%e %w%f' "$M/FLUX" >"$events" 2>"$TEST_TMP/watch.err" &
    WATCH_PID=$!
    await 10 grep -q established "$TEST_TMP/watch.err" || fail "inotifywait does not start"
}

# count REGEX: of the lines "EVENTS PATH", of which $M/ is taken away
count() {
    sed "s|$M/||" "$events" | grep -cE "$1" || true
}

count_is() {
    [ "$(count "$1")" = "$2" ]
}

# expect NUMBER REGEX
expect() {
    await 10 count_is "$2" "$1" || fail "not $1 but $(count "$2") of '$2': $(cat "$events")"
}

watch
cd "$M/FLUX"
printf 'number: 4\na fox\n' >fox.txt
wait_state fox.txt SUCCESS
for i in 1 2 3 4; do
    expect 1 "^CREATE FLUX/fox-$i.png\$"
    expect 1 "^CLOSE_WRITE,CLOSE FLUX/fox-$i.png\$"
done
await 10 grep -q 'MODIFY .*fox.status' "$events" || fail "no MODIFY of the status"
modified=$(count '^MODIFY FLUX/fox.status$')

# as soon as it is told of, everything about it is right
assert_eq "$(stat -c %A fox-1.png)" -rw-r--r-- "mode"
assert_eq "$(type_of fox-1.png)" image/png "type"

# nothing changes, nothing is told
touch fox.txt
mv fox.txt cub.txt
cat cub.status >/dev/null
echo "a marten" >marten.txt
wait_state marten.txt SUCCESS
expect 1 '^CLOSE_WRITE,CLOSE FLUX/marten.png$'
expect "$modified" '^MODIFY FLUX/fox.status$'
expect 0 '^MODIFY FLUX/cub.status$'
expect 4 '^CREATE FLUX/fox-'
expect 0 '^CREATE FLUX/cub.*png'

# a second run: the older one moves away, the new one comes
echo "a red marten" >marten.txt
wait_state marten.txt SUCCESS
expect 2 '^CLOSE_WRITE,CLOSE FLUX/marten.png$'
expect 1 '^MOVED_FROM FLUX/marten.png$'
expect 1 '^MOVED_TO FLUX/marten.~1~.png$'
expect 2 '^CREATE FLUX/marten.png$'
expect 1 '^CREATE FLUX/marten.txt$'
assert_eq "$(ls marten*)" $'marten.png\nmarten.status\nmarten.txt\nmarten.~1~.png' "the files"

# in a directory that moves while the job runs
mkdir -p den/deep
echo "a badger" >den/deep/badger.txt
mv den/deep set
wait_state set/badger.txt SUCCESS
expect 1 'CREATE FLUX/.*/badger.png$'
[ -s set/badger.png ] || fail "no result where the directory is now"

# the child dies: a new one takes over
child=$(pgrep -P "${KEEPER_PID:-$FS_PID}" -f "^weryaifs-publisher")
assert_eq "$(ls "/proc/$child/fd" | xargs)" "0 1 2 3" "what the child has inherited"
assert_eq "$(tr '\0' ' ' <"/proc/$child/environ")" "" "the child's environment"
kill -KILL "$child"
echo "a lynx" >lynx.txt
wait_state lynx.txt SUCCESS
expect 1 '^CLOSE_WRITE,CLOSE FLUX/lynx.png$'
[ "$(pgrep -P "${KEEPER_PID:-$FS_PID}" -f "^weryaifs-publisher")" != "$child" ] || fail "no new child"
kill "$WATCH_PID"
wait "$WATCH_PID" || true

# gio, on which file managers stand
gio monitor -d "$M/FLUX" >"$TEST_TMP/gio" 2>&1 &
GIO_PID=$!
await 20 sh -c "touch $M/FLUX/ready && grep -q ready $TEST_TMP/gio" || fail "gio monitor does not start"
echo "a wolf" >wolf.txt
wait_state wolf.txt SUCCESS
await 10 grep -q 'wolf.png: created' "$TEST_TMP/gio" || fail "gio does not tell: $(cat "$TEST_TMP/gio")"
await 10 grep -q 'wolf.png: changes done' "$TEST_TMP/gio" || fail "gio does not tell the end: $(cat "$TEST_TMP/gio")"
kill "$GIO_PID"
wait "$GIO_PID" || true

# where the mount is not to be seen nothing is made on what lies over it, and nothing hangs
cd /
mkdir "$TEST_TMP/side"
if [ "$(id -u)" = 0 ] && mount --bind "$M" "$TEST_TMP/side" && mount -t tmpfs over "$M"; then
    mkdir "$M/FLUX"
    echo "a stoat" >"$TEST_TMP/side/FLUX/stoat.txt"
    wait_state "$TEST_TMP/side/FLUX/stoat.txt" SUCCESS
    # the next one comes when the publisher is through with that one
    echo "an otter" >"$TEST_TMP/side/FLUX/otter.txt"
    wait_state "$TEST_TMP/side/FLUX/otter.txt" SUCCESS
    assert_eq "$(find "$M" | wc -l)" 2 "files on what lies over the mount"
    assert_contains "$(cat "$TEST_TMP/side/.weryaifs/log")" "not to be seen" "the log"
    umount "$M"
    umount "$TEST_TMP/side"
    echo "a heron" >"$M/FLUX/heron.txt"
    wait_state "$M/FLUX/heron.txt" SUCCESS
fi
umount_fs
child_gone() {
    ! pgrep -f "^weryaifs-publisher $M" >/dev/null
}
await 10 child_gone || fail "a child is left"
# one that does nothing any more holds up neither a reader nor the end
mount_fs
kill -STOP "$(pgrep -P "${KEEPER_PID:-$FS_PID}" -f "^weryaifs-publisher")"
echo "a crane" >"$M/FLUX/crane.txt"
assert_eq "$(timeout 20 cat "$M/FLUX/crane.wait")" crane.png "the names"
umount_fs
await 10 child_gone || fail "a stopped child is left"
mount_fs
kill_fs
await 10 child_gone || fail "a child outlives its daemon"
