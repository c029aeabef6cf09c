#!/bin/bash
# SPDX-License-Identifier: MIT
# The spending guard counts what was sent, not what could not be; the rest is HELD until a person says so.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox
server=$URL
URL=http://127.0.0.1:9 # nobody listens there
mount_fs -o submissions_per_day=2
echo "a fox" >"$M/FLUX/fox.txt"
waits() { case $(status_of "$M/FLUX/fox") in *"state: QUEUED"*"could not connect"*) ;; *) return 1 ;; esac }
await 10 waits || fail "$(status_of "$M/FLUX/fox")"
# every attempt counts only while it is on its way
for _ in 1 2 3; do
    echo submit >"$M/FLUX/fox.status"
    await 10 waits || fail "$(status_of "$M/FLUX/fox")"
done
assert_contains "$(cat "$M/.weryaifs/stats")" "submissions today: 0" stats
umount_fs
URL=$server
mount_fs -o submissions_per_day=2
wait_state "$M/FLUX/fox" SUCCESS
echo "a dog" >"$M/FLUX/dog.txt"
wait_state "$M/FLUX/dog" SUCCESS
echo "a cat" >"$M/FLUX/cat.txt"
wait_state "$M/FLUX/cat" HELD
assert_contains "$(status_of "$M/FLUX/cat")" "submissions_per_day" reason
assert_eq "$(posts)" 2 posts
assert_contains "$(cat "$M/.weryaifs/stats.prom")" 'weryaifs_jobs{state="HELD"} 1' stats.prom
# also after a restart
kill_fs
mount_fs -o submissions_per_day=2
wait_state "$M/FLUX/cat" HELD
assert_eq "$(posts)" 2 posts
echo submit >"$M/FLUX/cat.status"
wait_state "$M/FLUX/cat" SUCCESS
assert_eq "$(posts)" 3 posts
umount_fs
