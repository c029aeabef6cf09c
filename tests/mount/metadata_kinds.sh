#!/bin/bash
# SPDX-License-Identifier: MIT
# metadata = embed in JPEG and WebP, as other programs write them; and pictures that are broken are delivered as they are.
. "$(dirname "$0")/../lib/mount.sh"
# name: what the service delivers
cp "$TEST_ROOT"/tests/data/pictures/*.* "$TEST_TMP/"
cd "$TEST_TMP"
for file in small.jpg lossy.webp small.png; do
    head -c 64 $file >broken-$file # what it says of itself does not fit any more
done
head -c 20 small.png >broken-small.png
tail -c +34 small.png >>broken-small.png # without the end of its header
python3 -u -m http.server --bind 127.0.0.1 --directory "$TEST_TMP" 0 >"$TEST_TMP/port" 2>/dev/null &
await 20 grep -q 'port [0-9]' "$TEST_TMP/port" || fail "no server"
start_sandbox --seconds 0.2 --cdn-base "http://127.0.0.1:$(sed 's/.*port \([0-9]*\).*/\1/;q' "$TEST_TMP/port")"
mount_fs -o metadata=embed

for file in small.png small.jpg exif.jpg lossy.webp lossless.webp alpha.webp broken-lossy.webp broken-small.png broken-small.jpg; do
    echo "of $file [[file=$file]]" >"$M/FLUX/${file%.*}-${file##*.}.txt"
done
cat "$M/FLUX/.wait" >/dev/null || fail "$(cat "$M/FLUX"/*.status)"
for file in small.png small.jpg exif.jpg lossy.webp lossless.webp alpha.webp; do
    seen=$M/FLUX/${file%.*}-${file##*.}.${file##*.}
    assert_eq "$(wc -c <"$seen")" "$(stat -c %s "$seen")" "$file: its size"
    grep -aq "<weryai:prompt>of $file" "$seen" || fail "$file carries nothing"
    # the same picture still, for those who draw it
    assert_eq "$(convert "$seen" rgba:- | sha256sum)" "$(convert "$TEST_TMP/$file" rgba:- | sha256sum)" "$file: pixels"
    if command -v exiftool >/dev/null; then
        assert_eq "$(exiftool -s3 -Prompt -Model "$seen" | tr '\n' ' ')" "of $file [[file=$file]] FLUX " "$file: exiftool"
        assert_eq "$(exiftool -s3 -Warning "$seen")" "" "$file: exiftool's warnings"
        [ "$file" != exif.jpg ] || assert_eq "$(exiftool -s3 -Artist "$seen")" nobody "what it had itself"
    fi
done
for file in broken-lossy.webp broken-small.png broken-small.jpg; do
    cmp "$M/FLUX/${file%.*}-${file##*.}.${file##*.}" "$TEST_TMP/$file" || fail "$file has become another file"
done
cd /
umount_fs
