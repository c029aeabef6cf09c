#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# -o trace=FILE has every request and answer, and no key; weryaifs-sandbox --replay FILE answers from it as the service did.
. "$(dirname "$0")/../lib/mount.sh"
T=$TEST_TMP/trace.json
start_sandbox --fault status-weird:1:1
export WERYAI_API_KEY=sk-very-secret-1234567890
mount_fs -o "trace=$T"
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox" SUCCESS
printf 'it moves\nimage: fox.png\nwebhook: https://hooks.example.org/x?token=abcdefghijklmnopqrstuvwx&n=1\n' >"$M/FLUX/moves.txt"
wait_state "$M/FLUX/moves" SUCCESS
echo "[[submit-moderation]] an owl" >"$M/FLUX/owl.txt"
wait_state "$M/FLUX/owl" FAILED
cp "$M/FLUX/fox.png" "$M/FLUX/mine.png"
printf 'mine\n' >"$TEST_TMP/noise" && cat "$TEST_TMP/noise" >>"$M/FLUX/mine.png"
printf 'from mine\nimage: mine.png\n' >"$M/FLUX/up.txt"
wait_state "$M/FLUX/up" SUCCESS
owl=$(status_of "$M/FLUX/owl" | grep "^error")
umount_fs

assert_eq "$(stat -c %a "$T")" 600 "the mode"
grep -q "sk-very-secret" "$T" && fail "the key is in it"
assert_lacks "$(cat "$T")" abcdefghijklmnopqrstuvwx "the trace"
assert_contains "$(cat "$T")" 'token=***&n=1'
jq -se 'all(.[]; .method and .url and (.request_headers | length > 0))' "$T" >/dev/null || fail "a line lacks something"
# each submission that the server has got, and its answer
assert_eq "$(jq -sr 'map(select(.status and .method == "POST")) | length' "$T")" "$(requests POST .)" exchanges
assert_eq "$(jq -sr '[.[] | select(.method == "POST" and .request_body).request_body.prompt] | join(", ")' "$T")" \
    "a fox, it moves, [[submit-moderation]] an owl, from mine" "prompts"
assert_eq "$(jq -sr '[.[].request_headers[] | select(startswith("Authorization"))] | unique | join(" ")' "$T")" "Authorization: ***" keys
assert_eq "$(jq -sr '[.[] | select(.url | endswith("/upload-file")) | .request_bytes > 1000 and (has("request_body") | not)] | join(" ")' "$T")" true "the upload"
stop_sandbox

# what happened there happens here
before=$T
rm -rf "$HOME" && mkdir -p "$XDG_CONFIG_HOME/weryaifs"
: >"$REQUESTS"
start_sandbox --replay "$before"
mount_fs -o "trace=$TEST_TMP/again.json"
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox" SUCCESS
assert_eq "$(ls "$M/FLUX" | grep fox | tr '\n' ' ')" "fox.png fox.status fox.txt " names
printf 'it moves\nimage: https://a.example/x.png\n' >"$M/FLUX/moves.txt"
wait_state "$M/FLUX/moves" "SUCCESS FAILED UNKNOWN PENDING"
echo "an owl" >"$M/FLUX/owl.txt"
wait_state "$M/FLUX/owl" FAILED
assert_eq "$(status_of "$M/FLUX/owl" | grep "^error")" "$owl" "what was refused"
umount_fs

# a file of somebody else's, or none
ln -s "$TEST_TMP/again.json" "$TEST_TMP/link"
weryaifs -o "trace=$TEST_TMP/link" "$M" 2>"$TEST_TMP/said" && fail "mounted"
assert_contains "$(cat "$TEST_TMP/said")" "$TEST_TMP/link"
weryaifs-sandbox() { "$SANDBOX" "$@"; }
weryaifs-sandbox --replay /dev/null 2>"$TEST_TMP/said" && fail "it replays nothing"
assert_contains "$(cat "$TEST_TMP/said")" "there is no exchange in it"
