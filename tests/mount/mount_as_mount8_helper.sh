#!/bin/bash
# SPDX-License-Identifier: MIT
# The form that mount(8) and fstab use: SOURCE MOUNTPOINT -o ..., with words that are not for us.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox

weryaifs my-pictures "$M" -o "rw,noauto,user,_netdev,x-systemd.automount,nosuid,nodev,$FAST"
mounted_here
read -r source _ type options _ < <(grep " $M " /proc/mounts)
assert_eq "$source" my-pictures "source"
assert_eq "$type" fuse.weryaifs "type"
assert_contains ",$options," ,nosuid, "options"
assert_contains ",$options," ,nodev, "options"
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox.txt" SUCCESS
umount_fs

weryaifs my-pictures "$M" -o "ro,$FAST"
mounted_here
assert_contains ",$(awk -v m="$M" '$2 == m { print $4 }' /proc/mounts)," ,ro, "options"
assert_eq "$(type_of "$M/FLUX/fox.png")" image/png
! touch "$M/FLUX/new" 2>/dev/null || fail "could write to a read-only mount"
umount_fs
