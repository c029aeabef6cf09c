#!/bin/bash
# SPDX-License-Identifier: MIT
# Uploads cost nothing, so they are repeated until they work or are refused for good; an address that has expired is
# noticed before it is used: a result's is renewed, or its bytes are uploaded from the cache; an upload is repeated.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.1
mount_fs
cd "$M"
uploads() {
    requests POST '/upload-file$'
}
ask() { # NAME IMAGE: a prompt with this picture
    printf '%s\nimage: %s\n' "$1" "$2" >"WAN_2_5/$1.txt"
}
body_image() {
    jq -rs --arg prompt "$1" 'map(select(.body.prompt == $prompt))[-1].body.images[0]' "$REQUESTS"
}
echo "a fox" >FLUX/fox.txt
fox=$(result_of "$M/FLUX/fox.txt")
picture() { # NAME: a picture of its own content
    cp "$fox" "$1" && head -c 100 /dev/urandom >>"$1"
}

# trouble that passes: each ends, after so many attempts, in one accepted request
for fault in upload-500 upload-1102; do
    picture FLUX/$fault.png
    before=$(uploads)
    control "fault=$fault:1:2"
    ask $fault /FLUX/$fault.png
    wait_state WAN_2_5/$fault WAITING
    await 20 grep -q "is uploaded: .*again by itself" WAN_2_5/$fault.status || fail "$(status_of WAN_2_5/$fault)"
    wait_state WAN_2_5/$fault SUCCESS 40
    assert_eq "$(($(uploads) - before))" 3 "attempts after $fault"
done

# a connection that breaks
picture FLUX/broken.png
control fault=upload-drop:1:4
ask broken /FLUX/broken.png
wait_state WAN_2_5/broken SUCCESS 40

# refused for good: nothing is sent, and only a person's word tries it again
declare -A sentences=([1014]="An input image is too large" [2004]="The service does not take the format of an input image")
for code in "${!sentences[@]}"; do
    control "fault=upload-$code:1:1"
    picture FLUX/large$code.png
    ask large$code /FLUX/large$code.png
    wait_state WAN_2_5/large$code INVALID
    assert_contains "$(status_of WAN_2_5/large$code)" "error: line 2: '/FLUX/large$code.png' ${sentences[$code]}"
    before=$(uploads)
    echo submit >WAN_2_5/large$code.status
    wait_state WAN_2_5/large$code SUCCESS
    assert_eq "$(($(uploads) - before))" 1 uploads
done
# the day's limit: waits for tomorrow, and says so
control "fault=upload-1015:1:1"
picture FLUX/tomorrow.png
ask tomorrow /FLUX/tomorrow.png
await 20 grep -q "daily limit" WAN_2_5/tomorrow.status || fail "$(status_of WAN_2_5/tomorrow)"
assert_eq "$(state_of WAN_2_5/tomorrow)" WAITING
# what is known already needs no upload, so it goes on
ask known /FLUX/large1014.png
wait_state WAN_2_5/known SUCCESS
# a person need not wait
echo submit >WAN_2_5/tomorrow.status
wait_state WAN_2_5/tomorrow SUCCESS
control "fault=upload-1015:1:1"
picture FLUX/tomorrow2.png
ask tomorrow2 /FLUX/tomorrow2.png
await 20 grep -q "daily limit" WAN_2_5/tomorrow2.status || fail "$(status_of WAN_2_5/tomorrow2)"
# killed meanwhile: the next mount tries at once
kill_fs
mount_fs
cd "$M"
wait_state WAN_2_5/tomorrow2 SUCCESS

# a result whose address has expired: the task is asked for a new one
cd /
umount_fs
stop_sandbox
start_sandbox --seconds 0.1 --cdn-expire 1
rm -rf "$HOME" && mkdir -p "$XDG_CONFIG_HOME/weryaifs"
mount_fs
cd "$M"
echo "an owl" >FLUX/owl.txt
owl=$(result_of "$M/FLUX/owl.txt")
cat "$owl" >/dev/null
old=$(getfattr --absolute-names --only-values -n user.weryai.url "$owl")
await 20 bash -c "! curl -sfo /dev/null '$old'" || fail "the address does not expire"
ask renewed /FLUX/owl.png
wait_state WAN_2_5/renewed SUCCESS
[ "$(body_image renewed)" != "$old" ] || fail "the dead address was passed on"
assert_lacks "$(body_image renewed)" /cdn/upload/

# and whose task the service has forgotten: what was read is uploaded, what was not is lost to it
echo "a heron [[lifetime=1]] [[bytes=200000]]" >FLUX/read.txt
echo "a heron [[lifetime=1]] [[bytes=200000]]" >FLUX/unread.txt
read=$(result_of "$M/FLUX/read.txt") unread=$(result_of "$M/FLUX/unread.txt")
cat "$read" >/dev/null
for file in "$read" "$unread"; do
    old=$(getfattr --absolute-names --only-values -n user.weryai.url "$file")
    await 20 bash -c "! curl -sfo /dev/null '$old'" || fail "the address does not expire"
done
ask cached /FLUX/read.png
ask lost /FLUX/unread.png
wait_state WAN_2_5/cached SUCCESS
assert_contains "$(body_image cached)" /cdn/upload/
wait_state WAN_2_5/lost INVALID
assert_contains "$(status_of WAN_2_5/lost)" "its address has expired, and not all of its bytes were fetched while it lived"
cd /
umount_fs
