#!/bin/bash
# SPDX-License-Identifier: MIT
# The API key is in no place that others can see: not in the process's surroundings, not in a log, not on the mount, not
# on disk, and it goes to no other host than the API's.
. "$(dirname "$0")/../lib/mount.sh"
KEY=sk-test-7f3a9
log=$TEST_TMP/daemon.log
start_sandbox
WERYAI_API_KEY=$KEY WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
    "$WERYAIFS" -d -o "$FAST" "$M" >"$log" 2>&1 &
FS_PID=$!
await 20 grep -q "is ready for use" "$log" || fail "not mounted: $(cat "$log")"
echo "a fox" >"$M/FLUX/fox.txt"
cat "$(result_of "$M/FLUX/fox.txt")" >"$TEST_TMP/fox.png"
echo "[[submit-500]] a whale" >"$M/FLUX/whale.txt"
wait_state "$M/FLUX/whale.txt" UNKNOWN
cat "$M/.weryaifs/"{balance,stats,log,models.json} >"$TEST_TMP/about"

assert_lacks "$(tr '\0' ' ' <"/proc/$FS_PID/cmdline")" "$KEY" "the arguments"
if [ "$(id -u)" = 0 ]; then
    tr '\0' '\n' <"/proc/$FS_PID/environ" >"$TEST_TMP/environ"
    assert_lacks "$(cat "$TEST_TMP/environ")" "$KEY" "the environment"
    assert_contains "$(cat "/proc/$FS_PID/limits")" "Max core file size        0 " "limits"
else
    ! cat "/proc/$FS_PID/environ" >/dev/null 2>&1 || fail "its memory can be looked at"
fi
found=$(grep -rl --exclude-dir=mnt -e "$KEY" "$TEST_TMP" || true)
assert_eq "$found" "" "files with the key"
found=$(cd "$M" && grep -rl -e "$KEY" . || true)
assert_eq "$found" "" "files of the mount with the key"
assert_eq "$(jq -s 'map(select(.path | startswith("/cdn/")) | .auth) | unique | join(",")' "$REQUESTS")" '"none"' \
    "keys sent to the CDN"

fusermount3 -u "$M"
wait "$FS_PID"
FS_PID=
