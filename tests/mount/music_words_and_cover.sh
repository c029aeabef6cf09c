#!/bin/bash
# SPDX-License-Identifier: MIT
# A song comes with its words and its cover beside it, each fetched when read; neither is waited for when it fails.
# wires: live seed
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2 --cdn-expire 100
mount_fs
cd "$M/MUSIC"
names() { ls -I '*.txt' -I '*.status' | tr '\n' ' '; }

printf 'type: vocal_song\na sea shanty\nlyrics: Haul away\nlyrics:\nlyrics: Joe\n' >song.txt
assert_eq "$(timeout 60 cat song.wait | tr '\n' ' ')" "song.wav song.text song.png " results
assert_eq "$(jq -sc 'map(select(.path | endswith("music/generate")))[0].body' "$REQUESTS")" \
    '{"type":"VOCAL_SONG","description":"a sea shanty","lyrics":"Haul away\n\nJoe"}' request
assert_eq "$(type_of song.wav)" audio/x-wav song.wav
assert_eq "$(cat song.text)" "Haul away

Joe" song.text
assert_eq "$(type_of song.png)" image/png song.png
assert_eq "$(stat -c %a song.png song.text | tr '\n' ' ')" "644 644 " modes
assert_eq "$(status_of song | sed -n 's/^results: //p')" "song.wav, song.text, song.png" "results of the status"
reference_of song.png "$TEST_TMP/cover.png"
cmp song.png "$TEST_TMP/cover.png" || fail "the cover has other bytes than the server's"
assert_contains "$(getfattr --absolute-names -d song.png)" 'user.weryai.prompt="type: vocal_song' "attributes of the cover"
# music without a voice has neither; the service writes the words of a song that has none
printf 'type: only_music\na march\n' >march.txt
assert_eq "$(timeout 60 cat march.wait)" march.wav results
printf 'type: vocal_song\nabout rain\n' >rain.txt
wait_state rain SUCCESS
assert_eq "$(cat rain.text)" "[Verse]
about rain" rain.text
# a cover is a reference like any picture, and a second run keeps the first one's files
echo "image: /MUSIC/song.png" >../IMAGE_UPSCALE/cover.txt
wait_state ../IMAGE_UPSCALE/cover SUCCESS
assert_eq "$(requests POST '/upload-file$')" 0 uploads
echo submit >rain.status
await 20 test -e rain.~1~.wav || fail "no second run: $(status_of rain)"
assert_eq "$(names)" "march.wav rain.png rain.text rain.wav rain.~1~.png rain.~1~.text rain.~1~.wav song.png song.text song.wav " names

# without its cover a song is still a song
printf 'type: vocal_song\nno cover [[cover-404]]\n' >bare.txt
assert_eq "$(timeout 60 cat bare.wait | tr '\n' ' ')" "bare.wav bare.text " results
assert_contains "$(status_of bare)" "warning: its cover could not be fetched: the server answered HTTP 404; its address: http://" status
# killed between the sound and the cover: the next mount has all three
control cdn-latency=1
printf 'type: vocal_song\na slow one\n' >slow.txt
sounds() { requests GET '^/cdn/.*/0[.]wav$'; }
before=$(sounds)
more_sounds() { [ "$(sounds)" -gt "$before" ]; }
await 20 more_sounds || fail "not fetched: $(status_of slow)"
cd /
kill_fs
control cdn-latency=0
mount_fs
cd "$M/MUSIC"
assert_eq "$(timeout 60 cat slow.wait | tr '\n' ' ')" "slow.wav slow.text slow.png " "results after a kill"
# addresses that have expired are renewed, each for its own file
address=$(getfattr --absolute-names --only-values -n user.weryai.url song.png)
cd /
umount_fs
control cdn-expire=0.3
rm -rf "$XDG_CACHE_HOME"/weryaifs/default/*
expired() {
    [ "$(curl -s -o "$TEST_TMP/expired" -w '%{http_code}' "$address")" = 403 ]
}
await 10 expired || fail "$address does not expire"
mount_fs
assert_eq "$(type_of "$M/MUSIC/song.png")" image/png "the cover after its address has expired"
cmp "$M/MUSIC/song.png" "$TEST_TMP/cover.png" || fail "the cover has become another file"
assert_eq "$(type_of "$M/MUSIC/song.wav")" audio/x-wav song.wav
assert_eq "$(head -n 1 "$M/MUSIC/song.text")" "Haul away" song.text
assert_eq "$(cat "$M/MUSIC/bare.wait" | tr '\n' ' ')" "bare.wav bare.text " "results without a cover"
assert_eq "$(posts)" 7 posts
umount_fs
weryaifs --check >"$TEST_TMP/check" || fail "the account: $(cat "$TEST_TMP/check")"
