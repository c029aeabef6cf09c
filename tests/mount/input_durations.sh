#!/bin/bash
# SPDX-License-Identifier: MIT
# Reference videos and sounds that play for too short or too long, each or together, end INVALID with a sentence that
# names the file, and no request is sent, not even an upload; what cannot be told is sent with a warning.
# wires: live seed
# timeout: 200
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs
cd "$M/WERYDANCE_2_0"
film() { # SECONDS FILE [ARGUMENT...]
    ffmpeg -v error -f lavfi -i testsrc=size=64x64:rate=10 -t "$1" -c:v mpeg4 "${@:3}" "$TEST_TMP/film.${2##*.}"
    mv "$TEST_TMP/film.${2##*.}" "$2"
}
sound() { # SECONDS FILE [ARGUMENT...]
    ffmpeg -v error -f lavfi -i sine -t "$1" "${@:3}" "$TEST_TMP/sound.${2##*.}"
    mv "$TEST_TMP/sound.${2##*.}" "$2"
}
# wrong NAME SENTENCE LINE...
wrong() {
    local name=$1 sentence=$2
    shift 2
    printf '%s\n' "a harbour" "$@" >"$name.txt"
    wait_state "$name" INVALID
    assert_contains "$(status_of "$name")" "error: $sentence" "status of $name"
}
# good NAME LINE...: sent, and without a warning
good() {
    local name=$1
    shift
    printf '%s\n' "a harbour" "$@" >"$name.txt"
    wait_state "$name" SUCCESS 30
    assert_lacks "$(status_of "$name")" "warning:" "status of $name"
}
video='the service takes videos of 2 to 15 s'
audio='the service takes sounds of 2 to 15 s'

assert_contains "$(cat .model)" "videos:         up to 3, each playing for 2 to 15 s, together for 15 s"
assert_contains "$(cat .model)" "A file as a video: mp4 and mov of up to 50 MB."
assert_contains "$(cat ../VIDEO_EXTEND/.model)" "A file as a video: mp4 and mov of up to 50 MB."

film 1 short.mp4
film 15.2 long.mov
film 8 eight.mp4 -movflags +faststart
film 7 seven.mov # its moov box is the last one
sound 1.5 short.wav
sound 20 long.mp3 -c:a libmp3lame -b:a 32k
sound 6 six.wav
sound 10 ten.mp3 -c:a libmp3lame -b:a 32k
echo "I am a text" >text.mp4
ffmpeg -v error -f lavfi -i color=red:size=300x300 -frames:v 1 -f image2pipe -c:v png - >picture.png
ffmpeg -v error -f lavfi -i sine -t 3 -f ipod -c:a aac "$TEST_TMP/sound.m4a" && mv "$TEST_TMP/sound.m4a" renamed.mp4
wrong short "line 2: 'short.mp4' plays for 1.0 s; $video" "video: short.mp4"
wrong long "line 2: 'long.mov' plays for 15.2 s; $video" "video: long.mov"
wrong together "line 3: 'eight.mp4' plays for 8.0 s, which makes 16.0 s with the videos above it; the service takes 15 s of them together" \
    "video: eight.mp4" "video: eight.mp4"
wrong shortsound "line 3: 'short.wav' plays for 1.5 s; $audio" "image: picture.png" "audio ref: short.wav"
wrong longsound "line 3: 'long.mp3' plays for 20.0 s; $audio" "image: picture.png" "audio ref: long.mp3"
wrong sounds "line 4: 'ten.mp3' plays for 10.0 s, which makes 16.0 s with the sounds above it; the service takes 15 s of them together" \
    "image: picture.png" "audio ref: six.wav" "audio ref: ten.mp3"
wrong text "line 2: 'text.mp4' is no video that the service takes but something else, whatever its name says; it takes mp4 and mov" "video: text.mp4"
wrong renamed "line 2: 'renamed.mp4' is no video that the service takes but a sound (m4a)" "video: renamed.mp4"
# one that is right is not uploaded for one that is wrong
wrong last "line 4: 'short.wav' plays for 1.5 s" "video: eight.mp4" "image: picture.png" "audio ref: short.wav"
wrong four "line 5: 4 videos: WERYDANCE_2_0 takes at most 3 here" "video: seven.mov" "video: seven.mov" "video: seven.mov" "video: seven.mov"
wrong lonely "line 2: audio ref: never alone" "audio ref: six.wav"
wrong dry "line 2: 'short.mp4' plays for 1.0 s" "video: short.mp4" "dry run: yes"
wrong missing "line 3: 'nowhere.mp4' is not there" "video: eight.mp4" "video: nowhere.mp4"
assert_eq "$(requests POST .)" 0 "POST requests for wrong inputs"

# right ones; 15 s of video beside 10 s of sound; what a tool takes has no such limit
good alone "video: seven.mov"
good both "video: eight.mp4" "video: seven.mov" "audio ref: ten.mp3"
good wave "image: picture.png" "audio ref: six.wav"
assert_eq "$(requests POST almighty-reference)" 3 submissions
good ../VIDEO_EXTEND/short "video: ../WERYDANCE_2_0/short.mp4"

# a wrong file that is replaced by a right one: the prompt goes on by itself
film 3 three.mp4
mv three.mp4 short.mp4
wait_state short SUCCESS 30

# an address is not looked at
good address "video: https://example.org/an-hour.mp4" "audio ref: http://example.org/a.mp3"

# a file that does not say how long it plays: sent with a warning, and the service decides
film 3 fragments.mp4 -movflags frag_keyframe+empty_moov
printf '\0\0\0\x18ftypisom%02000d' 0 >noise.mp4
for name in fragments noise; do
    printf '%s\n' "a harbour" "video: $name.mp4" "ratio: 1:1" >$name.txt
    wait_state $name "SUCCESS FAILED" 30
    assert_contains "$(status_of $name)" "warning: line 2: how long '$name.mp4' plays cannot be read from it, so it is sent unchecked; $video, 15 s together"
done
assert_eq "$(state_of fragments) $(state_of noise)" "SUCCESS FAILED"

# results of other prompts, which are passed on by their address: by the bytes that are here, or by what was ordered
printf 'ten\nduration: 10\n' >made-ten.txt
printf 'five [[moov-last=1]]\nduration: 5\n' >made-five.txt
good chain "video: made-ten.mp4" "video: made-five.mp4"
assert_lacks "$(jq -sc 'map(select(.path | endswith("reference-to-video")))[-1].body.videos' "$REQUESTS")" upload
before=$(posts)
wrong chained "line 4: 'made-five.mp4' plays for 5.0 s, which makes 20.0 s with the videos above it" "video: made-ten" "video: made-five" "video: made-five.mp4"
assert_eq "$(($(posts) - before))" 0 submissions
before=$(requests POST upload-file)
wrong mixed "line 3: 'eight.mp4' plays for 8.0 s, which makes 18.0 s" "video: made-ten" "video: eight.mp4"
assert_eq "$(($(requests POST upload-file) - before))" 0 uploads

# and after a remount
cd /
umount_fs
mount_fs
assert_eq "$(state_of "$M/WERYDANCE_2_0/mixed")" INVALID
assert_contains "$(status_of "$M/WERYDANCE_2_0/mixed")" "which makes 18.0 s"
umount_fs
