#!/bin/bash
# SPDX-License-Identifier: MIT
# A client of NFS 4 writes a prompt, which is one submission, and reads the result: examples/share-with-nfs.sh.
. "$(dirname "$0")/../lib/mount.sh"
PATH=$PATH:/usr/sbin command -v ganesha.nfsd >/dev/null && command -v nfs-cp >/dev/null || skip "there is no nfs-ganesha or no libnfs"
[ "$(id -u)" = 0 ] || skip "ganesha.nfsd needs root"
mount_fs -o allow_other
cd "$TEST_TMP"
port=$((20000 + $$ % 20000))
share() {
    mkdir -p "$TEST_TMP/nfs"
    PORT=$port STATE=$TEST_TMP/nfs "$TEST_ROOT/examples/share-with-nfs.sh" "$M" >"$TEST_TMP/nfs.log" 2>&1 &
    NFSD_PID=$!
}
at() {
    echo "nfs://127.0.0.1/weryai/$1?nfsport=$port&version=4"
}
nfs_cat() {
    timeout 20 nfs-cat "$(at "$1")"
}
share
shared() {
    timeout 20 nfs-ls "$(at "")" 2>/dev/null | grep -q FLUX
}
await 40 shared || fail "no share: $(cat nfs.log)"

echo "a fox from afar" >fox.txt
timeout 20 nfs-cp fox.txt "$(at FLUX/fox.txt)" >/dev/null
wait_state "$M/FLUX/fox.txt" SUCCESS 40
assert_eq "$(posts)" 1 "submissions of one copy"
nfs_cat FLUX/fox.png >seen.png
cmp seen.png "$M/FLUX/fox.png"
assert_contains "$(nfs_cat FLUX/fox.status)" "state: SUCCESS" "the status"
# what is made has its true size, which is all that such a client reads: a wait that it cannot make fails
assert_eq "$(nfs_cat FLUX/fox.wait)" fox.png "the wait"
assert_eq "$(nfs_cat .weryaifs/balance)" "$(cat "$M/.weryaifs/balance")" "the balance"
echo "[[seconds=60]] a slow fox" >"$M/FLUX/slow.txt"
printf 'rato: 16:9\n' >"$M/FLUX/wrong.txt"
wait_state "$M/FLUX/slow.txt" "PENDING PROCESSING"
wait_state "$M/FLUX/wrong.txt" INVALID
for stem in slow wrong; do
    nfs_cat FLUX/$stem.wait >/dev/null 2>&1 && fail "the wait for $stem is empty, and succeeds"
done
timeout 20 nfs-ls "$(at FLUX)" | grep -q fox.png || fail "the result is not listed"

# the server starts anew
kill "$NFSD_PID"
wait "$NFSD_PID" || true
share
await 40 shared || fail "no share after a restart: $(cat nfs.log)"
nfs_cat FLUX/fox.png >seen.png
cmp seen.png "$M/FLUX/fox.png"
echo "another fox from afar" >two.txt
timeout 20 nfs-cp two.txt "$(at FLUX/two.txt)" >/dev/null
wait_state "$M/FLUX/two.txt" SUCCESS 40
kill "$NFSD_PID"
wait "$NFSD_PID" || true
assert_eq "$(posts)" 3 "submissions of two copies, and one here"
cd /
umount_fs
