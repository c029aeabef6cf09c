#!/bin/bash
# SPDX-License-Identifier: MIT
# weryaifs --sandbox: no key, no network, real results, and nothing of it is left at the end.
. "$(dirname "$0")/../lib/mount.sh"
export WERYAI_SANDBOX_ARGS="--seconds 0.1  --credits 1234"
URL=http://127.0.0.1:1

# the user's own settings count, but the key and the addresses do not
printf '[api]\nkey_file = /nowhere\n[submit]\nsettle = 0.1\n[poll]\nfirst_poll = 0.1\n' \
    >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"

output=$(KEY= weryaifs --sandbox "$M" 2>&1) || fail "exit code $?: $output"
assert_eq "$output" "" output
mounted_here
server=$(pgrep -P "$KEEPER_PID" -x weryaifs-sandbo) || fail "no server"
directory=$(echo "$TMPDIR"/weryaifs-sandbox-*)
assert_eq "$(stat -c %a "$directory")" 700 "mode of $directory"
echo "a fox" >"$M/FLUX/fox.txt"
assert_eq "$(type_of "$(result_of "$M/FLUX/fox.txt")")" image/png
assert_contains "$(cat "$M/.weryaifs/balance")" 1233 "balance after one picture"

# a daemon that is killed is followed by another one, with the same server
kill -KILL "$FS_PID"
echo "a dog" >"$M/FLUX/dog.txt"
assert_eq "$(type_of "$(result_of "$M/FLUX/dog.txt")")" image/png
assert_contains "$(cat "$M/.weryaifs/balance")" 1232 "balance after one more"
FS_PID=$(find_daemon)
[ ! -e "$XDG_STATE_HOME" ] && [ ! -e "$XDG_CACHE_HOME" ] || fail "it used the real account's place"
umount_fs
wait_gone "$server" 5 || fail "the server goes on"
[ ! -e "$directory" ] || fail "$directory is left"

# the server does not outlive a keeper that was killed
KEY= weryaifs --sandbox "$M"
mounted_here
server=$(pgrep -P "$KEEPER_PID" -x weryaifs-sandbo) || fail "no server"
kill_fs
wait_gone "$server" 5 || fail "the server outlives the keeper"
rm -r "$TMPDIR"/weryaifs-sandbox-*

# a server that does not start
export WERYAI_SANDBOX_ARGS=--nonsense
code=0
output=$(KEY= weryaifs --sandbox "$M" 2>&1) || code=$?
assert_eq "$code" 1 "exit code"
assert_contains "$output" "weryaifs: weryaifs-sandbox ended at once"
assert_eq "$(ls "$TMPDIR")" "" "left after a failure"
