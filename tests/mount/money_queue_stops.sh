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

# a wrong key: all wait for a better one, the first one too, and go on by themselves
echo sk-bad >"$XDG_CONFIG_HOME/weryaifs/key"
kill -HUP "$FS_PID"
echo "a locked fox" >"$M/FLUX/three.txt"
await 10 waits_for "$M/FLUX/three" "needs: key" || fail "$(status_of "$M/FLUX/three")"
assert_contains "$(cat "$M/.weryaifs/balance" 2>&1)" "Key was rejected" "balance with a wrong key"
echo "a patient fox" >"$M/FLUX/four.txt"
await 10 waits_for "$M/FLUX/four" key || fail "$(status_of "$M/FLUX/four")"
assert_eq "$(posts)" 4 "submissions with a wrong key"
echo sk-test >"$XDG_CONFIG_HOME/weryaifs/key"
kill -HUP "$FS_PID"
wait_state "$M/FLUX/four.txt" SUCCESS
wait_state "$M/FLUX/three.txt" SUCCESS

# a refusal as if for the key, while the key is good for all else, is that prompt's own trouble
control fault=refuse-prompt=1009@forbidden
echo "a forbidden fox" >"$M/FLUX/forbidden.txt"
echo "an allowed fox" >"$M/FLUX/allowed.txt"
wait_state "$M/FLUX/forbidden.txt" FAILED
assert_contains "$(status_of "$M/FLUX/forbidden")" "code 1009" "a refused prompt"
wait_state "$M/FLUX/allowed.txt" SUCCESS
control clear=1

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
