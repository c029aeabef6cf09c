#!/bin/bash
# SPDX-License-Identifier: MIT
# A wrong input ends INVALID with a sentence that says what is wrong, and no request is sent, not even an upload.
# wires: live seed
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.1
mount_fs
cd "$M/WAN_2_5"

# wrong NAME SENTENCE LINE...
wrong() {
    local name=$1 sentence=$2
    shift 2
    printf '%s\n' "a harbour" "$@" >"$name.txt"
    wait_state "$name" INVALID
    assert_contains "$(status_of "$name")" "error: $sentence" "status of $name"
}

echo "I am a text" >text.png
: >empty.png
truncate -s 600M huge.png
head -c 32 /dev/urandom >noise.webp
mkdir dir
wrong text "line 2: 'text.png' is no picture that the service takes but something else, whatever its name says; it takes jpg, png and webp" "image: text.png"
wrong empty "line 2: 'empty.png' is empty" "image: empty.png"
wrong huge "line 2: 'huge.png' has 629.1 MB; the service takes pictures up to 10 MB" "image: huge.png"
wrong noise "line 2: 'noise.webp' is no picture" "image: noise.webp"
wrong missing "line 2: 'nowhere.png' is not there, and no prompt here makes it. When it appears" "image: nowhere.png"
wrong missing_dir "line 2: 'no/where.png' is not there: a directory on the way is missing" "image: no/where.png"
wrong directory "line 2: 'dir' is a directory; name a file in it" "image: dir"
wrong directory2 "line 2: '..' is a directory; name a file in it" "image: .."
wrong outside "line 2: '../../../etc/passwd' leaves the mount; copy the file into it" "image: ../../../etc/passwd"
wrong outside2 "line 2: '/../etc/hostname' leaves the mount" "image: /../etc/hostname"
wrong absolute "line 2: '/etc/passwd' is not there" "image: /etc/passwd"
wrong through "line 2: 'text.png/x.png' goes through a file" "image: text.png/x.png"
wrong itself "line 2: 'itself' is what this very prompt is to make" "image: itself"
printf 'GIF89a%0100d' 0 >moving.gif
wrong gif "line 2: 'moving.gif' is no picture that the service takes but a picture (gif)" "image: moving.gif"
wrong many "line 3: 2 images: WAN_2_5 takes at most 1 here" "image: https://example.org/a.png" "image: https://example.org/b.png"
wrong other_scheme "line 2: image 'ftp://example.org/a.png' is neither an http(s) URL nor a path" "image: ftp://example.org/a.png"

# circles, of two and of three
printf 'a\nimage: b.png\n' >a.txt
printf 'b\nimage: a.png\n' >b.txt
wait_state a INVALID
wait_state b INVALID
assert_contains "$(status_of a)" "error: its inputs go in a circle: /WAN_2_5/b.txt <- /WAN_2_5/a.txt" "status of a"
assert_contains "$(status_of b)" "error: its inputs go in a circle: /WAN_2_5/a.txt <- /WAN_2_5/b.txt" "status of b"
printf 'c\nimage: e\n' >c.txt
printf 'd\nimage: c\n' >d.txt
printf 'e\nimage: d\n' >e.txt
for name in c d e; do
    wait_state $name INVALID
    assert_contains "$(status_of $name)" "its inputs go in a circle" "status of $name"
done
assert_eq "$(requests POST .)" 0 "POST requests"

# an input whose job has failed
printf 'doomed [[task-fail]]\n' >../FLUX/doomed.txt
printf 'after it\nimage: ../FLUX/doomed.png\n' >after.txt
wait_state ../FLUX/doomed FAILED
wait_state after INVALID
assert_contains "$(status_of after)" "line 2: '../FLUX/doomed.png' will not be there: /FLUX/doomed.txt ended FAILED" "status"
assert_eq "$(requests POST .)" 1 "POST requests"
cd /
umount_fs
