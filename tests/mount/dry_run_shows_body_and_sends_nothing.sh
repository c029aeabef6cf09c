#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# With dry_run a prompt is checked and its request is shown, and not one is sent.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o dry_run
prompt=$M/FLUX/fox.txt
printf 'a fox\nratio: 16:9\n' >"$prompt"
wait_state "$prompt" HELD
request=$(status_of "$prompt" | sed -n 's/^request: //p')
assert_eq "$(jq -r .prompt <<<"$request")" "a fox" "the prompt in: $request"
assert_eq "$(jq -r .aspect_ratio <<<"$request")" 16:9 "the ratio in: $request"
assert_contains "$(status_of "$prompt")" "echo submit" "what to do"
assert_eq "$(status_of "$prompt" | sed -n 's/^settings: //p')" "ratio 16:9 (prompt)" "settings"

# whatever an editor makes of it, the text is read as it was meant, and what is no part of it is told
printf '\xef\xbb\xbf# Heading\r\n\xc2\xa0ratio\xef\xbc\x9a16x9\r\na fox\r\nNegative prompt: (blur:2),\r\n  text\r\n' >"$M/FLUX/word.txt"
wait_state "$M/FLUX/word.txt" HELD
request=$(status_of "$M/FLUX/word.txt" | sed -n 's/^request: //p')
assert_eq "$(jq -c '[.prompt, .aspect_ratio, .negative_prompt]' <<<"$request")" '["a fox","16:9","(blur:2), text"]' "what was read"
assert_eq "$(status_of "$M/FLUX/word.txt" | sed -n 's/^left out: //p')" 'line 1 "# Heading"' "what is no part of it"
assert_eq "$(getfattr --absolute-names --only-values -n user.weryai.left_out "$M/FLUX/word.txt")" 'line 1 "# Heading"' "the attribute"
echo "a film" >"$M/VEO_3_1/film.txt"
wait_state "$M/VEO_3_1/film.txt" HELD
assert_eq "$(status_of "$M/VEO_3_1/film.txt" | sed -n 's/^settings: //p')" \
    "ratio 16:9 (catalogue), resolution 720p (catalogue), duration 8 (catalogue)" "settings of the catalogue"
# what a directory says for all prompts below it
mkdir -p "$M/FLUX/wall/left"
printf 'ratio: 3:2\nnumber: 2\n' >"$M/FLUX/wall/.defaults"
printf 'ratio: 2:3\n' >"$M/FLUX/wall/left/.defaults"
echo "a fox" >"$M/FLUX/wall/left/fox.txt"
wait_state "$M/FLUX/wall/left/fox.txt" HELD
assert_eq "$(status_of "$M/FLUX/wall/left/fox.txt" | sed -n 's/^settings: //p')" "ratio 2:3 (.defaults), number 2 (.defaults)" "defaults"
# what other tools would understand costs nothing here
for line in "seed: 42" "in snow --ar 16:9" "model: VEO_3_1" "<<<<<<< HEAD
>>>>>>> theirs"; do
    printf 'a fox\n%s\n' "$line" >"$M/FLUX/other.txt"
    await 20 bash -c "grep -q '^error: line 2: ' '$M/FLUX/other.status'" || fail "'$line': $(status_of "$M/FLUX/other.txt")"
    rm "$M/FLUX/other.txt"
done

printf 'a fox\nratio: 16:10000\n' >"$M/FLUX/bad.txt"
wait_state "$M/FLUX/bad.txt" INVALID
umount_fs
mount_fs -o dry_run
wait_state "$prompt" HELD
umount_fs
assert_eq "$(posts)" 0 posts
