#!/bin/bash
# SPDX-License-Identifier: MIT
# A reader that closes early stops the transfer, and nothing is asked for while nobody reads.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --cdn-rate 4000000
mount_fs -o nokeeper # whose sign of life is a wake-up
file=$(make_result "$M/VEO_3_1/big.txt" "fox [[bytes=200000000]]")
head -c 2000000 "$file" | wc -c >/dev/null

# the server learns of the end with what it sends next
settled() {
    local before
    before=$(sent)
    sleep 0.4
    [ "$(sent)" = "$before" ]
}
await 10 settled || fail "the transfer goes on"
[ "$(sent)" -lt 40000000 ] || fail "$(sent) bytes were sent for 2 MB"
requests=$(wc -l <"$REQUESTS")
switches() {
    awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$FS_PID/status"
}
before=$(switches)
sleep 3
assert_eq "$(wc -l <"$REQUESTS")" "$requests" "requests while nothing is pending"
assert_eq "$(switches)" "$before" "wake-ups while nothing is pending"
umount_fs
