#!/bin/bash
# SPDX-License-Identifier: MIT
# A client of Samba writes a prompt, is notified of the result, and reads it: examples/share-with-samba.sh.
. "$(dirname "$0")/../lib/mount.sh"
command -v smbclient >/dev/null && PATH=$PATH:/usr/sbin command -v smbd >/dev/null || skip "there is no Samba"
[ "$(id -u)" = 0 ] || skip "smbd needs root"
mount_fs -o allow_other
mkdir "$TEST_TMP/samba"
export PORT=$((20000 + $$ % 20000))
# smbd ends its whole process group
STATE=$TEST_TMP/samba setsid "$TEST_ROOT/examples/share-with-samba.sh" "$M" >"$TEST_TMP/smbd.log" 2>&1 &
SMBD_PID=$!
cd "$TEST_TMP"

client() {
    timeout 60 stdbuf -oL smbclient -N -s /dev/null "//127.0.0.1/weryai" -p "$PORT" -c "$*" 2>&1 || true
}

shared() {
    client ls | grep -q FLUX
}
await 20 shared || fail "no share: $(cat "$TEST_TMP/smbd.log" "$TEST_TMP/samba/log" 2>/dev/null | tail -20)"

# somebody watches from afar, as an Explorer does
client 'notify FLUX' >"$TEST_TMP/notified" &
NOTIFY_PID=$!

echo "a fox from afar" >fox.txt
said=$(client 'put fox.txt FLUX/fox.txt')
assert_contains "$said" "putting file fox.txt" "put"
wait_state "$M/FLUX/fox.txt" SUCCESS
assert_eq "$(posts)" 1 "submissions of one put"
client 'get FLUX/fox.png fox.png; get FLUX/fox.status fox.status' >/dev/null
cmp fox.png "$M/FLUX/fox.png"
assert_eq "$(type_of fox.png)" image/png "the result"
assert_contains "$(cat fox.status)" "state: SUCCESS" "the status"
assert_contains "$(client 'cd FLUX; ls')" fox.png "the listing"
notified() {
    grep -q "fox.png" "$TEST_TMP/notified"
}
await 20 notified || fail "the client is not notified: $(cat "$TEST_TMP/notified")"

# the rest of a tree's life
client 'mkdir FLUX/set; rename FLUX/fox.txt FLUX/set/fox.txt; del FLUX/fox.png' >/dev/null
assert_eq "$(state_of "$M/FLUX/set/fox.txt")" SUCCESS "state after a move by a client"
[ ! -e "$M/FLUX/fox.png" ] || fail "not removed"
echo "another fox" >fox2.txt
client 'put fox2.txt FLUX/set/fox.txt' >/dev/null
wait_state "$M/FLUX/set/fox.txt" SUCCESS
assert_eq "$(posts)" 2 "submissions after a second put"
client 'deltree FLUX/set' >/dev/null
[ ! -e "$M/FLUX/set" ] || fail "deltree: $(ls "$M/FLUX/set")"
kill "$NOTIFY_PID" "$SMBD_PID"
wait "$NOTIFY_PID" "$SMBD_PID" || true
cd /
umount_fs
