#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever copies a tree of prompts away and back says nothing, buys nothing, fetches nothing, and leaves the same tree: results are results again,
# shadows are made of their prompts. A word that an editor saves by a rename is done like one that is written.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o settle=0.3
cd "$M/FLUX"
out=$TEST_TMP/out
mkdir -p "$out" posters
for name in a b; do echo "poster $name" >posters/$name.txt; done
for name in a b; do wait_state posters/$name SUCCESS; done
before=$(posts)

quietly() { # COMMAND...: succeeds, and complains of nothing
    local said rc=0
    said=$(timeout 60 "$@" 2>&1) || rc=$?
    [ "$rc" = 0 ] && [ -z "$said" ] || fail "$* ended with $rc: $said"
}
came_back() { # WORDS: by what
    local name
    for name in a b; do
        wait_state posters/$name SUCCESS
        assert_contains "$(cat posters/$name.status)" "results: $name.png" "$1: the status"
        assert_eq "$(cat posters/$name.wait)" "$name.png" "$1: the wait"
        cmp posters/$name.png "$out/bk/$name.png" || fail "$1: $name.png has other bytes"
        assert_eq "$(getfattr --only-values -n user.weryai.prompt posters/$name.png)" "poster $name" "$1: the origin of $name.png"
    done
    assert_eq "$(ls posters)" $'a.png\na.status\na.txt\nb.png\nb.status\nb.txt' "$1: names"
    assert_eq "$(posts)" "$before" "$1: POSTs"
}

quietly cp -a posters "$out/bk"
tar --xattrs -cf "$out/names.tar" -C "$out/bk" a.png a.status a.txt b.png b.status b.txt
tar --xattrs -cf "$out/texts.tar" -C "$out/bk" a.txt a.status a.png b.txt b.status b.png
tar -cf "$out/plain.tar" -C "$out/bk" a.txt a.status a.png b.txt b.status b.png
mkdir "$out/texts"
for file in a.txt a.status a.png b.txt b.status b.png; do cp -a "$out/bk/$file" "$out/texts/"; done

# the service has them no more
control fault=cdn-404
quietly rm -r posters
quietly cp -a "$out/bk" posters
came_back "cp -a"
# one of two was taken away before: it stays away
echo "a pair
number: 2" >posters/p.txt
control clear
wait_state posters/p SUCCESS
rm posters/p-1.png
quietly cp -a posters "$out/pair"
quietly rm -r posters
quietly cp -a "$out/pair" posters
wait_state posters/p SUCCESS
assert_eq "$(ls posters | grep -c '^p-')" 1 "results of a set that was culled"
before=$(posts)
rm posters/p*
quietly rm -r posters
quietly cp -r "$out/texts" posters
came_back "cp -r, prompts first"
for way in -aX "-aX --inplace" "-aX --delay-updates" "-a --ignore-times"; do
    quietly rsync $way "$out/bk/" posters/
    came_back "rsync $way"
done
quietly rm -r posters
quietly rsync -aX "$out/bk/" posters/
came_back "rsync -aX to nothing"
for archive in names texts plain; do
    quietly rm -r posters
    mkdir posters
    quietly tar --xattrs -xf "$out/$archive.tar" -C posters
    came_back "tar, $archive"
    quietly tar --xattrs -xf "$out/$archive.tar" -C posters
    came_back "tar over it, $archive"
done
quietly mv posters "$out/moved"
quietly mv "$out/moved" posters
came_back "mv"
quietly rm -r posters
quietly python3 -c "import shutil; shutil.copytree('$out/bk', 'posters')"
came_back "copytree"
if command -v gio >/dev/null; then
    quietly rm -r posters
    mkdir posters
    for file in "$out"/texts/*; do quietly gio copy "$file" posters/; done
    came_back "gio copy"
fi
# elsewhere each is a wish for one more; its shadow is dropped there as well
quietly cp -r "$out/bk" ../QWEN/more
wait_state ../QWEN/more/a SUCCESS
wait_state ../QWEN/more/b SUCCESS
assert_eq "$(posts)" $((before + 2)) "another model"
before=$(posts)
# over prompts that are there by removing first, and without O_EXCL, as by unzip -o, 7z and most languages: what was made is found again by its name
python3 - "$out/bk" posters <<'END'
import os, shutil, sys
source, old = sys.argv[1:]

for name in sorted(os.listdir(source)):
    os.unlink(f"{old}/{name}")
    with open(f"{source}/{name}", "rb") as a, open(f"{old}/{name}", "wb") as b:
        shutil.copyfileobj(a, b)
    os.utime(f"{old}/{name}", (1e9, 1e9))
END
came_back "unlink and open"
# a tool's own directory may have files of that name, which go when it becomes one of prompts
mkdir .staging
cp "$out/bk/"* .staging/
assert_eq "$(ls .staging | wc -l)" 6 "files in a tool's directory"
quietly rm -r posters
quietly mv .staging posters
came_back "mv of a tool's directory"
# attributes of ours are dropped, those of others stay
setfattr -n user.weryai.state -v nonsense posters/a.txt
assert_eq "$(getfattr --only-values -n user.weryai.state posters/a.txt)" SUCCESS "an attribute of ours"
setfattr -x user.weryai.state posters/a.txt

# --- not everything is a copy ---

(echo "my own text" >posters/a.status) 2>/dev/null && fail "any text is taken for a copy"
(echo "my own text" >posters/none.status) 2>/dev/null && fail "a shadow of nothing"
(set -C; echo submit >posters/none.status) 2>/dev/null && fail "submit to nothing"
echo "my own text" >posters/mine
mv posters/mine posters/a.status 2>/dev/null && fail "any file is taken for a copy"
assert_eq "$(cat posters/mine)" "my own text" "what was refused"
assert_contains "$(cat "$M/.weryaifs/log")" "'mine' was to be renamed to 'a.status' and was refused" "the log"
printf 'state: SUCCESS\nsubmit\n' >posters/mine
mv posters/mine posters/a.status 2>/dev/null && fail "a word inside a status is lost without a word"
rm posters/mine

# --- words, saved by a rename ---

bought() { [ "$(posts)" = "$1" ]; }
before=$(posts)
printf submit >posters/.goutputstream-X5R2K1
mv posters/.goutputstream-X5R2K1 posters/a.status
await 20 bought $((before + 1)) || fail "a GTK editor's submit"
wait_state posters/a SUCCESS
sed -i '1,$c submit' posters/a.status
await 20 bought $((before + 2)) || fail "the submit of sed -i"
wait_state posters/a SUCCESS
control seconds=3
echo submit >posters/a.status
wait_state posters/a "PENDING PROCESSING"
printf submit >posters/word
mv posters/word posters/a.status 2>/dev/null && fail "a double click costs"
control seconds=0.2
wait_state posters/a SUCCESS
assert_eq "$(posts)" $((before + 3)) "submissions"
echo "bad luck [[task-fail*1]]" >posters/c.txt
wait_state posters/c FAILED
echo retry >posters/word
mv posters/word posters/c.status
await 20 bought $((before + 5)) || fail "retry by a rename"
cd /
umount_fs

mount_fs -o settle=0.3
cd "$M/FLUX"
# a film is as long as it will be before its bytes come (Explorer and rsync --preallocate make it so): it is the result when it is
# closed, not before, though its first bytes are right
made=$(make_result posters/long.txt "a long one [[bytes=400000]]")
cp "$made" "$out/long.png"
before=$(posts)
rm posters/long.txt "$made"
control fault=cdn-404
exec {film}<>posters/long.png
truncate -s 400000 posters/long.png
head -c 70000 "$out/long.png" >&"$film"
echo "a long one [[bytes=400000]]" >posters/long.txt
wait_state posters/long PROCESSING
tail -c +70001 "$out/long.png" >&"$film"
exec {film}>&-
wait_state posters/long SUCCESS
assert_eq "$(cat posters/long.wait)" long.png "a film that was written slowly: the wait"
cmp posters/long.png "$out/long.png" || fail "a film that was written slowly has other bytes"
assert_eq "$(posts)" "$before" "a film that was written slowly: POSTs"
# one whose copying was cut off has a hole: it is not the result, which appears beside it
rm posters/long.txt posters/long.png
truncate -s 400000 posters/long.png
head -c 70000 "$out/long.png" 1<>posters/long.png
echo "a long one [[bytes=400000]]" >posters/long.txt
wait_state posters/long SUCCESS
made=$(cat posters/long.wait)
[ "$made" != long.png ] || fail "half a film is taken for a result"
cmp "posters/$made" "$out/long.png" || fail "the result beside half a film has other bytes"
assert_eq "$(posts)" "$before" "half a film: POSTs"
cd /
umount_fs
