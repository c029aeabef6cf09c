#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 200
# A chain of four, written from its end to its start, killed and mounted again between any two steps: one POST for each
# prompt, and a video that plays.
# wires: live seed
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
# the gap keeps the next step from being under way at the moment of a kill, where it would have to be UNKNOWN
options=submit_gap=4
mount_fs -o $options

kill_and_mount() {
    kill_fs
    mount_fs -o $options
}

write() { # FILE LINE...
    local file=$M/$1
    shift
    printf '%s\n' "$@" >"$file"
    # until its last close has arrived, a text counts as half written and waits for a person
    wait_state "$file" "WAITING INVALID"
    kill_and_mount
}

write VEO_3_1/clip.txt "the camera flies around it" "image: ../IMAGE_UPSCALE/big.png"
write IMAGE_UPSCALE/big.txt "image: /WAN_2_5/better"
mkdir "$M/FLUX/drafts"
write WAN_2_5/better.txt "the same at dawn" "image: ../FLUX/drafts/tower.png"
assert_eq "$(posts)" 0 "posts before the first one was written"
echo "a tower on a cliff" >"$M/FLUX/drafts/tower.txt"
for prompt in FLUX/drafts/tower WAN_2_5/better IMAGE_UPSCALE/big VEO_3_1/clip; do
    wait_state "$M/$prompt" SUCCESS 60
    kill_and_mount
    assert_eq "$(state_of "$M/$prompt")" SUCCESS "$prompt after a kill"
done

video=$(result_of "$M/VEO_3_1/clip.txt")
assert_eq "$(type_of "$video")" video/mp4
ffprobe -v error -show_entries stream=codec_type -of csv=p=0 "$video" | grep -q video || fail "it does not play"
assert_eq "$(posts)" 4 posts
assert_eq "$(jq -rs '[.[] | select(.method == "POST") | .path | ltrimstr("/v1/generation/")] | join(" ")' "$REQUESTS")" \
    "text-to-image image-to-image image-upscale image-to-video" "the order of the requests"
umount_fs
