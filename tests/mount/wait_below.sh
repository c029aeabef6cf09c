#!/bin/bash
# SPDX-License-Identifier: MIT
# DIR/.wait and .weryaifs/wait end when all prompts below have ended, tell of each, and fail where one that was on its way did.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.5
mount_fs

mkdir -p "$M/FLUX/set/deep"
echo "finished before" >"$M/FLUX/set/before.txt"
cat "$M/FLUX/set/before.wait" >/dev/null
echo "[[task-fail]] failed before" >"$M/FLUX/set/bad.txt"
wait_state "$M/FLUX/set/bad.txt" FAILED
: >"$M/FLUX/set/empty.txt"
printf 'dry run: yes\na dry one\n' >"$M/FLUX/set/dry.txt"
wait_state "$M/FLUX/set/dry.txt" HELD

# all has ended: at once, and what failed before the open is no failure of this wait
cat "$M/FLUX/set/.wait" >"$TEST_TMP/report"
assert_eq "$(sort "$TEST_TMP/report")" "$(printf '%s\n' \
    $'DRAFT\tempty.txt' $'FAILED\tbad.txt' $'HELD\tdry.txt' $'SUCCESS\tbefore.txt\tbefore.png')" report

# what settles is waited for, and what is written meanwhile, by the directory's wait and by that of the whole mount
echo "settling" >"$M/FLUX/set/deep/one.txt"
cat "$M/FLUX/set/.wait" >"$TEST_TMP/report" &
waiting=$!
timeout 60 cat "$M/.weryaifs/wait" >"$TEST_TMP/all" &
all=$!
echo "written meanwhile" >"$M/FLUX/set/two.txt"
wait $waiting
wait $all
grep -qx $'SUCCESS\tdeep/one.txt\tdeep/one.png' "$TEST_TMP/report"
grep -qx $'SUCCESS\ttwo.txt\ttwo.png' "$TEST_TMP/report"
grep -qx $'SUCCESS\tFLUX/set/deep/one.txt\tFLUX/set/deep/one.png' "$TEST_TMP/all"

# one that was on its way fails: the report is there, and then an error
echo "[[task-fail]] fails now" >"$M/FLUX/set/three.txt"
if timeout 60 cat "$M/FLUX/set/.wait" >"$TEST_TMP/report" 2>"$TEST_TMP/error"; then
    fail "the wait says that all is well"
fi
grep -qx $'FAILED\tthree.txt' "$TEST_TMP/report"
grep -q 'Input/output error' "$TEST_TMP/error"

# paths may be longer than any call takes
python3 - "$M/FLUX" <<'END'
import os, sys
os.chdir(sys.argv[1])
for _ in range(23):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
with open("far.txt", "w") as f:
    f.write("far below")
END
timeout 60 cat "$M/FLUX/"ddd*/.wait >"$TEST_TMP/report"
grep -q $'^SUCCESS\td.*/far.txt\td.*/far.png$' "$TEST_TMP/report" || fail "what is far below: $(cut -c 1-80 "$TEST_TMP/report")"
[ "$(wc -c <"$TEST_TMP/report")" -gt 8192 ] || fail "the paths are cut"

# it is not listed, cannot be written or made, and can be interrupted
assert_eq "$(ls -A "$M/FLUX/set" | grep -c '^\.wait$' || true)" 0 "listed"
assert_eq "$(ls -A "$M/.weryaifs" | grep -c '^wait$' || true)" 0 "listed"
! (echo x >"$M/FLUX/set/.wait") 2>/dev/null || fail "it can be written"
! mkdir "$M/FLUX/set/.wait" 2>/dev/null || fail "it can be made"
echo "a long one" >"$M/FLUX/set/four.txt"
code=0
timeout 0.3 cat "$M/FLUX/set/.wait" >/dev/null || code=$?
assert_eq "$code" 124 "exit code of timeout"
cat "$M/FLUX/set/four.wait" >/dev/null
umount_fs
