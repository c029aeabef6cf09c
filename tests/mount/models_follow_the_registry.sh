#!/bin/bash
# SPDX-License-Identifier: MIT
# The live registry's models are directories without a restart; what it does not name stays, works, and says so; without
# a registry the built-in ones are there.
. "$(dirname "$0")/../lib/mount.sh"
# what the registry says besides the built-in list: one more, one less, one changed
jq 'map(select(.key != "QWEN" and .key != "QWEN_2")) + [{key: "BRAND_NEW_9", name: "Brand New 9", modes: ["text-to-image"],
    aspect_ratios: {"text-to-image": ["5:4"]}, resolutions: {}, durations: {}, upload_image_limit: {}, negative_prompt: {},
    qualities: [], image_number: {min: 1, max: 2}, audio: null, prompt_limit: 99}]
    | map(if .key == "FLUX" then .aspect_ratios["text-to-image"] = ["3:2"] else . end)' \
    "$TEST_ROOT/config/models.json" >"$TEST_TMP/newer.json"
start_sandbox
builtin=$URL
mount_fs -o models_refresh=0
echo "a letter" >"$M/QWEN/letter.txt"
letter=$(result_of "$M/QWEN/letter.txt")
cat "$letter" >/dev/null # its server goes
[ ! -e "$M/BRAND_NEW_9" ] || fail "there is a directory already"
[ -d "$M/QWEN_2" ] || fail "no built-in model"
assert_eq "$(requests GET growthai)" 0 "questions about models"
assert_contains "$(cat "$M/FLUX/.model")" "FLUX: Flux

Makes pictures:

from text alone (text-to-image)
    ratio:          9:16, 1:1" "FLUX/.model"
assert_lacks "$(ls -A "$M/FLUX")" .model "the listing"
echo x 2>/dev/null >"$M/FLUX/.model" && fail "written"
umount_fs

# no registry: the built-in list, one line in the log, and nothing is slower for it
control down=1
mount_fs -o models_refresh=0.05
await 20 grep -q "models: the live registry does not answer" "$M/.weryaifs/log" || fail "nothing is said"
[ -d "$M/QWEN_2" ] || fail "no built-in model"
asked() { [ "$(requests GET growthai/v1/image)" -ge "$1" ]; }
# long enough for several more questions, which say nothing any more
echo "later" >"$M/FLUX/later.txt"
wait_state "$M/FLUX/later" UNKNOWN
assert_eq "$(grep -c "models: the live registry does not answer" "$M/.weryaifs/log")" 1 "lines in the log"
stop_sandbox # still down: it must not answer in its last moment

# another registry at the same address: file managers that show the root hear of what is new
inotifywait -m -e create --format '%e %f' "$M" >"$TEST_TMP/events" 2>"$TEST_TMP/watch.err" &
WATCH_PID=$!
await 10 grep -q established "$TEST_TMP/watch.err" || fail "inotifywait does not start"
: >"$REQUESTS"
start_sandbox --port "${builtin##*:}" --catalogue "$TEST_TMP/newer.json"
await 20 test -d "$M/BRAND_NEW_9" || fail "no new directory"
await 10 grep -qx "CREATE,ISDIR BRAND_NEW_9" "$TEST_TMP/events" || fail "not told of: $(cat "$TEST_TMP/events")"
kill "$WATCH_PID"
wait "$WATCH_PID" || true
echo "something new" >"$M/BRAND_NEW_9/thing.txt"
assert_eq "$(type_of "$(result_of "$M/BRAND_NEW_9/thing.txt")")" image/png
assert_eq "$(jq -sc 'map(select(.body.model == "BRAND_NEW_9"))[0].body.aspect_ratio' "$REQUESTS")" '"5:4"' ratio
assert_contains "$(cat "$M/BRAND_NEW_9/.model")" "A prompt has up to 99 characters."
echo "limits follow" >"$M/FLUX/limits.txt"
wait_state "$M/FLUX/limits" SUCCESS
assert_eq "$(jq -sc 'map(select(.body.prompt == "limits follow"))[0].body.aspect_ratio' "$REQUESTS")" '"3:2"' ratio
jq -e 'any(.[]; .key == "BRAND_NEW_9")' "$M/.weryaifs/models.json" >/dev/null || fail "models.json"
# absence is no statement: the registry does not name all that the service has
[ -d "$M/QWEN_2" ] || fail "what the registry does not name is gone"
assert_eq "$(type_of "$letter")" image/png "the letter that was made"
assert_contains "$(cat "$M/QWEN/.model")" "the service's list of models does not name it today"
assert_lacks "$(cat "$M/BRAND_NEW_9/.model")" "does not name it"
# it is for the service to say no, and this one does
echo "another letter" >"$M/QWEN/another.txt"
wait_state "$M/QWEN/another" FAILED
assert_contains "$(status_of "$M/QWEN/another")" "mode: text-to-image"
assert_contains "$(cat "$M/QWEN/.model")" "The service refused text-to-image at $(date -u +%Y-)"
assert_eq "$(stat -c %s "$M/QWEN/.model")" "$(wc -c <"$M/QWEN/.model")" "its size"
# qualities, which the registry does not know, and tools are still there
printf 'a map\nquality: high\nratio: 1:1\n' >"$M/GPT_IMAGE_2/map.txt"
wait_state "$M/GPT_IMAGE_2/map" SUCCESS
[ -d "$M/IMAGE_UPSCALE" ] || fail "no tools"
# asked again and again, nothing churns
before=$(requests GET growthai/v1/image)
await 20 asked $((before + 3)) || fail "not asked again"
assert_eq "$(grep -c "models: the live registry is in force" "$M/.weryaifs/log")" 1 "changes told"
umount_fs
stop_sandbox

# while mounted: the registry changes, and a directory appears without a restart
: >"$REQUESTS"
start_sandbox --port "${builtin##*:}"
mount_fs -o models_refresh=0.3
await 20 bash -c "! grep -q 'does not name it' '$M/QWEN/.model'" || fail "what the registry names again is told as unnamed"
# one that an earlier answer named stays as well
assert_contains "$(cat "$M/BRAND_NEW_9/.model")" "does not name it today"
stop_sandbox
jq '. + [(.[0] | .key = "BRAND_NEW_10")]' "$TEST_TMP/newer.json" >"$TEST_TMP/newest.json"
start_sandbox --port "${builtin##*:}" --catalogue "$TEST_TMP/newest.json"
await 20 bash -c "ls '$M' | grep -qx BRAND_NEW_10" || fail "no new directory"
assert_lacks "$(cat "$M/BRAND_NEW_9/.model")" "does not name it"
umount_fs

# a model that the configuration alone knows of, and that the service has
cat >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf" <<'CONF'
[model BRAND_NEW_9]
modes = text-to-image
ratios = 5:4
CONF
mount_fs -o models_refresh=0
echo "declared" >"$M/BRAND_NEW_9/declared.txt"
assert_eq "$(type_of "$(result_of "$M/BRAND_NEW_9/declared.txt")")" image/png
umount_fs

# a prompt that waits, and whose directory takes its input in another way at the next mount: no mixture of both is sent
conf() {
    printf '[model PIKA_2_2]\nmodes = %s\n' "$1" >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"
}
conf image-to-video
mount_fs -o models_refresh=0
printf 'it runs\nimage: late.png\nduration: 5\n' >"$M/PIKA_2_2/run.txt"
wait_state "$M/PIKA_2_2/run" INVALID
assert_contains "$(status_of "$M/PIKA_2_2/run")" "mode: image-to-video"
umount_fs
conf multi-image-to-video
mount_fs -o models_refresh=0
before=$(posts)
await 20 grep -q "has changed since the prompt was written" "$M/PIKA_2_2/run.status" || fail "$(status_of "$M/PIKA_2_2/run")"
cp "$M/BRAND_NEW_9/declared.png" "$M/PIKA_2_2/late.png"
echo submit >"$M/PIKA_2_2/run.status"
wait_state "$M/PIKA_2_2/run" SUCCESS
assert_eq "$(($(posts) - before))" 1 posts
assert_contains "$(jq -c 'select(.body.prompt == "it runs") | [.path, (.body.images | length)]' "$REQUESTS")" 'multi-image-to-video",1]'
umount_fs
