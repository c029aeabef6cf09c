#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live live-arrays seed
# timeout: 300
# Every row of the table in tests/README.md: what is sent for a wish is what the API reference says, byte for byte.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --max-active 200 --seconds 0.05 --strict resolution,defaults
mount_fs -o max_active=200,models_refresh=0

rows=()
while IFS= read -r row; do
    rows+=("$row")
done < <(sed -n '/^| directory | prompt | endpoint | body |$/,$p' "$TEST_ROOT/tests/README.md" | grep '^| [A-Z]')
for i in "${!rows[@]}"; do
    IFS='|' read -r _ directory prompt _ <<<"${rows[i]}"
    sed 's/^ //; s/ $//; s/¶/\n/g' <<<"$prompt" >"$M/${directory// /}/wish$i.txt"
done

wrong=0
for i in "${!rows[@]}"; do
    IFS='|' read -r _ directory prompt endpoint body _ <<<"${rows[i]}"
    file=$M/${directory// /}/wish$i
    wait_state "$file" "PENDING PROCESSING SUCCESS INVALID FAILED UNKNOWN" 60
    want=$(jq -Sc . <<<"$(sed 's/^ `//; s/` $//' <<<"$body")")
    task=$(status_of "$file" | sed -n 's/^task: //p')
    # the first POST of a task is the wish: a podcast's script is followed by its voices
    sent=$(jq -nSc --arg task "${task:-none}" 'first(inputs | select(.method == "POST" and (.task // [] | index($task)))) | .body' "$REQUESTS")
    path=$(jq -nr --arg task "${task:-none}" 'first(inputs | select(.method == "POST" and (.task // [] | index($task)))) | .path' "$REQUESTS")
    if [ "$sent" != "$want" ] || [ "$path" != "/v1/generation/${endpoint// /}" ]; then
        echo "WRONG $directory:$prompt -> $path $sent"
        echo "     not                 $endpoint $want"
        status_of "$file" | grep -E "^(state|error|warning)"
        wrong=$((wrong + 1))
    fi
done
echo "${#rows[@]} wishes, $wrong wrong"
[ "${#rows[@]}" -ge 60 ] || fail "only ${#rows[@]} wishes"
assert_eq "$wrong" 0 "wrong requests"
umount_fs
