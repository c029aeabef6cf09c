#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 180
# Whatever the registry says, of three models, of none, of five hundred, or nothing that can be read: no directory goes away, and
# a wish is still sent to the endpoint that the documents have for it.
. "$(dirname "$0")/../lib/mount.sh"
catalogue=$TEST_ROOT/config/models.json
jq 'map(select(.key == "FLUX" or .key == "VEO_3_1" or .key == "WAN_2_6"))' "$catalogue" >"$TEST_TMP/three.json"
echo '[]' >"$TEST_TMP/none.json"
jq '. + [range(500 - length) as $n | (.[0] | .key = "MORE_\($n)" | .name = "More \($n)")]' "$catalogue" >"$TEST_TMP/many.json"
assert_eq "$(jq length "$TEST_TMP/many.json")" 500 "models"

start_sandbox --catalogue "$TEST_TMP/three.json"
port=${URL##*:}
mount_fs -o models_refresh=0
models >"$TEST_TMP/documents"
[ "$(wc -l <"$TEST_TMP/documents")" -ge 80 ] || fail "only $(wc -l <"$TEST_TMP/documents") directories"
umount_fs

asked() { [ "$(requests GET growthai/v1/image)" -ge "$1" ]; }
# look NAME: asked twice more, so that what it said the first time is in force
look() {
    await 30 asked $(($(requests GET growthai/v1/image) + 2)) || fail "$1: the registry is not asked"
    assert_eq "$(comm -23 <(sort "$TEST_TMP/documents") <(models | sort))" "" "$1: directories that went away"
    while read -r directory; do
        assert_lacks "$(cat "$M/$directory/.model")" "no longer has this model" "$1: $directory"
    done <"$TEST_TMP/documents"
    # checked as ever, by what the documents say: two pictures are two
    printf 'two of them, %s\nimage: https://a.example/1.png\nimage: https://a.example/2.png\nduration: 5\ndry run: yes\n' "$1" \
        >"$M/PIKA_2_2/$1.txt"
    wait_state "$M/PIKA_2_2/$1" HELD
    assert_contains "$(status_of "$M/PIKA_2_2/$1")" "mode: multi-image-to-video" "$1"
    assert_contains "$(status_of "$M/PIKA_2_2/$1")" 'https://a.example/2.png' "$1"
    echo "$1: $(models | wc -l) directories"
}

mount_fs -o models_refresh=0.2
look three
assert_contains "$(cat "$M/QWEN/.model")" "does not name it today"
assert_lacks "$(cat "$M/FLUX/.model")" "does not name it"
for registry in none many; do
    stop_sandbox
    start_sandbox --port "$port" --catalogue "$TEST_TMP/$registry.json"
    look "$registry"
done
[ -d "$M/MORE_3" ] || fail "no new model"
for way in garbage empty half type 500; do
    control clear "fault=answer-models=$way"
    look "$way"
done
[ -d "$M/MORE_3" ] || fail "what it said before is gone"
assert_eq "$(posts)" 0 posts
umount_fs
