#!/bin/bash
# SPDX-License-Identifier: MIT
# A loop on .weryaifs/events: each picture, at the moment when it is there, becomes a small JPEG in a directory of yours.
#
#   MOUNT=~/weryai examples/pipelines/watch.sh ~/public/small          # ^C ends it
#
# An event is a line of JSON: time, path, from, to, results, credits. inotifywait -m -r ~/weryai works as well.
set -euo pipefail
mount=${MOUNT:-$HOME/weryai} out=$1
mkdir -p "$out"
jq -r --unbuffered 'select(.to == "SUCCESS") | .results[]' "$mount/.weryaifs/events" | while IFS= read -r result; do
    case $result in *.png | *.jpg | *.webp) ;; *) continue ;; esac
    small=${result//\//_}
    # whole, whenever somebody looks; a picture that is gone again does not end the loop
    convert "$mount/$result" -resize 320x320 "$out/.$small.jpg" && mv "$out/.$small.jpg" "$out/${small%.*}.jpg" || continue
done
