#!/bin/bash
# SPDX-License-Identifier: MIT
# No credits, a wrong key, the day's limit: one prompt finds out, the others wait with the reason, nothing is burned.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --credits 5
mkdir -p "$XDG_CONFIG_HOME/weryaifs"
(umask 077 && echo sk-test >"$XDG_CONFIG_HOME/weryaifs/key")
KEY= mount_fs

waits_for() { # FILE PART: it is QUEUED, and says so
    state_is "$1" QUEUED && case $(status_of "$1") in *"$2"*) ;; *) return 1 ;; esac
}

# credits
control credits=0
echo "a rich fox" >"$M/FLUX/one.txt"
await 10 waits_for "$M/FLUX/one" credits || fail "$(status_of "$M/FLUX/one")"
echo "a poor fox" >"$M/FLUX/two.txt"
await 10 waits_for "$M/FLUX/two" credits || fail "$(status_of "$M/FLUX/two")"
assert_eq "$(posts)" 1 "submissions without credits"
assert_contains "$(cat "$M/.weryaifs/stats")" "stopped: " stats
assert_contains "$(cat "$M/.weryaifs/stats")" "submissions today: 0" "stats: refused ones do not count"
assert_contains "$(cat "$M/.weryaifs/stats.prom")" "weryaifs_stopped 1" stats.prom
control credits=1000
wait_state "$M/FLUX/one.txt" SUCCESS 40
wait_state "$M/FLUX/two.txt" SUCCESS
assert_eq "$(posts)" 3 "submissions in all"

# a wrong key: the first one fails, the rest waits for a better one
echo sk-bad >"$XDG_CONFIG_HOME/weryaifs/key"
kill -HUP "$FS_PID"
echo "a locked fox" >"$M/FLUX/three.txt"
wait_state "$M/FLUX/three.txt" FAILED
assert_contains "$(cat "$M/.weryaifs/balance" 2>&1)" "Key was rejected" "balance with a wrong key"
echo "a patient fox" >"$M/FLUX/four.txt"
await 10 waits_for "$M/FLUX/four" key || fail "$(status_of "$M/FLUX/four")"
assert_eq "$(posts)" 4 "submissions with a wrong key"
echo sk-test >"$XDG_CONFIG_HOME/weryaifs/key"
kill -HUP "$FS_PID"
wait_state "$M/FLUX/four.txt" SUCCESS
echo submit >"$M/FLUX/three.status"
wait_state "$M/FLUX/three.txt" SUCCESS

# the day's limit: patience survives a restart
control fault=submit-6101:1:1
before=$(posts)
echo "a late fox" >"$M/FLUX/five.txt"
await 10 waits_for "$M/FLUX/five" midnight || fail "$(status_of "$M/FLUX/five")"
kill_fs
KEY= mount_fs
echo "a later fox" >"$M/FLUX/six.txt"
await 10 waits_for "$M/FLUX/six" midnight || fail "$(status_of "$M/FLUX/six")"
await 10 waits_for "$M/FLUX/five" midnight || fail "$(status_of "$M/FLUX/five")"
assert_eq "$(posts)" $((before + 1)) "submissions after the day's limit"
echo submit >"$M/FLUX/five.status"
wait_state "$M/FLUX/five.txt" SUCCESS
wait_state "$M/FLUX/six.txt" SUCCESS
umount_fs
