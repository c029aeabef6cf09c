#!/bin/bash
# SPDX-License-Identifier: MIT
# A reference is a path: relative to the prompt, from the mount's root, or a prompt's name; a result is passed on by its
# address, a file of ours is uploaded, once for each content.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2 --max-active 200
mount_fs -o max_active=200

# body N: the N-th submission's request
body() {
    jq -s --argjson n "$1" 'map(select(.method == "POST" and (.path | test("upload-file$") | not))) | .[$n].body' "$REQUESTS"
}
uploads() {
    requests POST '/upload-file$'
}

mkdir -p "$M/FLUX/posters"
echo "a fox" >"$M/FLUX/posters/fox.txt"
fox=$(result_of "$M/FLUX/posters/fox.txt")
url=$(getfattr --absolute-names --only-values -n user.weryai.url "$fox")

# the ways to name it, also as people paste them, all by its address
n=1
for path in ../FLUX/posters/fox.png /FLUX/posters/fox.png /FLUX/posters/fox ../FLUX/./posters/../posters/fox.txt \
    '"/FLUX/posters/fox.png"' "$M/FLUX/posters/fox.png" "file://$M/FLUX/posters/fo%78.png" ..%2FFLUX/posters/fox.png '../FLUX/posters/fo\x.png'; do
    printf 'more of this %s\nimage: %s\n' $n "$path" >"$M/WAN_2_5/more$n.txt"
    wait_state "$M/WAN_2_5/more$n" SUCCESS
    assert_eq "$(status_of "$M/WAN_2_5/more$n" | sed -n 's/^mode: //p')" image-to-image mode
    assert_eq "$(body $n | jq -c .images)" "[\"$url\"]" "images for $path"
    n=$((n + 1))
done
printf 'beside it\nimage: fox\n' >"$M/FLUX/posters/beside.txt"
wait_state "$M/FLUX/posters/beside" SUCCESS
assert_eq "$(body $n | jq -c .images)" "[\"$url\"]" "images for a stem"
n=$((n + 1))
# renamed by a person it is still the same picture
mv "$fox" "$M/FLUX/hero.png"
printf 'the hero walks\nimage: /FLUX/hero.png\n' >"$M/WAN_2_5.video/walk.txt"
wait_state "$M/WAN_2_5.video/walk" SUCCESS
assert_eq "$(body $n | jq -r .image)" "$url" "image for a renamed result"
assert_eq "$(uploads)" 0 uploads
n=$((n + 1))

# a file of ours: 5 MiB of picture, used a hundred times, also under another name
cp "$M/FLUX/hero.png" "$TEST_TMP/own.png"
truncate -s 5M "$TEST_TMP/own.png"
cp "$TEST_TMP/own.png" "$M/FLUX/own.png"
mkdir "$M/WAN_2_5/crowd"
for i in $(seq 100); do
    printf 'picture %d\nimage: /FLUX/own.png\n' "$i" >"$M/WAN_2_5/crowd/p$i.txt"
done
cp "$TEST_TMP/own.png" "$M/WAN_2_5/other name.png"
printf 'other\nimage: other name.png\n' >"$M/WAN_2_5/other.txt"
# by its name without the suffix, and with a blank as browsers write it
printf 'own\nimage: /FLUX/own\n' >"$M/WAN_2_5/stem.txt"
printf 'own\ntake: 2\nimage: other%%20name.png\n' >"$M/WAN_2_5/blank.txt"
wait_state "$M/WAN_2_5/stem" SUCCESS 60
wait_state "$M/WAN_2_5/blank" SUCCESS 60
for i in $(seq 100); do
    wait_state "$M/WAN_2_5/crowd/p$i" SUCCESS 60
done
wait_state "$M/WAN_2_5/other" SUCCESS
assert_eq "$(uploads)" 1 "uploads of the same content"
assert_eq "$(jq -s 'map(select(.path == "/v1/generation/upload-file")) | .[0].bytes' "$REQUESTS")" $((5 << 20)) bytes
uploaded=$(jq -sr 'map(select(.path == "/v1/generation/upload-file")) | .[0].url' "$REQUESTS")
assert_eq "$(jq -s --arg url "$uploaded" 'map(select(.body.images == [$url])) | length' "$REQUESTS")" 103 "requests with it"

# the next mount knows it too; a changed file is another content
umount_fs
mount_fs
printf 'again\nimage: /FLUX/own.png\n' >"$M/WAN_2_5/again.txt"
wait_state "$M/WAN_2_5/again" SUCCESS
assert_eq "$(uploads)" 1 "uploads after a remount"
printf x >>"$M/FLUX/own.png"
printf 'changed\nimage: /FLUX/own.png\n' >"$M/WAN_2_5/changed.txt"
wait_state "$M/WAN_2_5/changed" SUCCESS
assert_eq "$(uploads)" 2 "uploads of changed content"
umount_fs
