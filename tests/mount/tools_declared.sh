#!/bin/bash
# SPDX-License-Identifier: MIT
# A tool, and a model, that weryaifs has never heard of are a few lines of configuration and no code.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
cat >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf" <<'CONF'
[model BIGGER]
endpoint = image-upscale
fields = img_url:image!
makes = image

[model SAY_WHAT_IT_IS]
endpoint = image-to-prompt
fields = img_url:image! image_size:kilobytes! language:en|de|ja
makes = text
answer = prompt

[model MOOD]
endpoint = image-bg-change
fields = img_url:image! prompt:prompt bg_color:colour
one_of = prompt, bg_color
CONF
mount_fs
cd "$M"
echo "a fox" >FLUX/fox.txt
echo "image: ../FLUX/fox" >BIGGER/fox.txt
printf 'image: ../BIGGER/fox\nlanguage: DE\n' >SAY_WHAT_IT_IS/fox.txt
printf 'image: ../FLUX/fox\nnear the sea\n' >MOOD/fox.txt
assert_eq "$(type_of "$(result_of "$M/BIGGER/fox.txt")")" image/png
assert_eq "$(cat "$(result_of "$M/SAY_WHAT_IT_IS/fox.txt")")" "a picture that somebody made"
assert_eq "$(type_of "$(result_of "$M/MOOD/fox.txt")")" image/png
assert_eq "$(jq -sc 'map(select(.path | endswith("image-to-prompt")))[0].body | del(.img_url)' "$REQUESTS" | jq -r '.language + " " + (.image_size | type)')" "de number"
jq -e '.[] | select(.key == "BIGGER") | .endpoint == "image-upscale"' .weryaifs/models.json >/dev/null || fail "models.json lacks it"
# the text survives a remount, and has the mode of every result
cd /
umount_fs
mount_fs
assert_eq "$(cat "$M/SAY_WHAT_IT_IS/fox.text")" "a picture that somebody made"
[ "$(stat -c %a "$M/SAY_WHAT_IT_IS/fox.text")" = 644 ] || fail "mode"
umount_fs

# and what is wrong with a section is said at the start
for line in "endpoint = ../balance" "endpoint = /x" "fields = img_url" "fields = img_url:picture!" "makes = cake"; do
    case $line in endpoint*) first= ;; *) first="endpoint = image-upscale" ;; esac
    printf '[model BIGGER]\n%s\n%s\n' "$first" "$line" >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"
    error=$(weryaifs "$M" 2>&1) && fail "'$line' is taken"
    assert_contains "$error" "weryaifs.conf:3: [model BIGGER] ${line%% *} '" "what is said about '$line'"
done
printf '[model BIGGER]\nendpoint = image-upscale\n' >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"
error=$(weryaifs "$M" 2>&1) && fail "a tool without fields is taken"
assert_contains "$error" "[model BIGGER]: a tool needs both: endpoint and fields"

# one that has left while its request waits is not sent: nobody could read the answer, which is paid for
conf=$XDG_CONFIG_HOME/weryaifs/weryaifs.conf
printf '[model SAY]\nendpoint = image-to-prompt\nfields = img_url:image! image_size:kilobytes! language:en|de|ja\nmakes = text\nanswer = prompt\n' >"$conf"
FAST=${FAST/submit_gap=0/submit_gap=3600} mount_fs
make_result "$M/FLUX/first.txt" "a fox that goes first" >/dev/null
printf "image: ../FLUX/fox\nlanguage: de\n" >"$M/SAY/fox.txt"
wait_state "$M/SAY/fox" QUEUED
posts=$(posts)
umount_fs
mv "$conf" "$TEST_TMP/section"
mount_fs
wait_state "$M/SAY/fox" HELD
assert_contains "$(cat "$M/SAY/fox.status")" "its tool is not in weryaifs.conf any more" "what is said of it"
assert_eq "$(posts)" "$posts" "posts without the tool"
umount_fs
mv "$TEST_TMP/section" "$conf"
mount_fs
echo submit >"$M/SAY/fox.status"
assert_eq "$(cat "$(result_of "$M/SAY/fox.txt")")" "a picture that somebody made"
assert_eq "$(posts)" $((posts + 1)) "posts when it is back"
umount_fs
