#!/bin/bash
# SPDX-License-Identifier: MIT
# Chains: what happens to a prompt that waits when its input appears late, fails, is edited, renamed or removed, and when
# the daemon dies meanwhile.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.3
mount_fs
cd "$M"
body_of() { # PROMPT-TEXT: the body of the submission with it
    jq -s --arg text "$1" 'map(select(.body.prompt == $text))[0].body' "$REQUESTS"
}
posts_of() {
    jq -s --arg text "$1" 'map(select(.body.prompt == $text)) | length' "$REQUESTS"
}
url_of() {
    getfattr --absolute-names --only-values -n user.weryai.url "$1"
}

# in reverse order, with time between: INVALID while it is missing, and goes on by itself
printf 'second\nimage: ../FLUX/first.png\n' >WAN_2_5/second.txt
wait_state WAN_2_5/second WAITING
wait_state WAN_2_5/second INVALID
assert_contains "$(status_of WAN_2_5/second)" "'../FLUX/first.png' is not there, and no prompt here makes it"
echo "first" >FLUX/first.txt
wait_state WAN_2_5/second SUCCESS
assert_eq "$(body_of second | jq -r '.images[0]')" "$(url_of FLUX/first.png)" "the input of second"
assert_eq "$(body_of second | jq -r .model)" WAN_2_5

# an input that failed, and is then made after all
echo "third [[task-fail]]" >FLUX/third.txt
printf 'fourth\nimage: ../FLUX/third\n' >WAN_2_5/fourth.txt
wait_state WAN_2_5/fourth INVALID
assert_contains "$(status_of WAN_2_5/fourth)" "/FLUX/third.txt ended FAILED"
assert_eq "$(posts_of fourth)" 0 "posts of fourth"
echo "third again" >FLUX/third.txt
wait_state WAN_2_5/fourth SUCCESS
assert_eq "$(body_of fourth | jq -r '.images[0]')" "$(url_of FLUX/third.png)"

# an edit of the input's prompt while it is waited for: what its last text makes is taken
echo "fifth [[seconds=2]]" >FLUX/fifth.txt
printf 'sixth\nimage: ../FLUX/fifth.png\n' >WAN_2_5/sixth.txt
wait_state FLUX/fifth "PENDING PROCESSING"
wait_state WAN_2_5/sixth WAITING
assert_contains "$(status_of WAN_2_5/sixth)" "warning: line 2: '../FLUX/fifth.png' is not there yet: /FLUX/fifth.txt is P"
echo "fifth, better" >FLUX/fifth.txt
wait_state WAN_2_5/sixth SUCCESS
assert_eq "$(body_of sixth | jq -r '.images[0]')" "$(url_of FLUX/fifth.png)"
assert_eq "$(cat FLUX/fifth.txt)" "fifth, better"
assert_eq "$(getfattr --absolute-names --only-values -n user.weryai.prompt FLUX/fifth.png)" "fifth, better"
assert_eq "$(posts_of sixth)" 1 "posts of sixth"

# a prompt whose result is there, but which is written anew: the new one is waited for
echo "fifth, best [[seconds=1]]" >FLUX/fifth.txt
printf 'seventh\nimage: ../FLUX/fifth.png\n' >WAN_2_5/seventh.txt
wait_state WAN_2_5/seventh SUCCESS
assert_eq "$(getfattr --absolute-names --only-values -n user.weryai.prompt FLUX/fifth.png)" "fifth, best [[seconds=1]]"
assert_eq "$(body_of seventh | jq -r '.images[0]')" "$(url_of FLUX/fifth.png)"

# the input is removed: INVALID; renamed: the same; renamed back: goes on
echo "eighth [[seconds=1.5]]" >FLUX/eighth.txt
printf 'ninth\nimage: ../FLUX/eighth.png\n' >WAN_2_5/ninth.txt
wait_state WAN_2_5/ninth WAITING
wait_state FLUX/eighth "PENDING PROCESSING"
mv FLUX/eighth.txt FLUX/other.txt
wait_state WAN_2_5/ninth INVALID
assert_contains "$(status_of WAN_2_5/ninth)" "'../FLUX/eighth.png' is not there, and no prompt here makes it"
mv FLUX/other.txt FLUX/eighth.txt
wait_state WAN_2_5/ninth SUCCESS
printf 'tenth\nimage: ../FLUX/gone.png\n' >WAN_2_5/tenth.txt
echo "gone [[seconds=1.5]]" >FLUX/gone.txt
wait_state FLUX/gone "PENDING PROCESSING"
rm FLUX/gone.txt
wait_state WAN_2_5/tenth INVALID
# its result comes all the same; where it lies it can be named
await 20 test -e .weryaifs/lost+found/gone.png || fail "the result of a removed prompt is lost"
assert_eq "$(state_of WAN_2_5/tenth)" INVALID
printf 'tenth\nimage: /.weryaifs/lost+found/gone.png\n' >WAN_2_5/tenth.txt
wait_state WAN_2_5/tenth SUCCESS

# a waiting prompt that is removed, or moved within its model, or rewritten
echo "slow [[seconds=1.5]]" >FLUX/slow.txt
for name in removed moved rewritten; do
    printf '%s\nimage: /FLUX/slow.png\n' $name >WAN_2_5/$name.txt
    wait_state WAN_2_5/$name WAITING
done
rm WAN_2_5/removed.txt
mkdir WAN_2_5/sub
mv WAN_2_5/moved.txt WAN_2_5/sub/
printf 'rewritten better\nimage: /FLUX/slow.png\n' >WAN_2_5/rewritten.txt
wait_state WAN_2_5/sub/moved SUCCESS
wait_state WAN_2_5/rewritten SUCCESS
assert_eq "$(posts_of removed) $(posts_of moved) $(posts_of rewritten) $(posts_of 'rewritten better')" "0 1 0 1" posts

# dry run: what would be sent, and nothing is
printf 'dry\nimage: /FLUX/slow.png\ndry run: yes\n' >WAN_2_5/dry.txt
cp "$M/FLUX/slow.png" "$M/FLUX/mine.png"
printf 'dry of mine\nimage: /FLUX/mine.png\ndry run: yes\n' >WAN_2_5/drymine.txt
wait_state WAN_2_5/dry HELD
wait_state WAN_2_5/drymine HELD
assert_contains "$(status_of WAN_2_5/dry)" "$(url_of FLUX/slow.png)"
assert_contains "$(status_of WAN_2_5/drymine)" "uploaded when it is sent: /FLUX/mine.png"
assert_eq "$(requests POST upload-file)" 0 "uploads of a dry run"
echo submit >WAN_2_5/drymine.status
wait_state WAN_2_5/drymine SUCCESS
assert_contains "$(body_of 'dry of mine' | jq -r '.images[0]')" /cdn/upload/
cd /
umount_fs
