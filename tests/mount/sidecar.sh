#!/bin/bash
# SPDX-License-Identifier: MIT
# With sidecar = yes X.json beside a result tells what was asked for and what was answered; it is made, goes with its result, and is in nobody's way.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o sidecar=yes
cd "$M/FLUX"

mkdir set
printf 'ratio: 16:9\na fox "in" the snow\n' >set/fox.txt
printf 'number: 2\na pair\n' >set/pair.txt
wait_state set/fox SUCCESS
wait_state set/pair SUCCESS
names=$'fox.json\nfox.png\nfox.status\nfox.txt\npair-1.json\npair-1.png\npair-2.json\npair-2.png\npair.status\npair.txt'
assert_eq "$(ls set)" "$names" names
assert_eq "$(stat -c %s set/fox.json)" "$(wc -c <set/fox.json)" "its size"
assert_eq "$(jq -r '[.file, .prompt, .model, .mode, .settings.ratio, .request.aspect_ratio, .request.prompt] | join("|")' set/fox.json)" \
    'fox.png|ratio: 16:9
a fox "in" the snow|FLUX|text-to-image|16:9|16:9|a fox "in" the snow' "what it says"
for key in task url content submitted; do
    assert_eq "$(jq -r .$key set/fox.json)" "$(getfattr --only-values -n user.weryai.$key set/fox.png)" "$key"
done
[ ! -e set/none.json ] || fail "a sidecar of nothing"

# it is made: to remove it changes nothing, it follows its result, in any order; others' files of that name stay theirs
rm set/fox.json
[ -e set/fox.json ] || fail "it can be removed"
mv set/pair-1.png set/two.png
assert_eq "$(ls set | grep json | tr '\n' ' ')" "fox.json pair-2.json two.json " "names after a rename"
assert_eq "$(jq -r .file set/two.json)" two.png "the name of what was renamed"
mv set/two.png set/pair-1.png
mkdir moved
mv set/fox.* moved/ || fail "mv of all"
assert_eq "$(ls moved | tr '\n' ' ')" "fox.json fox.png fox.status fox.txt " "moved"
mv moved/fox.png moved/fox.json moved/fox.txt set/ || fail "mv, the result first"
(echo '{"mine": 1}' >set/fox.json) 2>/dev/null && fail "words of one's own are lost without a word"
echo '{"mine": 1}' >set/mine
mv set/mine set/fox.json
assert_eq "$(cat set/fox.json)" '{"mine": 1}' "a file of one's own"
assert_eq "$(ls set)" "$names" "names, with a file of one's own"
rm set/fox.json
assert_eq "$(jq -r .file set/fox.json)" fox.png "when it is gone again"

# copied away and back by what people copy with: the same names, nothing bought
bk=$TEST_TMP/bk
before=$(posts)
cp -a set "$bk"
assert_eq "$(ls "$bk")" "$names" "copied"
tar --xattrs -cf "$TEST_TMP/set.tar" -C "$bk" .
cp -a "$bk/fox.json" set/fox.json || fail "cp -a over it"
tar --xattrs -xf "$TEST_TMP/set.tar" -C set || fail "tar over it"
wait_state set/fox SUCCESS
wait_state set/pair SUCCESS
rsync -aX "$bk/" set/ || fail "rsync over it"
assert_eq "$(ls set)" "$names" "names after copies over it"
for way in "cp -a $bk set" "rsync -aX $bk/ set/" "tar --xattrs -xf $TEST_TMP/set.tar -C set"; do
    rm -r set
    case $way in tar*) mkdir set ;; esac
    $way || fail "$way"
    wait_state set/fox SUCCESS
    wait_state set/pair SUCCESS
    assert_eq "$(ls set)" "$names" "$way"
    assert_eq "$(jq -r .model set/fox.json)" FLUX "$way: what it says"
done
assert_eq "$(posts)" "$before" POSTs
rm set/pair-1.png set/pair-1.json set/fox.png
! [ -e set/fox.json ] || [ ! -s set/fox.json ] || [ "$(jq -r .file set/fox.json)" = fox.png ] || fail "a sidecar without its result"
rm -r set moved
cd /
umount_fs

# without it such names are anybody's
mount_fs
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox" SUCCESS
[ ! -e "$M/FLUX/fox.json" ] || fail "a sidecar that nobody wished for"
umount_fs
