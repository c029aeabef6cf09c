#!/bin/bash
# SPDX-License-Identifier: MIT
# Shadows, backups and lost+found do the natural thing whatever a tool does first.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
cd "$M/FLUX"

# sent NAME...: prompts with results, one after the other written, together waited for
sent() {
    local name
    for name in "$@"; do
        echo "a picture of $name" >"$name.txt"
    done
    for name in "$@"; do
        wait_state "$name.txt" SUCCESS
    done
}

# quietly COMMAND...: succeeds, and complains of nothing
quietly() {
    local said
    said=$("$@" 2>&1) || fail "$* ended with $?: $said"
    assert_eq "$said" "" "what $* said"
}

# --- removing ---

sent one two three four
mkdir set
quietly mv one.* two.* set/
assert_eq "$(ls set)" $'one.png\none.status\none.txt\ntwo.png\ntwo.status\ntwo.txt' "after mv X.*"
assert_eq "$(state_of set/one.txt)" SUCCESS "state after mv"
quietly rm set/one.txt set/one.status set/one.png
quietly rm set/two.status set/two.txt set/two.png
quietly rmdir set
mkdir "$TEST_TMP/elsewhere"
quietly mv three.txt three.png three.status "$TEST_TMP/elsewhere/"
assert_eq "$(type_of "$TEST_TMP/elsewhere/three.png")" image/png "result on another file system"
mkdir set
quietly mv four.txt four.status four.png set/
quietly rm -r set
[ ! -e one.status ] && [ ! -e set/four.status ] || fail "a shadow outlives its prompt"
assert_eq "$(ls)" "" "what is left"

# a big directory: fts(3) sorts by inode
mkdir -p big/below
python3 - <<'END'
for i in range(5600):
    open(f"big/{i}.txt", "w").close()
open("big/below/x.txt", "w").close()
END
assert_eq "$(ls big | wc -l)" 11201 "entries"
quietly rm -r big

# by whom it was not removed, it is gone at once
echo "" >gone.txt
rm gone.txt
[ ! -e gone.status ] || fail "a shadow is seen by others"
if rm gone.status 2>/dev/null; then fail "a shadow that is gone was removed"; fi

# --- copying and reading ---

mkdir set
(cd set && sent five six)
quietly cp -r set ../QWEN/set
for name in five six; do
    cmp "set/$name.txt" "../QWEN/set/$name.txt"
    cmp "set/$name.png" "../QWEN/set/$name.png"
    wait_state "../QWEN/set/$name.txt" SUCCESS
    # the copy is a file of the user's: the result goes beside it
    assert_eq "$(stat -c %a "../QWEN/set/$name.png")" 644 "mode of the copy"
    [ -s "../QWEN/set/$name-1.png" ] || fail "the copied prompt was not sent: $(ls ../QWEN/set)"
done
quietly rsync -a --exclude='*.status' set/ ../QWEN/again/
quietly tar -cf "$TEST_TMP/set.tar" set
mkdir "$TEST_TMP/unpacked"
quietly tar -xf "$TEST_TMP/set.tar" -C "$TEST_TMP/unpacked"
for file in set/*.txt set/*.png; do
    cmp "$file" "$TEST_TMP/unpacked/$file"
done
[ -s "$TEST_TMP/unpacked/set/five.status" ] || fail "tar lost the status"
size=$(stat -c %s set/five.png)
assert_eq "$(find set -name '*.png' -size +0c | wc -l)" 2 "find -size"
[ "$(du -sb set/five.png | cut -f 1)" = "$size" ] || fail "du"
du -s . >"$TEST_TMP/du"
assert_eq "$(timeout 20 grep -rl 'picture of five' --include='*.txt' . | sort)" ./set/five.txt "grep -r"
quietly timeout 20 find "$M" -type f -newermt 2000-01-01 -fprintf /dev/null '%s %p\n'

# --- renaming and removing while jobs run ---

control seconds=1
mkdir -p deep/er
echo "a picture of a" >deep/er/a.txt
echo "a picture of b" >deep/er/b.txt
echo "a picture of c" >deep/c.txt
echo "a picture of d" >d.txt
echo "a picture of e" >e.txt
echo "a picture of f" >f.txt
started() {
    local file
    for file in deep/er/a.txt deep/er/b.txt deep/c.txt d.txt e.txt f.txt; do
        state_is "$file" "PENDING PROCESSING" || return 1
    done
}
await 20 started || fail "not all started"
before=$(posts)
mv deep/er/a.txt deep/er/A.txt
mv deep/er moved
mv moved/b.txt b2.txt
rm -r deep
mv d.txt e.txt
mv f.txt ../QWEN/f.txt
wait_state moved/A.txt SUCCESS
wait_state b2.txt SUCCESS
[ -s moved/A.png ] && [ -s b2.png ] || fail "the results do not follow their prompts: $(ls -R)"
wait_state ../QWEN/f.txt SUCCESS
[ -s ../QWEN/f.png ] || fail "no result in the other model"
lost() {
    [ "$(ls "$M/.weryaifs/lost+found" | wc -l)" = "$1" ]
}
# of deep/c.txt, of the e.txt that was replaced, of the f.txt that went to another model
await 20 lost 3 || fail "lost+found has: $(ls "$M/.weryaifs/lost+found")"
wait_state e.txt SUCCESS
[ -s e.png ] || fail "no result of the prompt that took the name: $(ls)"
assert_eq "$(posts)" "$((before + 1))" "submissions while moving: only that of the other model"
for file in "$M/.weryaifs/lost+found/"*; do
    assert_eq "$(type_of "$file")" image/png "$file"
done
quietly mv "$M/.weryaifs/lost+found/c.png" back.png
quietly rm "$M/.weryaifs/lost+found/"*
assert_eq "$(type_of back.png)" image/png "what was taken back"
cd /
umount_fs
