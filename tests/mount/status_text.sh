#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# What X.status says, how it is listed, and the one word that can be written to it.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
cd "$M/FLUX"

echo "a fox" >fox.txt
result=$(result_of "$PWD/fox.txt")
# the last thing that is known, after the end
await 20 grep -qE '^credits: 1( |$)' fox.status || fail "no credits: $(cat fox.status)"
status=$(cat fox.status)
assert_eq "$(head -n 1 <<<"$status")" "state: SUCCESS"
while read -r line; do
    [[ $line =~ ^[a-z]+:\ [^\ ] ]] || fail "not 'key: value': $line"
done <<<"$status"
assert_contains "$status" "model: FLUX"
assert_contains "$status" "results: fox.png"
time='^(submitted|finished): [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$'
assert_eq "$(grep -cE "$time" <<<"$status")" 2 "times in: $status"
assert_eq "$(wc -c <fox.status)" "$(stat -c %s fox.status)" "size of the status"
assert_lacks "$status" sk- status

# the same as attributes, on prompt and result; the result carries its prompt
task=$(sed -n 's/^task: //p' <<<"$status")
for file in fox.txt fox.png; do
    assert_eq "$(getfattr --only-values -n user.weryai.task "$file")" "$task" "task of $file"
done
assert_contains "$(getfattr -d fox.png)" 'user.weryai.prompt="a fox"' "prompt of fox.png"

# listed as X.status, never as X.wait
assert_eq "$(ls)" $'fox.png\nfox.status\nfox.txt' ls
[ -e fox.wait ] || fail "fox.wait cannot be opened"

# shadows cannot be made, and to remove them changes nothing
! touch other.status 2>/dev/null || fail "made a status of no prompt"
rm fox.status
assert_eq "$(cat fox.status)" "$status" "status after rm"

# words
! echo sbumit 2>/dev/null >fox.status || fail "took a word that it does not know"
assert_eq "$(posts)" 1 posts
echo submit >fox.status
wait_state fox.txt SUCCESS
await 10 [ -e fox.~1~.png ]
wait_state fox.txt SUCCESS
assert_eq "$(posts)" 2 "posts after 'submit'"

# an error says where and what
printf 'a fox\nrato: 16:9\n' >slip.txt
wait_state slip.txt INVALID
assert_contains "$(cat slip.status)" "ratio" "hint"
code=0
cat slip.wait 2>/dev/null || code=$?
[ "$code" != 0 ] || fail "slip.wait can be read"
assert_eq "$(posts)" 2 posts
cd /
umount_fs
