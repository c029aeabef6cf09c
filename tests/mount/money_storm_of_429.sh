#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# A long storm of HTTP 429, with Retry-After, without, and with absurd ones: each prompt is accepted exactly once, every
# refusal is waited for, no submission more is tried than there were refusals, and nobody has to do anything.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2 --max-active 200
mount_fs -o max_active=200,submit_gap=0.2
prompts=60
refused() {
    jq -s 'map(select(.http == 429)) | length' "$REQUESTS"
}
accepted() {
    jq -s 'map(select(.method == "POST" and .task)) | length' "$REQUESTS"
}
more() { # COMMAND COUNT
    [ "$("$1")" -gt "$2" ]
}
control fault=answer-submit=429:1:3
for i in $(seq $prompts); do
    echo "a fox in a storm $i" >"$M/FLUX/fox$i.txt"
done
await 20 grep -q "faster than the service takes them" "$M/FLUX/fox$prompts.status" ||
    fail "the last one does not say why it waits: $(status_of "$M/FLUX/fox$prompts")"
# little, nothing, negative, a date to come and one of the past, no number, and 31 years
for value in 6 0 -5 @7 @-3600 soon 1000000000; do
    before=$(accepted)
    await 60 more accepted "$before" || fail "before $value: $(refused) refused, $before accepted: $(status_of "$M/FLUX/fox$prompts")"
    before=$(refused)
    control "fault=answer-submit=429-$value:1:1"
    await 20 more refused "$before" || fail "no submission comes to be answered with $value"
done
for i in $(seq $prompts); do
    wait_state "$M/FLUX/fox$i.txt" SUCCESS 60
done
assert_eq "$(accepted) $(refused) $(posts)" "$prompts 10 $((prompts + 10))" "accepted, refused, in all"
assert_eq "$(jq -r 'select(.method == "POST" and .task) | .body.prompt' "$REQUESTS" | sort -u | wc -l)" $prompts "different prompts"
# seconds from each refusal to the next submission: the own pace (4 s, twice as much for each in a row, a fifth more or
# less), or what was asked for; and never two submissions without the gap
python3 - "$REQUESTS" <<'PYTHON'
import json, sys
posts = [line for line in map(json.loads, open(sys.argv[1])) if line["method"] == "POST"]
waits = [(b["time"] - a["time"], a["http"]) for a, b in zip(posts, posts[1:])]
after = [wait for wait, http in waits if http == 429]
print("waits:", *(f"{wait:.1f}" for wait in after))
least = [3.2, 6.4, 12.8, 6, 3.2, 3.2, 6, 3.2, 3.2, 3.2]
assert all(wait >= l - 0.05 for wait, l in zip(after, least)), after
assert all(wait < 2.5 * l + 3 for wait, l in zip(after, least)), after
assert min(wait for wait, _ in waits) > 0.19, min(waits)
PYTHON
umount_fs
weryaifs --check >/dev/null

# too many at once: the next one goes when a task ends, also when nothing came of it, and does not wait its 5 seconds
stop_sandbox
start_sandbox --max-active 1
mount_fs
for end in "" "[[task-fail]]"; do
    echo "an owl [[seconds=2]] $end" >"$M/FLUX/owl.txt"
    wait_state "$M/FLUX/owl.txt" "PENDING PROCESSING"
    echo "a crow $end" >"$M/FLUX/crow.txt"
    await 10 grep -q "as many as it may" "$M/FLUX/crow.status" || fail "$(status_of "$M/FLUX/crow.txt")"
    wait_state "$M/FLUX/owl.txt" "SUCCESS FAILED"
    wait_state "$M/FLUX/crow.txt" "PENDING PROCESSING SUCCESS FAILED" 2
done
umount_fs
