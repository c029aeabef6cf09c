#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# With dry_run a prompt is checked and its request is shown, and not one is sent.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o dry_run
prompt=$M/FLUX/fox.txt
printf 'a fox\nratio: 16:9\n' >"$prompt"
wait_state "$prompt" HELD
request=$(status_of "$prompt" | sed -n 's/^request: //p')
assert_eq "$(jq -r .prompt <<<"$request")" "a fox" "the prompt in: $request"
assert_eq "$(jq -r .aspect_ratio <<<"$request")" 16:9 "the ratio in: $request"
assert_contains "$(status_of "$prompt")" "echo submit" "what to do"

printf 'a fox\nratio: 16:10000\n' >"$M/FLUX/bad.txt"
wait_state "$M/FLUX/bad.txt" INVALID
umount_fs
mount_fs -o dry_run
wait_state "$prompt" HELD
umount_fs
assert_eq "$(posts)" 0 posts
