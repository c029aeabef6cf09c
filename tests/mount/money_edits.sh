#!/bin/bash
# SPDX-License-Identifier: MIT
# Edits while a prompt waits, is on its way, or runs: only what it says at last is paid for, once.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 1
mount_fs -o max_active=1,settle=0.3

sent() { # TEXT: how often it was submitted
    jq -s --arg text "$1" '[.[] | select(.method == "POST" and .body.prompt == $text)] | length' "$REQUESTS"
}

# while QUEUED: replaced, emptied, taken back, removed
echo "a long one [[seconds=3]]" >"$M/FLUX/long.txt"
wait_state "$M/FLUX/long" "PENDING PROCESSING"
for name in replaced emptied removed; do
    echo "first $name" >"$M/FLUX/$name.txt"
    wait_state "$M/FLUX/$name" QUEUED
done
echo "second replaced" >"$M/FLUX/replaced.txt"
: >"$M/FLUX/emptied.txt"
rm "$M/FLUX/removed.txt"
wait_state "$M/FLUX/replaced" "QUEUED PENDING PROCESSING SUCCESS"
wait_state "$M/FLUX/replaced" SUCCESS
wait_state "$M/FLUX/emptied" DRAFT
for name in replaced emptied removed; do
    assert_eq "$(sent "first $name")" 0 "first text, $name"
done
assert_eq "$(sent "second replaced")" 1 "second text"

# back to what was sent last, before anything else was: nothing
echo "a long one too [[seconds=3]]" >"$M/FLUX/long2.txt"
wait_state "$M/FLUX/long2" "PENDING PROCESSING"
echo "third replaced" >"$M/FLUX/replaced.txt"
wait_state "$M/FLUX/replaced" QUEUED
echo "second replaced" >"$M/FLUX/replaced.txt"
wait_state "$M/FLUX/replaced" SUCCESS
wait_state "$M/FLUX/long2" SUCCESS
assert_eq "$(sent "third replaced") $(sent "second replaced")" "0 1" "after going back"
# and by way of a mistake
echo "rato: 16:9" >"$M/FLUX/replaced.txt"
wait_state "$M/FLUX/replaced" INVALID
echo "second replaced" >"$M/FLUX/replaced.txt"
wait_state "$M/FLUX/replaced" SUCCESS
assert_eq "$(sent "second replaced")" 1 "after a mistake"

# an open editor holds back the text that it is about to replace
echo "a long one again [[seconds=3]]" >"$M/FLUX/long3.txt"
wait_state "$M/FLUX/long3" "PENDING PROCESSING"
echo "unfinished" >"$M/FLUX/edited.txt"
wait_state "$M/FLUX/edited" QUEUED
exec {editor}>>"$M/FLUX/edited.txt"
echo "business" >&"$editor"
wait_state "$M/FLUX/long3" SUCCESS
echo "another" >"$M/FLUX/other.txt"
wait_state "$M/FLUX/other" SUCCESS
assert_eq "$(sent unfinished)" 0 "sent while it was edited"
exec {editor}>&-
wait_state "$M/FLUX/edited" SUCCESS
assert_eq "$(sent $'unfinished\nbusiness')" 1 "sent after it"

# while running: a new job after it, the older result is kept
echo "early" >"$M/FLUX/twice.txt"
wait_state "$M/FLUX/twice" "PENDING PROCESSING"
echo "late" >"$M/FLUX/twice.txt"
await 20 test -e "$M/FLUX/twice.~1~.png" || fail "no backup: $(ls "$M/FLUX")"
wait_state "$M/FLUX/twice" SUCCESS
assert_eq "$(sent early) $(sent late)" "1 1" "while running"

# the same text again and `submit` before it has settled: it runs already, and one more of it was not asked for
echo "a patient one [[seconds=3]]" >"$M/FLUX/patient.txt"
wait_state "$M/FLUX/patient" "PENDING PROCESSING"
echo "a patient one [[seconds=3]]" >"$M/FLUX/patient.txt"
(echo submit >"$M/FLUX/patient.status") 2>/dev/null && fail "a second one was ordered"
wait_state "$M/FLUX/patient" SUCCESS
# a new text need not settle for it, and goes once
echo "an impatient one" >"$M/FLUX/patient.txt"
echo submit >"$M/FLUX/patient.status"
wait_state "$M/FLUX/patient" SUCCESS
assert_eq "$(sent "a patient one [[seconds=3]]") $(sent "an impatient one")" "1 1" "submit before it has settled"
# nor one that waits for a reference
printf 'after it\nimage: later.png\n' >"$M/FLUX/waits.txt"
echo submit >"$M/FLUX/waits.status"
# of what has ended, it is one more
echo "an impatient one" >"$M/FLUX/patient.txt"
echo submit >"$M/FLUX/patient.status"
await 20 test -e "$M/FLUX/patient.~2~.png" || fail "no second run: $(status_of "$M/FLUX/patient")"
assert_eq "$(sent "an impatient one")" 2 "submit of what has ended"

# on its way and refused: not sent again once nobody wants it
control fault=submit-6010:1:1 delay=1
echo "regretted" >"$M/FLUX/regretted.txt"
wait_state "$M/FLUX/regretted" SUBMITTING
rm "$M/FLUX/regretted.txt"
control delay=0
echo "next" >"$M/FLUX/next.txt"
wait_state "$M/FLUX/next" QUEUED
echo submit >"$M/FLUX/next.status"
wait_state "$M/FLUX/next" SUCCESS
assert_eq "$(sent regretted)" 1 "removed while it was refused"
assert_contains "$(cat "$M/.weryaifs/stats")" "queued: 0" stats
umount_fs
weryaifs --check >/dev/null
