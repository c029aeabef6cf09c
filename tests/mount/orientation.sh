#!/bin/bash
# SPDX-License-Identifier: MIT
# What tells a person where they are: README.txt and MODELS.txt at the root, icons, a template, and a word about files that look
# like prompts and are none.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
cd "$M"

# a page at the root, and a line for each directory in one of its three parts
assert_eq "$(ls | grep -E '^(README|MODELS)\.txt$' | xargs)" "MODELS.txt README.txt" "what is listed"
[ "$(wc -l <README.txt)" -le 25 ] || fail "more than a screen"
[ "$(wc -L <README.txt)" -le 90 ] || fail "wider than a screen"
[ "$(wc -c <MODELS.txt)" = "$(stat -c %s MODELS.txt)" ] || fail "its size is not true"
awk '/^[A-Z]/ { part = $1 } /^    / { print part, $1 }' MODELS.txt >"$TEST_TMP/said"
assert_eq "$(cut -d' ' -f2 "$TEST_TMP/said" | LC_ALL=C sort)" "$(models)" "the directories"
assert_eq "$(grep -E ' (FLUX|WAN_2_6|WAN_2_6.video|VEO_3_1|IMAGE_UPSCALE|MUSIC)$' "$TEST_TMP/said" | sort | xargs)" \
    "PICTURES FLUX PICTURES WAN_2_6 TOOLS IMAGE_UPSCALE TOOLS MUSIC VIDEOS VEO_3_1 VIDEOS WAN_2_6.video" "the parts"
assert_contains "$(grep '^    VEO_3_1 ' MODELS.txt)" "text, pictures, first and last frame; 8 s" "a line"
assert_contains "$(grep '^    IMAGE_REFRAME ' MODELS.txt)" "A picture in another aspect ratio: image, ratio" "a tool's line"
for change in 'echo x >README.txt' 'rm MODELS.txt' 'mv README.txt x' 'touch FLUX && mv FLUX MODELS.txt' 'mkdir README.txt'; do
    bash -c "$change" 2>/dev/null && fail "$change"
done

# icons by kind, found and not listed; one of the user's own takes its place
assert_eq "$(grep -h ^Icon= {FLUX,VEO_3_1,IMAGE_UPSCALE}/.directory | xargs)" \
    "Icon=folder-pictures Icon=folder-videos Icon=folder-templates" "icons"
assert_eq "$(stat -c %s FLUX/.directory)" "$(wc -c <FLUX/.directory)" "size"
assert_lacks "$(ls -A FLUX)" .directory "the listing"
printf '[Desktop Entry]\nIcon=fox\n' >FLUX/.mine
mv FLUX/.mine FLUX/.directory
assert_eq "$(grep -h ^Icon= FLUX/.directory)" Icon=fox "the user's own"
rm FLUX/.directory
assert_eq "$(grep -h ^Icon= FLUX/.directory)" Icon=folder-pictures "after it"

# no prompts, and a word about it
assert_lacks "$(cat .weryaifs/README)" "NO PROMPTS" "the page"
mkdir FLUX/set
for name in x.md X.TXT 'New Empty File' untitled fox.docx; do
    echo "a fox" >"FLUX/set/$name"
    assert_contains "$(cat .weryaifs/log)" "'FLUX/set/$name' is no prompt" "the log"
    assert_contains "$(sed -n '/^NO PROMPTS/,$p' .weryaifs/README)" "    FLUX/set/$name" "the page"
done
assert_eq "$(sed -n '/^NO PROMPTS/,$p' .weryaifs/README | wc -l)" 6 "lines of it"
touch FLUX/set/{4913,.x.md,photo.jpg,Makefile,x.md~,sedAbCdEf}
touch FLUX/fox.png.part
assert_eq "$(grep -c "is no prompt" .weryaifs/log)" 5 "lines in the log"
mv FLUX/set/x.md FLUX/set/y.markdown
assert_eq "$(grep -c "is no prompt" .weryaifs/log)" 6 "lines in the log after a rename"
[ "$(stat -c %s .weryaifs/README)" = "$(wc -c <.weryaifs/README)" ] || fail "the page's size is not true"

# the template is taken for nothing until somebody has written into it
HOME=$TEST_TMP XDG_DATA_HOME=$TEST_TMP/share "$TEST_ROOT/examples/desktop.sh" "$M"
template="$TEST_TMP/Templates/Prompt for weryaifs.txt"
cp "$template" FLUX/new.txt
wait_state FLUX/new.txt DRAFT
sed -i 's/^# ratio: 16:9/ratio: 1:1/' FLUX/new.txt
echo "a heron" >>FLUX/new.txt
wait_state FLUX/new.txt SUCCESS
assert_eq "$(posts)" 1 posts
assert_eq "$(jq -sc 'map(select(.method == "POST"))[0].body' "$REQUESTS")" '{"model":"FLUX","prompt":"a heron","aspect_ratio":"1:1"}' "the request"
HOME=$TEST_TMP XDG_DATA_HOME=$TEST_TMP/share "$TEST_ROOT/examples/desktop.sh" --remove "$M"
[ ! -e "$template" ] || fail "the template stays"
cd /
umount_fs

mount_fs -o no_readme
assert_eq "$(ls "$M" | grep -cE 'README|MODELS')" 0 "with no_readme"
[ ! -e "$M/README.txt" ] || fail "found with no_readme"
umount_fs
