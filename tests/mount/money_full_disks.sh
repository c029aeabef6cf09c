#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# State and cache on disks that fill to the last byte while a prompt is on its way, runs, or waits: its task is never lost,
# nothing is sent that cannot be recorded, the status says why, results are read all the same, and all goes on by itself
# when there is room.
. "$(dirname "$0")/../lib/mount.sh"
[ "$(id -u)" = 0 ] || skip "only root can mount a small disk"
SMALL=$TEST_TMP/small
mkdir -p "$SMALL/state" "$SMALL/cache"
small_disk() { # KIND NAME
    if [ "$1" = ext4 ]; then
        truncate -s 12M "$TEST_TMP/$2.image"
        mkfs.ext4 -q -m 0 -O ^has_journal "$TEST_TMP/$2.image" 2>/dev/null && mount -o loop "$TEST_TMP/$2.image" "$SMALL/$2"
    else
        mount -t tmpfs -o size=8m tmpfs "$SMALL/$2"
    fi
}
fill() {
    local disk
    for disk in state cache; do
        # large pieces, then small ones, until none goes any more
        dd if=/dev/zero of="$SMALL/$disk/filler" bs=64K status=none 2>/dev/null || true
        dd if=/dev/zero of="$SMALL/$disk/filler2" bs=512 status=none 2>/dev/null || true
        sync -f "$SMALL/$disk"
        dd if=/dev/zero of="$SMALL/$disk/filler3" bs=512 status=none 2>/dev/null || true
        assert_eq "$(df --output=avail "$SMALL/$disk" | tail -n 1 | tr -d ' ')" 0 "room on the $disk disk"
    done
}
make_room() {
    rm -f "$SMALL"/*/filler*
}
read_it() { # FILE: whole, and the service's bytes
    reference_of "$1" "$TEST_TMP/reference"
    cmp "$1" "$TEST_TMP/reference" || fail "other bytes of $1"
}
export XDG_STATE_HOME=$SMALL/state XDG_CACHE_HOME=$SMALL/cache
FAST=$FAST,stall_timeout=3

tested=
for kind in tmpfs ext4; do
    small_disk $kind state && small_disk $kind cache || { echo "no $kind here"; continue; }
    echo "--- $kind"
    tested=$kind
    [ -z "$URL" ] || stop_sandbox
    : >"$REQUESTS"
    start_sandbox
    mount_fs

    # full when the answer to the submission comes: the task's number is on the disk, as the kill shows
    control delay=1.5
    echo "a fox on its way [[bytes=900000]]" >"$M/FLUX/way.txt"
    wait_state "$M/FLUX/way" SUBMITTING
    fill
    control delay=0
    wait_state "$M/FLUX/way" "PENDING PROCESSING SUCCESS"
    kill_fs
    # a mount on full disks works, or is refused in words; either way nothing is sent
    if said=$(weryaifs -o "$FAST" "$M" 2>&1); then
        mounted_here
        wait_state "$M/FLUX/way" "PENDING PROCESSING SUCCESS"
        kill_fs
        echo "mounts on full disks"
    else
        assert_contains "$said" "No space left on device" "refusal"
        echo "$said"
    fi
    make_room
    mount_fs
    wait_state "$M/FLUX/way" SUCCESS
    read_it "$M/FLUX/way.png"
    assert_eq "$(posts)" 1 "submissions of what was on its way"

    # full when the answer that comes is the result itself: nobody could ask for it once more
    control delay=1.5
    printf 'image: https://example.com/a.png\nimage size: 9\n' >"$M/IMAGE_TO_PROMPT/words.txt"
    wait_state "$M/IMAGE_TO_PROMPT/words" SUBMITTING
    fill
    control delay=0
    wait_state "$M/IMAGE_TO_PROMPT/words" "SUCCESS UNKNOWN"
    kill_fs
    make_room
    mount_fs
    wait_state "$M/IMAGE_TO_PROMPT/words" SUCCESS 40
    assert_eq "$(cat "$M/IMAGE_TO_PROMPT/words.text")" "a picture that somebody made" "the words"

    # full while it runs: it ends, or says why it cannot be recorded; read without room for its bytes
    echo "a fox that runs [[seconds=1]] [[bytes=900000]]" >"$M/FLUX/run.txt"
    wait_state "$M/FLUX/run" "PENDING PROCESSING"
    fill
    # a new text is refused to its writer, or waits for room; it is not sent
    more=1
    (echo "a fox without room" >"$M/FLUX/new.txt") 2>/dev/null || { echo "no room for a new prompt" && more=0; }
    ended() { state_is "$M/FLUX/run" SUCCESS || grep -q "disk" "$M/FLUX/run.status"; }
    await 20 ended || fail "neither ended, nor says why: $(status_of "$M/FLUX/run")"
    ! state_is "$M/FLUX/run" SUCCESS || read_it "$M/FLUX/run.png"
    sleep 1
    assert_eq "$(posts)" 3 "submissions while the disks are full"
    make_room
    wait_state "$M/FLUX/run" SUCCESS 40
    read_it "$M/FLUX/run.png"
    [ $more = 0 ] || wait_state "$M/FLUX/new" SUCCESS 40
    echo "a fox with room" >"$M/FLUX/new.txt"
    sent() { [ "$(posts)" -ge $((4 + more)) ]; }
    await 40 sent || fail "not sent: $(status_of "$M/FLUX/new")"
    wait_state "$M/FLUX/new" SUCCESS 40
    assert_eq "$(posts)" $((4 + more)) "submissions when there is room"

    # full while it is queued: not sent, and the reason is told
    control fault=answer-submit=6010:1:1
    echo "a fox that waits" >"$M/FLUX/wait.txt"
    await 10 grep -q "as many as it may" "$M/FLUX/wait.status" || fail "$(status_of "$M/FLUX/wait")"
    fill
    echo submit >"$M/FLUX/wait.status"
    await 20 grep -q "the state disk is full: nothing is sent that cannot be recorded" "$M/FLUX/wait.status" ||
        fail "does not say why it waits: $(status_of "$M/FLUX/wait")"
    state_is "$M/FLUX/wait" QUEUED
    sleep 1
    assert_eq "$(posts)" $((5 + more)) "submissions with a full disk, the refused one among them"
    make_room
    wait_state "$M/FLUX/wait" SUCCESS 40
    read_it "$M/FLUX/wait.png"
    assert_eq "$(posts)" $((6 + more)) posts
    umount_fs
    weryaifs --check >"$TEST_TMP/check" || fail "the account: $(cat "$TEST_TMP/check")"
    umount "$SMALL/state" "$SMALL/cache"
done
[ -n "$tested" ] || skip "no small disk could be mounted"
