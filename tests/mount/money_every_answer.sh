#!/bin/bash
# SPDX-License-Identifier: MIT
# What each answer to a submission, and to a question about a task, leads to: the state, and never a second POST of
# what may have been taken.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --max-active 200
mount_fs -o max_active=200

posts_of() { # FAULT: submissions of the prompt with this marker
    jq -s --arg marker "[[$1]]" '[.[] | select(.method == "POST" and
        ((.body.prompt // "") | startswith($marker)))] | length' "$REQUESTS"
}

# expect FAULT STATE POSTS
expected=()
expect() {
    local file=$M/FLUX/$1.txt
    echo "[[$1]] a heron" >"$file"
    expected+=("$1 $2 $3")
}

# lost or unreadable: it may have been taken
for fault in reject-drop drop 500 html garbage truncated truncated=cut no-id deep huge; do
    expect "submit-$fault" UNKNOWN 1
done
# refused whole, and it would be again
for fault in 1001-param 1017 moderation code=8001 code=7777 code=1009; do
    expect "submit-$fault" FAILED 1
done
expect submit-slow=1 SUCCESS 1
# trouble with a question never leads to a submission
for fault in drop 500 html garbage truncated truncated=cut 1003 notexist; do
    expect "status-$fault*2" SUCCESS 1
done
expect status-slow=1 SUCCESS 1
expect status-weird SUCCESS 1
expect status-flip SUCCESS 1
for fault in fail fail-moderation canceled; do
    expect "task-$fault" FAILED 1
done
# made, and no address yet: it is asked on for some minutes
expect task-empty PROCESSING 1
expect bad-url SUCCESS 1
expect long-url SUCCESS 1
for fault in cdn-404-once cdn-500-once cdn-reset-once=100 cdn-html*1 cdn-empty*1 cdn-nolength cdn-norange; do
    expect "$fault" SUCCESS 1
done

for line in "${expected[@]}"; do
    read -r fault state count <<<"$line"
    wait_state "$M/FLUX/$fault.txt" "$state" 60
    assert_eq "$(posts_of "$fault")" "$count" "submissions with $fault"
    case $state in
    UNKNOWN)
        assert_contains "$(status_of "$M/FLUX/$fault")" "may have been charged" "$fault"
        await 10 grep -q 'credits\|The balance was' "$M/FLUX/$fault.status" ||
            fail "$fault: no balance: $(status_of "$M/FLUX/$fault")"
        ;;
    PROCESSING) assert_contains "$(status_of "$M/FLUX/$fault")" "gives no result yet" "$fault" ;;
    FAILED) assert_contains "$(status_of "$M/FLUX/$fault")" "error: " "$fault" ;;
    esac
done

# refused whole, and it may be repeated: waits, says why, and a person need not wait
for fault in 429 1001 1001-empty 1007 6002 6010; do
    echo "[[submit-$fault]] a heron" >"$M/FLUX/again-$fault.txt"
    waits() { [ "$(posts_of "submit-$fault")" = 1 ] && state_is "$M/FLUX/again-$fault" QUEUED; }
    await 10 waits || fail "submit-$fault: $(status_of "$M/FLUX/again-$fault")"
    assert_contains "$(status_of "$M/FLUX/again-$fault")" "warning: " "submit-$fault"
    echo submit >"$M/FLUX/again-$fault.status"
    wait_state "$M/FLUX/again-$fault.txt" SUCCESS
    assert_eq "$(posts_of "submit-$fault")" 2 "submissions with $fault"
done

# none of it is sent again by a remount
before=$(posts)
umount_fs
mount_fs -o max_active=200
for line in "${expected[@]}"; do
    read -r fault state count <<<"$line"
    wait_state "$M/FLUX/$fault.txt" "$state"
done
assert_eq "$(posts)" "$before" "submissions after a remount"
umount_fs
weryaifs --check
echo "${#expected[@]} answers, $before POSTs"
