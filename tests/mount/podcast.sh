#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# timeout: 180
# A podcast is two requests, one for its script and one for its sound, each sent once whatever comes between: refusals, a lost
# answer, a kill.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.3
mount_fs
cd "$M/PODCAST"
texts() { requests POST '/podcast/generate/text$'; }
sounds() { requests POST '/podcast/generate/[^/]+/audio$'; }
talk() { # NAME LINE...
    printf 'speaker: leo-1\nspeaker: mia-2\nlanguage: en\n' >"$TEST_TMP/talk"
    printf '%s\n' "${@:2}" >>"$TEST_TMP/talk"
    cp "$TEST_TMP/talk" "$1.txt"
}

talk foxes "about foxes"
assert_eq "$(timeout 60 cat foxes.wait | tr '\n' ' ')" "foxes.wav foxes.text " results
assert_eq "$(jq -sSc 'map(select(.path | endswith("generate/text")))[0].body' "$REQUESTS")" \
    '{"language":"en","mode":"quick","query":"about foxes","speakers":["leo-1","mia-2"]}' request
assert_eq "$(jq -sSc 'map(select(.path | endswith("/audio")))[0].body' "$REQUESTS")" '{}' "second request"
assert_eq "$(texts) $(sounds)" "1 1" "requests"
assert_eq "$(cat foxes.text)" "Leo: Good morning.
Mia: about foxes" script
assert_eq "$(type_of foxes.wav)" audio/x-wav sound

# what is wrong costs nothing
printf 'speaker: leo-1\nlanguage: en\nmode: debate\nabout owls\n' >owls.txt
wait_state owls INVALID
assert_contains "$(status_of owls)" "PODCAST needs 2 lines 'speaker: text'"
printf 'language: en\nabout owls\n' >owls.txt
await 20 grep -q "PODCAST needs a line 'speaker: text'" owls.status || fail "$(status_of owls)"
printf 'speaker: a\nspeaker: b\nspeaker: c\nlanguage: en\nabout owls\n' >owls.txt
await 20 grep -q "PODCAST takes at most 2 lines 'speaker:'" owls.status || fail "$(status_of owls)"

# refused for the moment, or not taken at all: asked for again by itself
control fault=answer-sound=1007:1:1
talk later "about rain"
await 20 grep -q "its sound is asked for again by itself" later.status || fail "$(status_of later)"
assert_eq "$(timeout 60 cat later.wait | tr '\n' ' ')" "later.wav later.text " results
assert_eq "$(texts) $(sounds)" "2 3" "requests after a refusal"
# taken, but the answer was lost: not sent again
control clear fault=answer-sound=drop:1:1
talk lost "about snow"
assert_eq "$(timeout 60 cat lost.wait | tr '\n' ' ')" "lost.wav lost.text " results
assert_eq "$(texts) $(sounds)" "3 4" "requests after a lost answer"
# refused for good: the script is there, and the status says why there is no more
control clear fault=answer-sound=2003:1:1
talk half "about hail"
assert_eq "$(timeout 60 cat half.wait)" half.text results
assert_contains "$(status_of half)" "warning: the script was made, but its sound was refused: "
control clear
talk mute "about fog [[sound-fail]]"
assert_eq "$(timeout 60 cat mute.wait)" mute.text results
assert_contains "$(status_of mute)" "warning: the script was made, but not its sound: generation failed"
talk never "about mist [[task-fail]]"
wait_state never FAILED
assert_eq "$(texts) $(sounds)" "6 6" "requests"

# killed between the two, and within the second
cd /
control fault=answer-sound=slow:1:1
(cd "$M/PODCAST" && talk killed "about ice")
await 20 bash -c "grep -c 'generate/[^/]*/audio' '$REQUESTS' | grep -qx 7" || fail "not asked: $(status_of "$M/PODCAST/killed")"
kill_fs
mount_fs
assert_eq "$(timeout 60 cat "$M/PODCAST/killed.wait" | tr '\n' ' ')" "killed.wav killed.text " "results after a kill"
assert_eq "$(texts) $(sounds)" "7 7" "requests after a kill"
umount_fs
weryaifs --check >"$TEST_TMP/check" || fail "the account: $(cat "$TEST_TMP/check")"
