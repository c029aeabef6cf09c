#!/bin/bash
# SPDX-License-Identifier: MIT
# What weryaifs makes can be copied twice to one name, also where root's rights do not help; writing to it is refused.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
cd "$M/FLUX"
echo "a fox" >fox.txt
cat fox.wait >/dev/null
umask 022

ordinary() {
    [ "$(id -u)" = 0 ] || { "$@"; return; }
    setpriv --bounding-set=-dac_override --inh-caps=-dac_override "$@"
}
for file in fox.png fox.status fox.wait .model .gallery.html ../.weryaifs/{README,models.json,stats,gallery.html,balance}; do
    assert_eq "$(stat -c %a "$file")" 644 "mode of $file"
    for time in first second; do
        ordinary cp "$file" "$TEST_TMP/copy" || fail "the $time copy of $file"
    done
    rm "$TEST_TMP/copy"
done

before=$(sha256sum <fox.png)
for file in fox.png fox.wait ../.weryaifs/README; do
    for write in 'echo x >"$1"' 'echo x >>"$1"' 'truncate -s 1 "$1"' 'cp fox.txt "$1"' 'dd if=fox.txt of="$1"' \
        'python3 -c "import sys; open(sys.argv[1], \"r+\")" "$1"' 'echo x | tee "$1"' 'rsync --inplace -I fox.txt "$1"'; do
        said=$(bash -c "$write" bash "$file" 2>&1 >/dev/null) && fail "written: $write to $file"
        assert_contains "$said" "Operation not permitted" "$write to $file"
    done
done
# cut short by who only reads
python3 -c 'import os; os.open("fox.png", os.O_RDONLY | os.O_TRUNC)' 2>/dev/null && fail "O_RDONLY | O_TRUNC is taken"
assert_eq "$(sha256sum <fox.png)" "$before" "the bytes"
assert_eq "$(posts)" 1 posts
cd /
umount_fs
