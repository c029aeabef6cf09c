#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 200
# The endpoints of API reference 3.1, rows 1 to 12, on the mount and in both dialects: each request is the documented
# one, field by field with types. Rows 13 to 16: tools_every_one.
. "$(dirname "$0")/../lib/mount.sh"
for wire in live seed; do
    echo "--- dialect $wire"
    : >"$REQUESTS"
    start_sandbox --seconds 0.2 --wire $wire
    mount_fs
    cd "$M"

    # made PROMPT ENDPOINT TYPE BODY LINE...: writes the prompt, awaits the result, compares the request
    made() {
        local prompt=$1 endpoint=$2 type=$3 want=$4 body
        shift 4
        printf '%s\n' "$@" >"$prompt"
        wait_state "$prompt" SUCCESS
        assert_eq "$(status_of "$prompt" | sed -n 's/^mode: //p')" "$endpoint" "mode of $prompt"
        body=$(jq -sSc --arg path "/v1/generation/$endpoint" 'map(select(.path == $path))[-1].body' "$REQUESTS" | sed 's/&weryaifs=[0-9a-f]\{16\}"/"/')
        assert_eq "$body" "$(jq -Sc . <<<"$want")" "request of $prompt"
        case $(type_of "$(result_of "$M/$prompt")") in $type) ;; *) fail "$prompt made $(type_of "$(result_of "$M/$prompt")")" ;; esac
    }
    url() {
        getfattr --absolute-names --only-values -n user.weryai.url "$1"
    }

    # 1 text-to-image
    made GPT_IMAGE_2/full.txt text-to-image 'image/*' '{"model": "GPT_IMAGE_2", "prompt": "a map\nof an island", "aspect_ratio": "16:9(2k)",
        "negative_prompt": "people", "image_number": 2, "quality": "high", "webhook_url": "https://example.org/w?a=1", "caller_id": -9007199254740993}' \
        "a map" "ratio: 16:9(2k)" "of an island" "negative: people" "number: 2" "quality: high" "webhook: https://example.org/w?a=1" "caller: -9007199254740993"
    made GEMINI_3_1_FLASH_IMAGE/search.txt text-to-image 'image/*' '{"model": "GEMINI_3_1_FLASH_IMAGE", "prompt": "the tower as it is today",
        "aspect_ratio": "8:1", "resolution": "4k", "use_web_search": true}' "the tower as it is today" "ratio: 8:1" "resolution: 4K" "web search: yes"
    made FLUX/fox.txt text-to-image 'image/*' '{"model": "FLUX", "prompt": "a fox", "aspect_ratio": "9:16"}' "a fox"
    fox=$(url FLUX/fox.png)
    # 2 image-to-image
    made GPT_IMAGE_2/again.txt image-to-image 'image/*' "{\"model\": \"GPT_IMAGE_2\", \"prompt\": \"as an etching\", \"aspect_ratio\": \"1:1\", \"quality\": \"low\",
        \"images\": [\"$fox\"]}" "as an etching" "image: /FLUX/fox.png" "quality: low" "ratio: 1:1"
    # 3 text-to-video
    made VEO_3_1/clip.txt text-to-video 'video/*' '{"model": "VEO_3_1", "prompt": "waves", "duration": 8, "aspect_ratio": "16:9", "resolution": "1080p",
        "generate_audio": true}' waves "ratio: 16:9" "resolution: 1080p" "audio: yes"
    clip=$(url VEO_3_1/clip.mp4)
    # 4 image-to-video: one string, not a list
    made KLING_V2_6_PRO/walk.txt image-to-video 'video/*' "{\"model\": \"KLING_V2_6_PRO\", \"prompt\": \"it walks\", \"duration\": 10, \"image\": \"$fox\",
        \"generate_audio\": false, \"negative_prompt\": \"blur\"}" "it walks" "image: ../FLUX/fox" "duration: 10" "audio: no" "negative: blur"
    # 5 multi-image-to-video, and 21 first-last-image-to-video: first frame first, whatever the order of the lines
    echo "the end" >FLUX/end.txt
    wait_state FLUX/end SUCCESS
    end=$(url FLUX/end.png)
    made VEO_3_1/both.txt multi-image-to-video 'video/*' "{\"model\": \"VEO_3_1\", \"prompt\": \"of both\", \"duration\": 8, \"aspect_ratio\": \"16:9\", \"resolution\": \"720p\",
        \"images\": [\"$fox\", \"$end\"]}" "of both" "image: ../FLUX/fox.png" "image: ../FLUX/end.png"
    made VEO_3_1/between.txt first-last-image-to-video 'video/*' "{\"model\": \"VEO_3_1\", \"prompt\": \"from here to there\", \"duration\": 8, \"aspect_ratio\": \"16:9\",
        \"resolution\": \"720p\", \"first_pic_url\": \"$fox\", \"end_pic_url\": \"$end\"}" "last frame: ../FLUX/end.png" "from here to there" "first frame: ../FLUX/fox.png"
    # 6 almighty-reference-to-video: sound is a string here
    printf 'type: ONLY_MUSIC\na march\n' >MUSIC/march.txt
    wait_state MUSIC/march SUCCESS
    march=$(url "$(result_of "$M/MUSIC/march.txt")")
    made WERYDANCE_2_0/all.txt almighty-reference-to-video 'video/*' "{\"model\": \"WERYDANCE_2_0\", \"prompt\": \"all of it\", \"duration\": 5, \"aspect_ratio\": \"1:1\",
        \"images\": [\"$fox\"], \"videos\": [\"$clip\"], \"audios\": [\"$march\"], \"generate_audio\": \"true\", \"video_number\": 1}" \
        "all of it" "audio ref: /MUSIC/march" "video: ../VEO_3_1/clip.mp4" "image: ../FLUX/fox.png" "duration: 5" \
        "ratio: 1:1" "audio: yes" "number: 1"
    # a wish is fulfilled whole or costs nothing; smaller with the user's word, and then it is said
    before=$(posts)
    printf 'both\nimage: ../FLUX/fox.png\nimage: ../FLUX/end.png\n' >KLING_V2_6_PRO/both.txt
    wait_state KLING_V2_6_PRO/both INVALID
    assert_contains "$(status_of KLING_V2_6_PRO/both)" "error: line 3: 2 images: KLING_V2_6_PRO takes at most 1 here; these take all of it: DOUBAO_1_LITE, KLING_O1, PIKA_2_2, "
    assert_eq "$(posts)" "$before" "posts of half a wish"
    echo "fallback: yes" >>KLING_V2_6_PRO/both.txt
    wait_state KLING_V2_6_PRO/both SUCCESS
    assert_contains "$(status_of KLING_V2_6_PRO/both)" 'left out: line 3 "image: ../FLUX/end.png"'
    # 7 and 8: one task, and a batch of several
    [ "$(requests GET '^/v1/generation/[^/]+/status$')" -gt 0 ] || fail "no task was asked for"
    printf 'two of it [[split]]\nnumber: 2\n' >FLUX/two.txt
    wait_state FLUX/two SUCCESS
    [ "$(requests GET '^/v1/generation/batch/[0-9]+/status$')" -gt 0 ] || fail "no batch was asked for"
    assert_eq "$(cd FLUX && echo two-*)" "two-1.png two-2.png" "results of a batch"
    # 9 upload
    cp FLUX/fox.png FLUX/mine.png
    printf 'mine\nimage: /FLUX/mine.png\n' >WAN_2_5/mine.txt
    wait_state WAN_2_5/mine SUCCESS
    assert_eq "$(requests POST '^/v1/generation/upload-file$')" 1 uploads
    assert_eq "$(jq -s 'map(select(.path | endswith("upload-file")))[0].bytes' "$REQUESTS")" "$(stat -c %s FLUX/mine.png)" "bytes uploaded"
    # 10 balance, 11 and 12 the registry
    grep -qE '^[0-9]+(\.[0-9]+)?$' .weryaifs/balance || fail "balance: $(cat .weryaifs/balance)"
    asked=$(requests GET '^/v1/generation/balance$')
    cat .weryaifs/balance .weryaifs/balance >/dev/null
    assert_eq "$(requests GET '^/v1/generation/balance$')" "$asked" "questions, when nothing has happened since"
    assert_contains "$(status_of FLUX/fox)" "credits: " "status of FLUX/fox"
    assert_contains "$(status_of FLUX/fox | sed -n 's/^credits: //p')" " after" "credits of FLUX/fox"
    [ "$(requests GET '^/growthai/v1/image/models$')" -gt 0 ] || fail "the image registry was not asked"
    [ "$(requests GET '^/growthai/v1/video/models$')" -gt 0 ] || fail "the video registry was not asked"
    # nothing was refused on the way
    assert_eq "$(jq -s 'map(select(.method == "POST" and .http != 200)) | length' "$REQUESTS")" 0 "POSTs with another status than 200"
    assert_eq "$(jq -s 'map(select(.leaked_key == true)) | length' "$REQUESTS")" 0 "keys told to the CDN"
    cd /
    umount_fs
    stop_sandbox
    URL=
    rm -rf "$HOME" && mkdir -p "$XDG_CONFIG_HOME/weryaifs"
done
