#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# timeout: 200
# Requests 1 to 6 of API reference 3.1 with every field that the reference lists for them (3.2 to 3.7), and with as few as
# there can be; what a model does not take is never sent: asked for in a prompt it is INVALID, by the configuration it is left out.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.1 --max-active 100
mount_fs -o max_active=100
cd "$M"

# sent PROMPT: the last body of it, with sorted fields and without the word that we sign webhooks with
sent() {
    jq -sSc --arg path "/v1/generation/$1" 'map(select(.path == $path))[-1].body' "$REQUESTS" | sed 's/[?&]weryaifs=[0-9a-f]\{16\}"/"/'
}
# full PROMPT ENDPOINT BODY LINE...: the request is this one, to the last field and its type
full() {
    local prompt=$1 endpoint=$2 want=$3
    shift 3
    printf '%s\n' "$@" >"$prompt"
    wait_state "$prompt" SUCCESS
    assert_eq "$(sent "$endpoint")" "$(jq -Sc . <<<"$want")" "request of $prompt"
    settings_are_kept "$(result_of "$M/$prompt")" "$want"
}
url() {
    getfattr --absolute-names --only-values -n user.weryai.url "$1"
}

# text-to-image, and what there has to be
full FLUX/fox.txt text-to-image '{"model": "FLUX", "prompt": "a fox", "aspect_ratio": "9:16"}' "a fox"
full GEMINI_3_1_FLASH_IMAGE/all.txt text-to-image '{"model": "GEMINI_3_1_FLASH_IMAGE", "prompt": "a tower", "aspect_ratio": "1:8", "negative_prompt": "fog",
    "image_number": 3, "resolution": "4k", "use_web_search": false, "webhook_url": "https://example.org/w", "caller_id": 9007199254740993}' \
    "a tower" "ratio: 1:8" "negative: fog" "number: 3" "resolution: 4k" "web search: no" "webhook: https://example.org/w" "caller: 9007199254740993"
full GPT_IMAGE_2/map.txt text-to-image '{"model": "GPT_IMAGE_2", "prompt": "a map", "aspect_ratio": "2:3", "quality": "medium"}' "a map" "quality: Medium" "ratio: 2:3"
full WERYAI_IMAGE_1_0/four.txt text-to-image '{"model": "WERYAI_IMAGE_1_0", "prompt": "four", "aspect_ratio": "9:16", "image_number": 4}' "four" "number: 4"
fox=$(url FLUX/fox.png)
# image-to-image: images is a list, also of one
full FLUX/few.txt image-to-image "{\"model\": \"FLUX\", \"prompt\": \"as a stamp\", \"aspect_ratio\": \"9:16\", \"images\": [\"$fox\"]}" "as a stamp" "image: fox.png"
full GEMINI_3_1_FLASH_IMAGE/from.txt image-to-image "{\"model\": \"GEMINI_3_1_FLASH_IMAGE\", \"prompt\": \"as a stamp\", \"images\": [\"$fox\"], \"aspect_ratio\": \"21:9\",
    \"resolution\": \"1k\", \"negative_prompt\": \"fog\", \"image_number\": 2, \"use_web_search\": true, \"webhook_url\": \"https://example.org/w?b=c\", \"caller_id\": 0}" \
    "as a stamp" "image: /FLUX/fox.png" "ratio: 21:9" "negative: fog" "number: 2" "web search: yes" "webhook: https://example.org/w?b=c" "caller: 0"
# text-to-video
full VEO_3_1/few.txt text-to-video '{"model": "VEO_3_1", "prompt": "waves", "duration": 8, "aspect_ratio": "16:9", "resolution": "720p"}' waves
full KLING_V2_6_PRO/all.txt text-to-video '{"model": "KLING_V2_6_PRO", "prompt": "waves", "duration": 5, "aspect_ratio": "1:1", "negative_prompt": "wind",
    "generate_audio": true, "video_number": 2, "webhook_url": "https://example.org/w", "caller_id": -1}' \
    waves "duration: 5" "ratio: 1:1" "negative: wind" "audio: on" "number: 2" "webhook: https://example.org/w" "caller: -1"
full PIKA_2_2/sharp.txt text-to-video '{"model": "PIKA_2_2", "prompt": "waves", "duration": 10, "resolution": "1080p"}' waves "duration: 10s" "resolution: 1080P"
# image-to-video: image is one string
full DOUBAO_1_5_PRO/few.txt image-to-video "{\"model\": \"DOUBAO_1_5_PRO\", \"prompt\": \"it runs\", \"duration\": 5, \"aspect_ratio\": \"16:9\", \"resolution\": \"720p\", \"image\": \"$fox\"}" \
    "it runs" "image: ../FLUX/fox"
full DOUBAO_1_5_PRO/all.txt image-to-video "{\"model\": \"DOUBAO_1_5_PRO\", \"prompt\": \"it runs\", \"duration\": 10, \"aspect_ratio\": \"21:9\", \"image\": \"$fox\",
    \"resolution\": \"480p\", \"generate_audio\": false, \"negative_prompt\": \"snow\", \"video_number\": 1, \"webhook_url\": \"https://example.org/w\", \"caller_id\": 7}" \
    "it runs" "image: ../FLUX/fox" "duration: 10" "ratio: 21:9" "resolution: 480p" "audio: no" "negative: snow" "number: 1" "webhook: https://example.org/w" "caller: 7"
# multi-image-to-video
full PIKA_2_2/few.txt multi-image-to-video "{\"model\": \"PIKA_2_2\", \"prompt\": \"both\", \"duration\": 5, \"resolution\": \"720p\", \"images\": [\"$fox\", \"$fox\"]}" \
    both "image: ../FLUX/fox" "image: /FLUX/fox.png" "duration: 5"
full DOUBAO_1_LITE/all.txt multi-image-to-video "{\"model\": \"DOUBAO_1_LITE\", \"prompt\": \"three\", \"duration\": 10, \"images\": [\"$fox\", \"$fox\", \"$fox\"],
    \"aspect_ratio\": \"4:3\", \"resolution\": \"720p\", \"negative_prompt\": \"snow\", \"video_number\": 1, \"webhook_url\": \"https://example.org/w\", \"caller_id\": 8}" \
    three "image: ../FLUX/fox" "image: ../FLUX/fox" "image: ../FLUX/fox" "ratio: 4:3" "duration: 10" "resolution: 720p" "negative: snow" "number: 1" \
    "webhook: https://example.org/w" "caller: 8"
# almighty-reference-to-video: sound is a string
clip=$(url VEO_3_1/few.mp4)
printf 'type: ONLY_MUSIC\na march\n' >MUSIC/march.txt
wait_state MUSIC/march SUCCESS
march=$(url MUSIC/march.wav)
full SEEDANCE_2_0/few.txt almighty-reference-to-video "{\"model\": \"SEEDANCE_2_0\", \"prompt\": \"again\", \"duration\": 5, \"aspect_ratio\": \"1:1\", \"videos\": [\"$clip\"]}" \
    again "video: ../VEO_3_1/few.mp4" "duration: 5" "ratio: 1:1"
full SEEDANCE_2_0/all.txt almighty-reference-to-video "{\"model\": \"SEEDANCE_2_0\", \"prompt\": \"all\", \"duration\": 15, \"aspect_ratio\": \"16:9\", \"resolution\": \"480p\",
    \"images\": [\"$fox\", \"$fox\"], \"videos\": [\"$clip\"], \"audios\": [\"$march\"], \"generate_audio\": \"false\", \"video_number\": 3, \"webhook_url\": \"https://example.org/w\",
    \"caller_id\": -9223372036854775808}" all "image: ../FLUX/fox" "image: ../FLUX/fox" "video: ../VEO_3_1/few" "audio ref: /MUSIC/march.wav" "duration: 15" \
    "ratio: 16:9" "resolution: 480p" "audio: no" "number: 3" "webhook: https://example.org/w" "caller: -9223372036854775808"

# what a model does not take costs nothing
before=$(posts)
refused() { # PROMPT LINE SENTENCE
    printf 'x\n%s\n' "${@:2:$#-2}" >"$1"
    wait_state "$1" INVALID
    assert_contains "$(status_of "$1")" "${!#}" "status of $1"
}
refused FLUX/r1.txt "quality: high" "quality"
refused FLUX/r2.txt "web search: yes" "web search"
refused FLUX/r3.txt "duration: 5" "duration"
refused FLUX/r4.txt "audio: yes" "audio"
refused FLUX/r5.txt "number: 5" "number"
refused FLUX/r6.txt "ratio: 5:1" "ratio '5:1'"
refused WERYAI_IMAGE_1_0/r7.txt "number: 1" "number"
refused KLING_V2_6_PRO/r8.txt "resolution: 720p" "resolution"
refused KLING_V2_6_PRO/r9.txt "duration: 5" "image: ../FLUX/fox" "ratio: 1:1" "ratio"
refused VEO_3_1/r10.txt "negative: x" "negative"
refused PIKA_2_2/r11.txt "audio: yes" "audio"
refused PIKA_2_2/r12.txt "ratio: 1:1" "ratio"
refused VEO_3_1/r13.txt "duration: 7" "duration"
refused VEO_3_1/r14.txt "quality: high" "quality"
refused SEEDANCE_2_0/r15.txt "video: ../VEO_3_1/few.mp4" "negative: x" "negative"
refused SEEDANCE_2_0/r16.txt "audio ref: ../MUSIC/march.wav" "audio"
refused FLUX/r17.txt "caller: 9223372036854775808" "caller"
refused FLUX/r18.txt "webhook: ftp://x" "webhook"
assert_eq "$(posts)" "$before" "posts of what was refused"
assert_eq "$(jq -s 'map(select(.method == "POST" and .code != 200 and .code != 0)) | length' "$REQUESTS")" 0 "requests that the service refused"
cd /
umount_fs

# defaults go to those that take them
cat >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf" <<'CONF'
[defaults]
ratio = 16:9
negative = fog
resolution = 720p
quality = high
number = 2
duration = 5
audio = yes
web_search = yes
caller = 12
CONF
mount_fs -o max_active=100
cd "$M"
common='"negative_prompt": "fog", "caller_id": 12'
full FLUX/default.txt text-to-image "{\"model\": \"FLUX\", \"prompt\": \"x\", \"aspect_ratio\": \"16:9\", \"image_number\": 2, $common}" x
full WERYAI_IMAGE_1_0/default.txt text-to-image "{\"model\": \"WERYAI_IMAGE_1_0\", \"prompt\": \"x\", \"aspect_ratio\": \"16:9\", \"image_number\": 4, $common}" x
full GPT_IMAGE_1_5/default.txt text-to-image "{\"model\": \"GPT_IMAGE_1_5\", \"prompt\": \"x\", \"aspect_ratio\": \"3:2\", \"image_number\": 2, $common}" x
full GPT_IMAGE_2/default.txt text-to-image "{\"model\": \"GPT_IMAGE_2\", \"prompt\": \"x\", \"aspect_ratio\": \"1:1\", \"image_number\": 2, \"quality\": \"high\", $common}" x
full GEMINI_3_1_FLASH_IMAGE/default.txt text-to-image "{\"model\": \"GEMINI_3_1_FLASH_IMAGE\", \"prompt\": \"x\", \"aspect_ratio\": \"16:9\", \"image_number\": 2,
    \"resolution\": \"1k\", \"use_web_search\": true, $common}" x
full VEO_3_1/default.txt text-to-video '{"model": "VEO_3_1", "prompt": "x", "aspect_ratio": "16:9", "duration": 8, "resolution": "720p", "generate_audio": true,
    "video_number": 2, "caller_id": 12}' x
full KLING_V2_6_PRO/default.txt text-to-video "{\"model\": \"KLING_V2_6_PRO\", \"prompt\": \"x\", \"aspect_ratio\": \"16:9\", \"duration\": 5, \"generate_audio\": true,
    \"video_number\": 2, $common}" x
full PIKA_2_2/default.txt text-to-video "{\"model\": \"PIKA_2_2\", \"prompt\": \"x\", \"duration\": 5, \"resolution\": \"720p\", \"video_number\": 2, $common}" x
full IMAGE_UPSCALE/default.txt image-upscale "{\"img_url\": \"$fox\", \"caller_id\": 12}" "image: /FLUX/fox.png"
cd /
umount_fs
