#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon is confined before its second thread begins, the next daemon as well; what it needs goes on working, and what has
# moved away from under it is the next daemon's.
. "$(dirname "$0")/../lib/mount.sh"
! grep -q __asan_init "$WERYAIFS" || skip "the sanitizers write their reports beside the home of this test, so that it may be written to"
start_sandbox
weryaifs --check -o "$FAST" >"$TEST_TMP/check" || fail "$(cat "$TEST_TMP/check")"
grep -q "^a mount of it is confined: " "$TEST_TMP/check" || skip "$(grep "^a mount" "$TEST_TMP/check")"
grep -q "any TCP port" "$TEST_TMP/check" || fail "the service is on this machine: $(cat "$TEST_TMP/check")"
WERYAI_API_KEY=sk "$WERYAIFS" --check -o proxy=http://proxy.example:3128 | grep -Eq "TCP ports 53 443 3128 |any TCP port" ||
    fail "its ports"
WERYAI_API_KEY=sk "$WERYAIFS" --check -o confine=no | grep -q "not confined: confine = no" || fail "confine=no"
WERYAI_API_KEY=sk "$WERYAIFS" --check -o nokeeper | grep -q "not confined: without a keeper" || fail "nokeeper"

# confined PID: each of its threads
confined() {
    [ "$(cat /proc/"$1"/task/*/status | grep -c "^Threads")" = "$(cat /proc/"$1"/task/*/status | grep -c "^NoNewPrivs:.*1")" ]
}

key=$XDG_CONFIG_HOME/weryaifs/key
(umask 077 && echo sk-first >"$key")
KEY=
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mount_fs -o "listen=127.0.0.1:$port"
confined "$FS_PID" || fail "a thread is not confined: $(grep . /proc/"$FS_PID"/task/*/status | grep NoNew)"
grep -q "main: confined: " "$M/.weryaifs/log" || fail "$(cat "$M/.weryaifs/log")"
! confined "$KEEPER_PID" || fail "the keeper could not unmount"
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox.txt" SUCCESS
cat "$M"/FLUX/fox.png >"$TEST_TMP/fox.png"
confined "$FS_PID" || fail "a thread that began later is not confined"

# a cache that is removed is made again by the next daemon
first=$FS_PID
rm -rf "$XDG_CACHE_HOME"
echo "a wolf" >"$M/FLUX/wolf.txt"
wait_state "$M/FLUX/wolf.txt" SUCCESS
cat "$M"/FLUX/wolf.png >/dev/null
another() {
    local id
    id=$(daemon_of "$KEEPER_PID")
    # two: one shows that it can start, or is about to end
    [[ $id =~ ^[0-9]+$ ]] && [ "$id" != "$1" ] && FS_PID=$id
}
await 30 another "$first" || fail "no other daemon: $(cat "$M/.weryaifs/log")"
await 20 grep -q "is ready for use" "$M/.weryaifs/log"
confined "$FS_PID" || fail "the next daemon is not confined"
cmp "$M/FLUX/fox.png" "$TEST_TMP/fox.png"
cached() { [ -n "$(find "$XDG_CACHE_HOME" -name '[0-9]*' -size +0 2>/dev/null)" ]; }
await 20 cached || fail "nothing is kept"

# a key in a directory that was made anew
second=$FS_PID
mv "$XDG_CONFIG_HOME/weryaifs" "$XDG_CONFIG_HOME/before"
mkdir -m 700 "$XDG_CONFIG_HOME/weryaifs"
(umask 077 && echo sk-second >"$key")
kill -HUP "$FS_PID"
await 30 another "$second" || fail "no other daemon: $(cat "$M/.weryaifs/log")"
echo "a bird" >"$M/FLUX/bird.txt"
wait_state "$M/FLUX/bird.txt" SUCCESS

# told to inotify by a process that the keeper starts
[ -n "$(pgrep -P "$KEEPER_PID" -f "^weryaifs-publisher")" ] || fail "no publisher"
umount_fs
! pgrep -f "^weryaifs-publisher $M" >/dev/null || fail "the publisher goes on"

mount_fs -o confine=no
! confined "$FS_PID" || fail "confined in spite of confine=no"
umount_fs
