#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Each of examples/pipelines does what its head says, pays for each wish once, and for nothing when it is run again.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs
pipelines=$TEST_ROOT/examples/pipelines
export MOUNT=$M MODEL=FLUX
cd "$TEST_TMP"
count() { ls "$1" | wc -l; }

# the loop on events runs beside all that follows
"$pipelines/watch.sh" small 2>watch.log &
watching=$!
reads_events() { [ -n "$(pgrep -P "$watching" jq)" ]; }
await 20 reads_events || fail "it does not listen: $(cat watch.log)"
listens() { readlink "/proc/$(pgrep -P "$watching" jq)/fd/"* | grep -q events; }
await 20 listens || fail "it does not listen: $(cat watch.log)"

# a table: its rows; a changed row alone; a wrong row is an error, and the others are made
printf 'name,ratio,prompt\nfox,16:9,"a fox, in the snow"\nowl,,an owl\n' >sets.csv
"$pipelines/table.sh" sets.csv pictures || fail "table.sh fails"
assert_eq "$(posts) $(ls pictures | tr '\n' ' ')" "2 fox.png owl.png " "posts and files of a table"
printf 'name,ratio,prompt\nfox,16:9,"a fox, in the snow"\nowl,,a white owl\nelk,17:3,an elk\n' >sets.csv
! "$pipelines/table.sh" sets.csv pictures 2>table.log || fail "table.sh sees no wrong row"
assert_contains "$(cat table.log)" "line 4, elk: line 1: ratio '17:3'"
assert_eq "$(posts)" 3 "posts after a changed row"
cmp pictures/owl.png "$M/FLUX/sets/sets/owl.png"

# the loop has made a small one of each, while it was made
small_ones() { [ "$(count small)" = "$1" ]; }
await 30 small_ones 2 || fail "small ones: $(ls small) $(cat watch.log)"
assert_eq "$(identify -format '%m' small/FLUX_sets_sets_fox.jpg)" JPEG

# a contact sheet and its PDF
cp -r "$pipelines/contact-sheet" sheet
make -C sheet >make.log 2>&1 || fail "$(cat make.log)"
assert_eq "$(posts)" 6 "posts of a contact sheet"
python3 - sheet/sheet.pdf sheet/sheet.jpg <<'END_OF_CHECK'
import re, sys
pdf, jpeg = open(sys.argv[1], 'rb').read(), open(sys.argv[2], 'rb').read()
assert pdf.startswith(b'%PDF') and jpeg in pdf
at = int(re.search(rb'startxref\n(\d+)\n%%EOF\n$', pdf)[1])
for number, place in enumerate(re.findall(rb'(\d{10}) 00000 n \n', pdf[at:]), 1):
    assert pdf[int(place):].startswith(b'%d 0 obj' % number), number
END_OF_CHECK
echo "a gull, from below" >sheet/prompts/gull.txt
make -C sheet >make.log 2>&1 || fail "$(cat make.log)"
assert_eq "$(posts)" 7 "posts after one prompt was changed"

# models by ratios
MODELS="FLUX QWEN" RATIOS="1:1 16:9" "$pipelines/sweep.sh" tower "a tower" >costs.csv
assert_eq "$(tr '\n' ' ' <costs.csv)" \
    "model,ratio,state,credits FLUX,1:1,SUCCESS,1 FLUX,16:9,SUCCESS,1 QWEN,1:1,SUCCESS,1 QWEN,16:9,SUCCESS,1 " "a sweep"
assert_eq "$(posts)" 11 "posts of a sweep"

# only what has failed is tried again, and no more often than it says
mkdir "$M/FLUX/set"
echo "a good one" >"$M/FLUX/set/good.txt"
cat "$M/FLUX/set/good.wait" >good.names
control fault=task-fail:1:1
echo "an unlucky one" >"$M/FLUX/set/unlucky.txt"
wait_state "$M/FLUX/set/unlucky" FAILED
echo "a doomed one [[task-fail]]" >"$M/FLUX/set/never.txt"
! "$pipelines/retry.sh" "$M/FLUX/set" 2 >retry.log || fail "all is well? $(cat retry.log)"
assert_eq "$(cut -f 1-2 retry.log | sort | tr '\t\n' '  ')" "FAILED never.txt SUCCESS good.txt SUCCESS unlucky.txt " "after retries"
assert_eq "$(posts)" 17 "posts: one, two, and three"
rm "$M/FLUX/set/never.txt"
"$pipelines/retry.sh" "$M/FLUX/set" >/dev/null || fail "retry.sh fails where nothing has"

# rsync in and out
mkdir -p texts/deep
echo "a boat" >texts/boat.txt
echo "a ship" >texts/deep/ship.txt
"$pipelines/rsync.sh" texts out >/dev/null
assert_eq "$(find out -type f | sort | tr '\n' ' ')" "out/boat.png out/deep/ship.png " "what came out"
"$pipelines/rsync.sh" texts out >/dev/null
assert_eq "$(posts)" 19 "posts of rsync, twice"

# a push makes what is new in it
export GIT_CONFIG_GLOBAL=$TEST_TMP/gitconfig
git config --global user.name "A test" && git config --global user.email test@localhost
git init -q --bare posters.git
cp "$pipelines/post-receive" posters.git/hooks/
git -C posters.git config weryai.directory "$M/FLUX/posters"
git init -q -b main work
echo "a red poster" >work/red.txt
echo "a blue poster" >work/blue.txt
push() { git -C work add -A && git -C work commit -q -m "$1" && git -C work push -q ../posters.git main 2>push.log; }
push "two"
assert_contains "$(cat push.log)" "red.png"
assert_eq "$(posts)" 21 "posts of a push"
git -C work mv red.txt crimson.txt
echo "a green poster" >work/blue.txt
push "one renamed, one changed"
assert_eq "$(posts)" 22 "posts of a push of one change"
assert_eq "$(cd "$M/FLUX/posters" && echo *.txt)" "blue.txt crimson.txt" "files of the repository"
crimson=$(cat "$M/FLUX/posters/crimson.wait") # a published result keeps its name

# the gallery, by HTTP
"$pipelines/gallery.sh" 0 >serve.log 2>&1 &
serving=$!
await 20 grep -q 'port [0-9]' serve.log || fail "$(cat serve.log)"
at=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' serve.log)
curl -sSf -o page "$at/.weryaifs/gallery.html"
assert_contains "$(cat page)" "../FLUX/posters/$crimson"
curl -sSf -o crimson "$at/FLUX/posters/$crimson"
cmp crimson "$M/FLUX/posters/$crimson"
curl -sSf "$at/FLUX/posters/.gallery.html" | grep -qF "$crimson"
kill "$serving" && wait "$serving" || true
[ "$(posts)" = 22 ] && kill -0 "$watching" || fail "the loop has ended: $(cat watch.log)"
kill $(pgrep -P "$watching") && wait "$watching" || true
# what the guard counts as spent is what the service says
cat "$M/.weryaifs/balance" >/dev/null
spent=$(curl -sSf "$URL/_stats" | jq '100000 - .credits')
agree() { [ "$(awk -F, 'NR > 1 { sum += $8 + $9 } END { print sum + 0 }' "$M/.weryaifs/spend.csv")" = "$spent" ]; }
await 20 agree || fail "the service has taken $spent credits: $(cat "$M/.weryaifs/spend.csv")"
umount_fs

# nights with a budget: what it does not reach is made in the next
mkdir bin list
printf '#!/bin/sh\nexec "%s" -o "%s" "$@"\n' "$WERYAIFS" "$FAST" >bin/weryaifs
chmod +x bin/weryaifs
night() { # BUDGET
    PATH=$TEST_TMP/bin:$PATH WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
        "$pipelines/nightly.sh" list "$1" >night.log || fail "$(cat night.log)"
    is_over() { [ -z "$(find_daemon)" ]; }
    await 30 is_over || fail "its daemon goes on"
}
for i in 1 2 3 4; do
    echo "night $i" >"list/$i.txt"
done
night $((spent + 2))
assert_eq "$(posts)" 24 "posts of a night"
grep -qE '^ *2 HELD' night.log && grep -qE '^ *2 SUCCESS' night.log || fail "$(cat night.log)"
night $((spent + 20))
assert_eq "$(posts)" 26 "posts of both nights"
grep -qE '^ *4 SUCCESS' night.log || fail "$(cat night.log)"
