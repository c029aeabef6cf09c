#!/bin/bash
# SPDX-License-Identifier: MIT
# .weryaifs/gallery.html and DIR/.gallery.html show what was made, newest first, and what failed with its reason; whatever stands in prompts
# and names is text, the links lead to the files, and the size is that of the text.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs

mkdir "$M/FLUX/a set"
printf '<script>alert(1)</script> "x" ]]> &amp;\n' >"$M/FLUX/a set/#1 \"é\".txt.keep" # a plain file
mv "$M/FLUX/a set/#1 \"é\".txt.keep" "$M/FLUX/a set/1 \"é\".txt"
cat "$M/FLUX/a set/1 \"é\".wait" >/dev/null
echo "[[task-fail]] a doomed one" >"$M/FLUX/doomed.txt"
wait_state "$M/FLUX/doomed.txt" FAILED
echo "waves" >"$M/VEO_3_1/sea.txt"
cat "$M/VEO_3_1/sea.wait" >/dev/null

page=$M/.weryaifs/gallery.html
cat "$page" >"$TEST_TMP/page"
assert_eq "$(stat -c %s "$page")" "$(stat -c %s "$TEST_TMP/page")" "size of the page"
assert_eq "$(grep -c '<figure' "$TEST_TMP/page")" 3 figures
assert_contains "$(cat "$TEST_TMP/page")" '&lt;script&gt;alert(1)&lt;/script&gt; &quot;x&quot; ]]&gt; &amp;amp;'
assert_eq "$(grep -o '<script' "$TEST_TMP/page" | wc -l)" 1 "scripts: the page's own"
assert_contains "$(grep -A3 doomed "$TEST_TMP/page")" FAILED
# newest first
grep -o '<figure data-s="[A-Z]*" data-m="[A-Z0-9_]*"' "$TEST_TMP/page" | head -n 1 | grep -q VEO_3_1

# each link is a file of this mount
links_of() { # PAGE-FILE
    grep -oE '(src|href)="[^"]*"' "$1" | sed -E 's/^(src|href)="//; s/"$//' | sort -u |
        python3 -c 'import sys, urllib.parse
for line in sys.stdin: print(urllib.parse.unquote(line.rstrip("\n")))'
}
links_of "$TEST_TMP/page" >"$TEST_TMP/links"
[ "$(wc -l <"$TEST_TMP/links")" = 2 ] || fail "links: $(cat "$TEST_TMP/links")"
while read -r link; do
    [ -s "$M/.weryaifs/$link" ] || fail "no file: $link"
done <"$TEST_TMP/links"

# that of a directory has what is below it, by links from there; it is not listed, nor can it be made or written
cat "$M/FLUX/a set/.gallery.html" >"$TEST_TMP/page"
assert_eq "$(stat -c %s "$M/FLUX/a set/.gallery.html")" "$(stat -c %s "$TEST_TMP/page")" "size of a directory's page"
assert_eq "$(grep -c '<figure' "$TEST_TMP/page")" 1 "figures of the directory"
assert_eq "$(links_of "$TEST_TMP/page")" '1 "é".png' "links of the directory"
assert_eq "$(ls -A "$M/FLUX/a set" | grep -c gallery || true)" 0 "listed"
! (echo x >"$M/FLUX/a set/.gallery.html") 2>/dev/null || fail "it can be written"
! touch "$M/FLUX/b/.gallery.html" 2>/dev/null || fail "it can be made"
[ ! -e "$M/.weryaifs/gallery-2.html" ] || fail "a page with nothing on it"

# what changes is there at the next open
rm "$M/VEO_3_1/sea.mp4"
assert_eq "$(grep -c '<figure' "$page")" 2 "figures after a removal"
umount_fs
