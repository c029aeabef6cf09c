#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 200
# What costs and what does not, one by one: autosave, A -> B -> A, captions, the directories of tools, submit and retry, -o manual, -o ro,
# one rename that asks for many. The ways by which a text comes to its place are paid_matrix's.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.3
mount_fs -o settle=0.4,ask_above=3
sent() { # TEXT: how often it was submitted
    jq -s --arg text "$1" '[.[] | select(.method == "POST" and .body.prompt == $text)] | length' "$REQUESTS"
}
cd "$M/FLUX"

# A, B, A: each once, and the results come back under their names
echo "text a" >x.txt
wait_state x SUCCESS
cp x.png "$TEST_TMP/a.png"
echo "text b" >x.txt
await 20 test -e x.~1~.png || fail "no backup: $(ls)"
wait_state x SUCCESS
cmp x.~1~.png "$TEST_TMP/a.png" || fail "the backup is another picture"
echo "text a" >x.txt
a_is_back() { [ "$(state_of x)" = SUCCESS ] && cmp -s x.png "$TEST_TMP/a.png"; }
await 20 a_is_back || fail "a does not come back: $(ls) $(status_of x)"
assert_contains "$(status_of x)" "note: sent before, at 2" "the status"
assert_eq "$(sent "text a") $(sent "text b")" "1 1" "A, B, A"
# what was removed comes back from the service
rm x.png
assert_contains "$(status_of x)" "note: sent before, at 2" "the status of what was removed"
assert_contains "$(status_of x)" "; its results were removed or replaced. Saving the prompt again brings them back" "the status of what was removed"
echo "text a" >x.txt
await 20 a_is_back || fail "a removed result does not come back: $(ls) $(status_of x)"
assert_eq "$(sent "text a")" 1 "after its result was removed"
assert_lacks "$(status_of x)" "were removed or replaced" "the status of what came back"

# an editor that saves by itself while the job runs
control seconds=6
text="a portrait"
for word in of a woman with a red hat today; do
    text+=" $word"
    echo "$text" >autosaved.txt
    sleep 0.6
done
control seconds=0.3
wait_state autosaved SUCCESS 60 # its patience grows to half a minute (settle_max)
count=$(jq -s '[.[] | select(.method == "POST" and (.body.prompt // "" | startswith("a portrait")))] | length' "$REQUESTS")
[ "$count" -le 3 ] || fail "$count jobs of eight saves"
assert_eq "$(sent "$text")" 1 "the last text"

# a data set, and what belongs to tools
before=$(posts)
mkdir set .git .stfolder
cp "$TEST_TMP/a.png" set/mine.png
printf 'mine\0' >>set/mine.png
echo "a woman in a red hat" >set/mine.txt
echo "a fox" >.git/x.txt
echo "a fox" >.stfolder/x.txt
echo "a fox" >"x.sync-conflict-20260101-000000-ABCDEFG.txt"
wait_state set/mine HELD
assert_contains "$(status_of set/mine)" "caption" "the status"
(echo "a fox" >"$(printf 'n%.0s' $(seq 250)).txt") 2>/dev/null && fail "a prompt without a status"
sleep 1
assert_eq "$(posts)" "$before" "captions and tools"

# submit costs, but not while a job is on its way; retry repairs what has failed
control seconds=3
echo "once more" >again.txt
wait_state again "PENDING PROCESSING"
(echo submit >again.status) 2>/dev/null && fail "a double click costs"
wait_state again SUCCESS
control seconds=0.3
assert_eq "$(sent "once more")" 1 "submit while it runs"
echo submit >again.status
again_twice() { [ "$(sent "once more")" = 2 ]; }
await 20 again_twice || fail "submit buys nothing"
wait_state again SUCCESS
echo "bad luck [[task-fail*1]]" >failed.txt
wait_state failed FAILED
before=$(posts)
echo retry | tee x.status again.status set/mine.status failed.status >/dev/null
one_more() { [ "$(posts)" -gt "$before" ]; }
await 20 one_more || fail "retry sends nothing"
sleep 1
assert_eq "$(posts)" $((before + 1)) "retry of a directory"
(echo other >x.status) 2>/dev/null && fail "another word is taken"

# one rename that asks another model for many
mkdir many
for i in 1 2 3 4; do echo "one of many $i" >many/$i.txt; done
for i in 1 2 3 4; do wait_state many/$i SUCCESS; done
before=$(posts)
mv many ../QWEN/many
for i in 1 2 3 4; do wait_state ../QWEN/many/$i HELD; done
mv ../QWEN/many many
for i in 1 2 3 4; do wait_state many/$i SUCCESS; done
assert_eq "$(posts)" "$before" "to another model and back"
cd /
umount_fs

# a person says so, or nobody
mount_fs -o manual
echo "by hand" >"$M/FLUX/hand.txt"
wait_state "$M/FLUX/hand" HELD
assert_contains "$(status_of "$M/FLUX/hand")" 'request: {"model":"FLUX"' "the status"
umount_fs
mount_fs
wait_state "$M/FLUX/hand" HELD
assert_eq "$(sent "by hand")" 0 "-o manual"
umount_fs
mount_fs -o max_active=1
control seconds=20
echo "a long one" >"$M/FLUX/long.txt"
wait_state "$M/FLUX/long" "PENDING PROCESSING"
echo "left waiting" >"$M/FLUX/waits.txt"
wait_state "$M/FLUX/waits" QUEUED
umount_fs
mount_fs -o ro,max_active=9
sleep 1
assert_eq "$(state_of "$M/FLUX/waits")" QUEUED "-o ro"
assert_contains "$(status_of "$M/FLUX/waits")" "read-only" "the status"
assert_eq "$(sent "left waiting")" 0 "-o ro"
umount_fs
