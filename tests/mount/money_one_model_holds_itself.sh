#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Ten prompts of a model that is refused, in front of ten of another: these wait for two submissions of theirs at most.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox
mount_fs -o max_active=100,submit_gap=0.05

for refusal in 1007 1006; do
    # all are ready before the first one goes: the account has no credits yet
    control clear credits=0
    for directory in FLUX QWEN; do
        for i in {0..9}; do
            echo "picture $i before $refusal" >"$M/$directory/p$i.txt"
        done
    done
    for directory in FLUX QWEN; do
        for i in {0..9}; do
            await 30 grep -q "^needs: credits" "$M/$directory/p$i.status" || fail "$(status_of "$M/$directory/p$i")"
        done
    done
    before=$(posts)
    control "fault=refuse-model=$refusal@FLUX" credits=1000
    echo submit >"$M/FLUX/p0.status"
    for i in {0..9}; do
        wait_state "$M/QWEN/p$i" SUCCESS 60
    done
    sent=$(jq -sr --argjson before "$before" \
        '[.[] | select(.method == "POST" and .body.model) | .body.model][$before:] | join(" ")' "$REQUESTS")
    echo "$refusal: $sent"
    # a submission takes its gap; the first one of the refused model tells that it is
    sent=${sent%QWEN*}QWEN
    assert_eq "$(grep -o QWEN <<<"$sent" | wc -l)" 10 "submissions of the other model"
    [ "$(grep -o FLUX <<<"$sent" | wc -l)" -le 3 ] || fail "held up by: $sent"
done
umount_fs
