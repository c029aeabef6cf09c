#!/bin/bash
# SPDX-License-Identifier: MIT
# What the live registry said last is in force at the next mount as well, from its first moment, also where the registry is
# not there any more; what cannot be read of it does no harm.
. "$(dirname "$0")/../lib/mount.sh"
jq 'map(select(.key != "QWEN_2")) + [{key: "BRAND_NEW_9", name: "Brand New 9", modes: ["text-to-image", "image-to-image"],
    aspect_ratios: {"text-to-image": ["5:4", "4:5"], "image-to-image": []}, resolutions: {"text-to-image": ["2k"]}, durations: {},
    upload_image_limit: {"image-to-image": 2}, negative_prompt: {}, qualities: [], image_number: {min: 1, max: 2}, audio: null, prompt_limit: 99},
    {key: "NEW_FILM", name: "New Film", modes: ["text-to-video"], aspect_ratios: {"text-to-video": ["21:9"]}, resolutions: {}, durations: {"text-to-video": [7]},
    upload_image_limit: {}, negative_prompt: {"text-to-video": false}, qualities: [], image_number: null, audio: true, prompt_limit: 500}]' \
    "$TEST_ROOT/config/models.json" >"$TEST_TMP/newer.json"
start_sandbox --catalogue "$TEST_TMP/newer.json"
state=$XDG_STATE_HOME/weryaifs/default
sql() {
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for line in sys.argv[2:]:
    for row in db.execute(line):
        print(*row)
db.commit()' "$state/weryaifs.db" "$@"
}
mount_fs
await 20 test -d "$M/BRAND_NEW_9" || fail "no new directory"
cat "$M/BRAND_NEW_9/.model" "$M/NEW_FILM/.model" >"$TEST_TMP/told"
jq -S . "$M/.weryaifs/models.json" >"$TEST_TMP/models.json"
echo "a draft" >"$M/BRAND_NEW_9/kept.txt"
wait_state "$M/BRAND_NEW_9/kept" SUCCESS
umount_fs
said=$(sql "SELECT max(\"when\") FROM known")

# the registry is down: all is as it said, limits too, and nothing waits for it
printf '[api]\nmodels_base_url = http://127.0.0.1:1\n' >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"
weryaifs() {
    WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL timeout -k 5 60 "$WERYAIFS" "$@"
}
mount_fs
[ -d "$M/BRAND_NEW_9" ] && [ -d "$M/NEW_FILM" ] || fail "forgotten"
[ -d "$M/QWEN_2" ] || fail "a model that the registry does not name is gone"
assert_same "$(cat "$M/BRAND_NEW_9/.model" "$M/NEW_FILM/.model")" "$(cat "$TEST_TMP/told")" "what they take"
assert_same "$(jq -S . "$M/.weryaifs/models.json")" "$(cat "$TEST_TMP/models.json")" models.json
assert_eq "$(state_of "$M/BRAND_NEW_9/kept")" SUCCESS "what was made"
printf 'too wide\nratio: 16:9\n' >"$M/BRAND_NEW_9/wide.txt"
wait_state "$M/BRAND_NEW_9/wide" INVALID
head -c 120 /dev/zero | tr '\0' x >"$M/BRAND_NEW_9/long.txt"
wait_state "$M/BRAND_NEW_9/long" INVALID
assert_contains "$(status_of "$M/BRAND_NEW_9/long")" 99 "a prompt that is too long"
echo "waves" >"$M/NEW_FILM/waves.txt"
wait_state "$M/NEW_FILM/waves" SUCCESS
assert_eq "$(jq -sSc 'map(select(.body.model == "NEW_FILM"))[0].body' "$REQUESTS")" \
    '{"aspect_ratio":"21:9","duration":7,"model":"NEW_FILM","prompt":"waves"}' request
await 20 grep -q "does not answer (.*); what it said last is in force" "$M/.weryaifs/log" || fail "nothing is said"
assert_eq "$(grep -c " models: " "$M/.weryaifs/log")" 1 "lines about models"
umount_fs
assert_eq "$(sql "SELECT max(\"when\") FROM known")" "$said" "written again, with nothing said"

# without being asked for the built-in ones are in force
mount_fs -o models_refresh=0
[ -d "$M/QWEN_2" ] || fail "no built-in model"
umount_fs

# what is no list any more
sql "CREATE TABLE whole AS SELECT * FROM known"
for broken in "''" "'[]'" "'{}'" "'[1, 2]'" "'[{\"key\": \"../../x\", \"modes\": [\"text-to-image\"]}]'" "'[{\"key\": \".weryaifs\", \"modes\": [\"text-to-image\"]}]'" \
    "substr(list, 1, length(list) / 2)" "X'ff00fe'" "42" "replace(list, '-to-', '-on-')" "zeroblob(20000000)" \
    "replace(hex(zeroblob(6000000)), '00', '[')"; do
    sql "UPDATE known SET list = $broken WHERE kind = 'image'"
    mount_fs
    [ -d "$M/QWEN_2" ] || fail "no built-in model with $broken"
    await 20 grep -q "models: what the live registry said last cannot be read" "$M/.weryaifs/log" || fail "nothing is said of $broken"
    [ -z "$(models | grep -vE '^[A-Z0-9_]+(\.video)?$')" ] || fail "directories with $broken: $(ls "$M")"
    umount_fs
    sql "UPDATE known SET list = (SELECT list FROM whole WHERE whole.kind = known.kind)"
done
sql "DROP TABLE whole"
# and it is mended by the next answer
sql "UPDATE known SET list = 'x'"
rm "$XDG_CONFIG_HOME/weryaifs/weryaifs.conf"
weryaifs() {
    WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL timeout -k 5 60 "$WERYAIFS" "$@"
}
mount_fs
await 20 test -d "$M/BRAND_NEW_9" || fail "not asked"
umount_fs
assert_eq "$(sql "SELECT length(list) > 100 FROM known" | sort -u)" 1 "what is kept"
control down=1
mount_fs
[ -d "$M/BRAND_NEW_9" ] || fail "forgotten"
umount_fs
