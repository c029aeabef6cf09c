#!/bin/bash
# SPDX-License-Identifier: MIT
# examples/storyboard: one `make` from prompts to a film; again, and nothing is sent; a changed scene alone is made anew.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs
cp -r "$TEST_ROOT/examples/storyboard" "$TEST_TMP/board"
cd "$TEST_TMP/board"
seconds() {
    ffprobe -v error -show_entries format=duration -of csv=p=0 build/film.mp4 | cut -d. -f1
}
make MOUNT="$M" >make.log 2>&1 || fail "$(cat make.log)"
assert_eq "$(seconds)" 24 "length of the film"
assert_eq "$(posts)" 7 posts
assert_eq "$(jq -r 'select(.path == "/v1/generation/video-merge") | .body.video_urls | length' "$REQUESTS")" 3 "clips in the film"
make MOUNT="$M" >make.log 2>&1 || fail "$(cat make.log)"
assert_eq "$(posts)" 7 "posts after a second make"
echo 'the boat turns round, and its lamp goes out' >scenes/2-boat.clip
make MOUNT="$M" >make.log 2>&1 || fail "$(cat make.log)"
assert_eq "$(posts)" 9 "posts after a scene was changed: its clip, and the film"
assert_eq "$(seconds)" 24 "length of the film"
echo 'an empty harbour at noon' >scenes/1-harbour.still
make MOUNT="$M" >make.log 2>&1 || fail "$(cat make.log)"
assert_eq "$(posts)" 12 "posts after a still was changed: it, its clip, and the film"
# a scene that cannot be made stops it, and says why
printf 'a storm [[task-fail]]\n' >scenes/4-storm.still
cp scenes/3-sea.clip scenes/4-storm.clip
make MOUNT="$M" >make.log 2>&1 && fail "make does not see the failure"
assert_contains "$(cat make.log)" "the service could not make it"
cd /
umount_fs
