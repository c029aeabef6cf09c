#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Every tool of the API reference (3.12-3.21) works as a directory; its request is the documented one, field by field.
. "$(dirname "$0")/../lib/mount.sh"
for wire in live live-arrays seed; do
    echo "--- dialect $wire"
    : >"$REQUESTS"
    start_sandbox --seconds 0.2 --wire $wire --max-active 100 --strict defaults
    mount_fs -o max_active=100
    cd "$M"
    echo "a face" >FLUX/face.txt
    echo "a clip" >WAN_2_5.video/clip.txt
    printf 'type: ONLY_MUSIC\nslow and warm\n' >MUSIC/song.txt
    echo 'type: vocal_song
styles: {"POP": "bright"}
lyrics: la la la
audio name: La
gender: f' >MUSIC/voice.txt
    image=$(getfattr --absolute-names --only-values -n user.weryai.url "$(result_of "$M/FLUX/face.txt")")
    video=$(getfattr --absolute-names --only-values -n user.weryai.url "$(result_of "$M/WAN_2_5.video/clip.txt")")
    song=$(result_of "$M/MUSIC/song.txt")
    case $(type_of "$song") in audio/*) ;; *) fail "music is $(type_of "$song")" ;; esac
    audio=$(getfattr --absolute-names --only-values -n user.weryai.url "$song")

    # tool DIRECTORY ENDPOINT TYPE BODY LINE...: makes something, by this request
    count=0
    tool() {
        local directory=$1 endpoint=$2 type=$3 want=$4 prompt body
        shift 4
        prompt=$directory/$((count += 1)).txt
        printf '%s\n' "$@" >"$prompt"
        # fields as documented, types too: both sides are compared as sorted JSON
        wait_state "$prompt" SUCCESS
        body=$(jq -sSc --arg path "/v1/generation/$endpoint" 'map(select(.path == $path))[-1].body' "$REQUESTS")
        assert_eq "$body" "$(jq -Sc . <<<"$want")" "request of $directory"
        settings_are_kept "$(result_of "$M/$prompt")" "$want"
        case $(type_of "$(result_of "$M/$prompt")") in $type) ;; *) fail "$directory made $(type_of "$(result_of "$M/$prompt")")" ;; esac
    }
    I='image: ../FLUX/face.png' V='video: ../WAN_2_5.video/clip.mp4' A='audio ref: ../MUSIC/song.wav'
    i="\"img_url\": \"$image\"" u="\"image_url\": \"$image\"" v="\"video_url\": \"$video\""
    kb=$((($(stat -c %s FLUX/face.png) + 1023) / 1024))
    tool IMAGE_TO_PROMPT image-to-prompt text/plain "{$i, \"image_size\": $kb, \"language\": \"en\"}" "$I" "language: en"
    assert_eq "$(cat IMAGE_TO_PROMPT/1.text)" "a picture that somebody made" "the text"
    tool IMAGE_BG_CHANGE image-bg-change 'image/*' "{$i, \"prompt\": \"a beach\"}" "$I" "a beach"
    tool IMAGE_BG_CHANGE image-bg-change 'image/*' "{$i, \"bg_color\": \"#ff8800\"}" "$I" "bg color: #ff8800"
    tool IMAGE_BG_REMOVE image-bg-remove 'image/*' "{$i}" "$I"
    tool IMAGE_EXPAND image-expand 'image/*' \
        "{$i, \"original_image_size\": \"1024x768\", \"canvas_size\": \"2048x2048\", \"original_image_location\": \"0,128\"}" \
        "$I" "original image size: 1024x768" "canvas_size: 2048x2048" "Original-Image-Location: 0,128"
    tool IMAGE_FACE_SWAP image-face-swap 'image/*' "{$i, \"face_img_url\": \"$image\"}" "$I" "face image: /FLUX/face"
    tool IMAGE_REFRAME image-reframe 'image/*' "{$i, \"aspect_ratio\": \"21:9\"}" "$I" "ratio: 21:9"
    tool IMAGE_REPAIR image-repair 'image/*' "{$i}" "$I"
    tool IMAGE_TO_PROMPT image-to-prompt text/plain "{$i, \"image_size\": 9, \"model\": \"m\"}" "$I" "image size: 9" "model: m"
    tool IMAGE_TEXT_ERASE image-text-erase 'image/*' "{$i}" "$I"
    tool IMAGE_TEXT_ERASE image-text-erase 'image/*' "{$i, \"model\": \"m\"}" "$I" "model: m"
    tool IMAGE_TRANSLATE image-translate 'image/*' "{$i, \"target_lang\": \"de\", \"type\": \"image\"}" "$I" "target language: de" "type: Image"
    tool IMAGE_UPSCALE image-upscale 'image/*' "{$i, \"caller_id\": 9007199254740993}" "$I" "caller: 9007199254740993"
    tool VIDEO_ANIME_REPLACE video-anime-replace 'video/*' "{$v, $u, \"type\": \"move\", \"resolution\": \"580p\"}" "$V" "$I" "type: move" "resolution: 580p"
    tool VIDEO_BACKGROUND_REMOVE video-background-remove 'video/*' "{$v, \"background_color\": \"GREEN\"}" "$V" "background color: green"
    tool VIDEO_EXTEND video-extend 'video/*' "{$v, \"prompt\": \"it goes on\", \"style\": \"3d_animation\", \"resolution\": \"1080p\", \"duration\": 8}" \
        "$V" "it goes on" "style: 3D animation" "resolution: 1080p" "duration: 8"
    # what is left out is sent as the official tools send it
    tool VIDEO_EXTEND video-extend 'video/*' "{$v, \"prompt\": \"on\", \"style\": \"anime\", \"resolution\": \"720p\", \"duration\": 5}" "$V" "on"
    tool VIDEO_MERGE video-merge 'video/*' "{\"video_urls\": [\"$video\", \"$video\"]}" "$V" "video: /WAN_2_5.video/clip"
    tool TEXT_TO_AUDIO text-to-audio 'audio/*' '{"text": "good morning", "voice_id": 84}' "voice: playful girl" "good morning"
    tool TEXT_TO_AUDIO text-to-audio 'audio/*' '{"text": "good night", "voice_id": 66, "speed": "0.8", "vol": "4.0"}' \
        "voice: 66" "speed: 0.8" "volume: 4.0" "good night"
    tool SPEECH_RECOGNIZE speech-recognize text/plain "{\"audio_url\": \"$audio\", \"language\": \"en\"}" "$A" "language: en"
    assert_eq "$(cat SPEECH_RECOGNIZE/$count.text)" "what somebody said" "the words"
    assert_contains "$(cat TEXT_TO_AUDIO/.model)" "News Anchor=76" "voices"
    tool VIDEO_FACE_CHANGE video-face-change 'video/*' "{$v, $u}" "$V" "$I"
    tool VIDEO_LIPS_CHANGE video-lips-change 'video/*' "{$v, \"audio_url\": \"$audio\"}" "$V" "$A"
    tool VIDEO_MAGIC video-magic 'video/*' "{$v, \"video_style\": \"anime_style_3\"}" "$V" "video style: anime_style_3"
    tool VIDEO_SUBTITLE_ERASE video-subtitle-erase 'video/*' \
        "{$v, \"rect_vo_list\": [{\"lt_x\": 0.1, \"lt_y\": 0.8, \"rb_x\": 0.9, \"rb_y\": 0.95}, {\"lt_x\": 0.5, \"lt_y\": 0.25, \"rb_x\": 0.75, \"rb_y\": 0.5}]}" \
        "$V" "area: 0.1 0.8 0.9 0.95" "area: .5, .25, .75, .5"
    tool VIDEO_SUBTITLE_TRANSLATE video-subtitle-translate 'video/*' "{$v, \"target_language\": \"ja\"}" "$V" "target language: ja"
    tool VIDEO_UPSCALER video-upscaler 'video/*' "{$v, \"resolution\": \"4k\"}" "$V" "resolution: 4k"
    tool VIDEO_WATERMARK_REMOVE video-watermark-remove 'video/*' "{$v}" "$V"
    tool EFFECT_TEMPLATE effect-template 'video/*' \
        "{\"template_config_id\": 9223372036854775807, \"image_url\": [\"$image\", \"$image\"], \"bgm\": true, \"aspect_ratio\": \"9:16\", \"prompt_inputs\": {\"name\": \"Ada\"}}" \
        "template config id: 9223372036854775807" "$I" "image: /FLUX/face" "bgm: yes" "ratio: 9:16" 'prompt inputs: {"name": "Ada"}'
    tool MUSIC music/generate 'audio/*' "{\"type\": \"VOCAL_SONG\", \"description\": \"a march\", \"reference_audio\": \"$audio\"}" "type: vocal song" "a march" "$A"
    wait_state MUSIC/voice SUCCESS
    assert_eq "$(jq -sSc 'map(select(.body.audio_name == "La"))[0].body' "$REQUESTS")" \
        '{"audio_name":"La","gender":"f","lyrics":"la la la","styles":{"POP":"bright"},"type":"VOCAL_SONG"}' "request of a voice"

    # what cannot be sent costs nothing
    before=$(posts)
    wrong() { # DIRECTORY SENTENCE LINE...
        local prompt=$1/wrong.txt sentence=$2
        shift 2
        printf '%s\n' "$@" >"$prompt"
        wait_state "$prompt" INVALID
        assert_contains "$(status_of "$prompt")" "$sentence" "status of $prompt"
    }
    wrong IMAGE_UPSCALE "IMAGE_UPSCALE needs a line 'image: URL or path'" "webhook: https://example.org/x"
    wrong IMAGE_REPAIR "'make it nice': IMAGE_REPAIR takes no text; it takes image, webhook, caller" "$I" "make it nice"
    wrong IMAGE_REFRAME "line 2: ratio '2:1' is not one of 16:9, 9:16, 1:1, 4:3, 3:4, 21:9, 9:21" "$I" "ratio: 2:1"
    wrong IMAGE_BG_CHANGE "IMAGE_BG_CHANGE needs one of: a text or bg color" "$I"
    wrong IMAGE_EXPAND "line 2: canvas size 'big' is not WIDTHxHEIGHT" "$I" "canvas size: big"
    wrong VIDEO_EXTEND "VIDEO_EXTEND needs a text" "$V"
    wrong VIDEO_UPSCALER "line 1: '../FLUX/face.png' is no video that the service takes but a picture (png)" "video: ../FLUX/face.png"
    wrong VIDEO_MAGIC "line 2: 'vide style' looks like the setting 'video style'" "$V" "vide style: anime_style_3"
    wrong VIDEO_MERGE "VIDEO_MERGE needs 2 lines 'video: URL or path'" "$V"
    wrong VIDEO_EXTEND "webhook: VIDEO_EXTEND has no such setting" "$V" "on" "webhook: https://example.org/x"
    wrong TEXT_TO_AUDIO "voice 'Bob' is not one of Captivating Female=85" "voice: Bob" "hello"
    wrong TEXT_TO_AUDIO "the text has more than 500 characters" "voice: 85" "$(printf "x%.0s" {1..501})"
    wrong MUSIC "MUSIC needs a line 'type: VOCAL_SONG or ONLY_MUSIC'" "a tune"
    wrong EFFECT_TEMPLATE "line 1: template config id 'x' is not a whole number" "template config id: x"
    wrong IMAGE_TO_PROMPT "negative: IMAGE_TO_PROMPT has no such setting; it takes image, image size" "$I" "negative: fog"
    assert_eq "$(posts)" "$before" "posts of what was wrong"
    cd /
    umount_fs
    stop_sandbox
    URL=
    rm -rf "$HOME" && mkdir -p "$XDG_CONFIG_HOME/weryaifs"
done
