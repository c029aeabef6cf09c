#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 200
# What was made and paid for, but cannot be fetched, is never called a failure: the others appear without it, the status
# has its address and says what to do, and `retry` fetches it again without sending anything.
# wires: live seed
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o stall_timeout=0.3 # patience with one of several is ten times this
cd "$M/FLUX"
names() { # STEM: all but the prompt and its status
    find . -name "$1*" ! -name '*.txt' ! -name '*.status' -printf '%f\n' | sort | tr '\n' ' '
}
warning_of() {
    status_of "$1" | sed -n 's/^warning: //p'
}
out_of_reach() { # STEM WHICH WHY ADDRESS
    wait_state "$1" SUCCESS 40
    assert_contains "$(warning_of "$1")" "it was made and charged, but not all of it could be fetched: result $2: $3; its address: $4" "$1"
    assert_contains "$(warning_of "$1")" "(nothing is sent): echo retry > $1.status" "$1"
    assert_lacks "$(status_of "$1")" "error: " "$1"
}

# one of several is gone for good: the others appear under their numbers
printf 'a fox [[cdn-404=2]]\nnumber: 3\n' >gone.txt
# one of two addresses is refused, and the only one
printf 'an owl [[bad-url=1]]\nnumber: 2\n' >bad.txt
echo 'an owl [[bad-url]]' >alone.txt
echo 'an owl [[long-url]]' >long.txt
out_of_reach bad "1 of 2" "its address is not one that weryaifs fetches" ftp://127.0.0.1/cdn/
assert_eq "$(cat bad.wait)" bad-2.png "bad.wait"
assert_eq "$(names bad)" "bad-2.png " files
out_of_reach alone "1 of 1" "its address is not one that weryaifs fetches" ftp://127.0.0.1/cdn/
cat alone.wait 2>/dev/null && fail "alone.wait has something to say"
out_of_reach long "1 of 1" "its address is not one that weryaifs fetches" "$URL/cdn/"
address=$(warning_of long | sed 's/.*its address: \([^ ]*\) .*/\1/')
curl -sSf -o "$TEST_TMP/long.png" "$address" || fail "the address of long is not whole"
# what waits for them is told
printf 'so\nimage: alone\n' >next.txt
wait_state next INVALID
assert_contains "$(status_of next)" "could not be fetched" next
# a new text does not wait for what the old one has made
echo 'a wolf [[cdn-404]]' >wolf.txt
await 20 grep -q "could not be fetched yet: the server answered HTTP 404" wolf.status || fail "$(status_of wolf)"
echo 'another wolf' >wolf.txt
wait_state wolf SUCCESS
out_of_reach gone "2 of 3" "the server answered HTTP 404" "$URL/cdn/"
assert_eq "$(tr '\n' ' ' <gone.wait)" "gone-1.png gone-3.png " "gone.wait"
assert_eq "$(status_of gone | sed -n 's/^results: //p')" "gone-1.png, gone-3.png" results
for file in gone-1.png gone-3.png; do
    reference_of $file "$TEST_TMP/reference"
    cmp $file "$TEST_TMP/reference" || fail "other bytes of $file"
done
assert_eq "$(posts)" 6 posts

# the same text again, and a remount, send and change nothing
cp gone.txt "$TEST_TMP/gone" && cp "$TEST_TMP/gone" gone.txt
wait_state gone SUCCESS
cd / && umount_fs && mount_fs -o stall_timeout=0.3 && cd "$M/FLUX"
out_of_reach gone "2 of 3" "the server answered HTTP 404" "$URL/cdn/"
assert_eq "$(names gone)" "gone-1.png gone-3.png " "files after a remount"

# a person asks for it again: still gone, then it is back; what the person has moved meanwhile stays there
mv gone-1.png first.png
rm gone-3.png
echo retry >gone.status
wait_state gone PROCESSING
out_of_reach gone "2 of 3" "the server answered HTTP 404" "$URL/cdn/"
assert_eq "$(names gone)" "" files
assert_eq "$(posts)" 6 "posts after retry"
cd /
kill_fs
python3 - "$XDG_STATE_HOME/weryaifs/default/weryaifs.db" <<'PYTHON'
# as if the content network had it now: its address becomes that of the first
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("UPDATE result SET url = (SELECT url FROM result AS other WHERE other.job = result.job AND other.seq = 0)"
           " WHERE ino = 0 AND size < 0 AND url LIKE '%/1.png'")
PYTHON
mount_fs -o stall_timeout=0.3
cd "$M/FLUX"
echo retry >gone.status
wait_state gone SUCCESS
assert_eq "$(warning_of gone)" "" warning
assert_eq "$(names gone)" "gone-2.png " "files when it is back"
cmp gone-2.png first.png || fail "other bytes"
assert_eq "$(posts)" 6 "posts, when all was fetched"
# and now `submit` means what it says
echo submit >gone.status
sent_again() { [ "$(posts)" = 7 ]; }
await 20 sent_again || fail "submit sends nothing"
cd /
umount_fs
weryaifs --check >"$TEST_TMP/check" || fail "the account: $(cat "$TEST_TMP/check")"
