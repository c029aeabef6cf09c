#!/bin/bash
# SPDX-License-Identifier: MIT
# With metadata = embed pictures carry prompt, model, task and settings wherever they go. Their size is right from the first look, whichever way they are
# read; what was made is still there, and a copy that comes back is the result.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o metadata=embed,settle=0.3
cd "$M/FLUX"

printf 'ratio: 16:9\na fox & a <hen>\n' >fox.txt
wait_state fox SUCCESS
size=$(stat -c %s fox.png)
assert_eq "$(wc -c <fox.png)" "$size" "bytes, and the size before they were read"
url=$(getfattr --only-values -n user.weryai.url fox.png)
curl -sf "$url" >"$TEST_TMP/original"
python3 - fox.png "$TEST_TMP/original" <<'END' || fail "the picture"
import mmap, os, random, struct, sys, zlib
import xml.etree.ElementTree as xml
seen, original = (open(name, "rb").read() for name in sys.argv[1:3])
chunks, at = [], 8
while at < len(seen):
    length, = struct.unpack(">I", seen[at:at + 4])
    body = seen[at + 4:at + 8 + length]
    assert struct.pack(">I", zlib.crc32(body)) == seen[at + 8 + length:at + 12 + length], "checksum"
    chunks.append((at, body))
    at += 12 + length
at, body = chunks[1]
assert body.startswith(b"iTXtXML:com.adobe.xmp\0\0\0\0\0"), body[:40]
assert seen[:at] + seen[at + 12 + len(body) - 4:] == original, "its own bytes are others"
text = {e.tag.split("}")[1]: "".join(e.itertext()) for e in xml.fromstring(body[26:].decode()).iter()}
assert text["description"] == "a fox & a <hen>", text
assert text["model"] == "FLUX" and text["ratio"] == "16:9" and text["task"] and "16:9" in text["request"], text
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    assert mapped[:] == seen, "mapped"
    for _ in range(200):
        start = random.randrange(len(seen) + 10)
        length = random.choice((1, 7, 40, 3000, 70000))
        assert os.pread(file.fileno(), length, start) == seen[start:start + length], (start, length)
END
if command -v exiftool >/dev/null; then
    assert_eq "$(exiftool -s3 -Prompt fox.png | tail -n1)" "ratio: 16:9.a fox & a <hen>" "exiftool: the prompt"
    assert_eq "$(exiftool -s3 -Description -Model -Ratio fox.png | tr '\n' '|')" "a fox & a <hen>|FLUX|16:9|" exiftool
    assert_eq "$(exiftool -s3 -Warning fox.png)" "" "exiftool's warnings"
fi

# bytes that the kernel asks for in pieces, of a file that is not here; and the same where it could read the cache by itself
echo "large [[bytes=5000001]]" >large.txt
wait_state large SUCCESS
url=$(getfattr --only-values -n user.weryai.url large.png)
curl -sf "$url" >"$TEST_TMP/large"
extra=$(($(stat -c %s large.png) - 5000001))
[ "$extra" -gt 500 ] || fail "a large one carries nothing"
tail -c 100000 large.png | cmp - <(tail -c 100000 "$TEST_TMP/large") || fail "its end"
dd if=large.png bs=100k skip=20 count=2 status=none | cmp - <(tail -c +$((2048001 - extra)) "$TEST_TMP/large" | head -c 204800) ||
    fail "its middle"
cp large.png "$TEST_TMP/copy"
tail -c +$((34 + extra)) "$TEST_TMP/copy" | cmp - <(tail -c +34 "$TEST_TMP/large") || fail "all of it"
cd /
umount_fs

# what was delivered stays as it is, whatever the setting says now
mount_fs -o settle=0.3
cd "$M/FLUX"
cmp large.png "$TEST_TMP/copy" || fail "another file after a remount"
assert_eq "$(stat -c %s fox.png)" "$size" "the size after a remount"
echo "a plain one" >plain.txt
wait_state plain SUCCESS
url=$(getfattr --only-values -n user.weryai.url plain.png)
curl -sf "$url" | cmp - plain.png || fail "metadata = xattr"

# thrown away and put back; the service has it no more
mkdir "$TEST_TMP/bk"
cp -a fox.txt fox.png large.txt large.png "$TEST_TMP/bk/"
before=$(posts)
control fault=cdn-404
rm fox.* large.*
cp -a "$TEST_TMP/bk/"* .
for name in fox large; do
    wait_state $name SUCCESS
    assert_eq "$(cat $name.wait)" $name.png "the wait of $name"
    cmp $name.png "$TEST_TMP/bk/$name.png" || fail "$name.png has other bytes"
    [ -n "$(getfattr --only-values -n user.weryai.task $name.png)" ] || fail "$name.png is no result"
done
assert_eq "$(ls)" $'fox.png\nfox.status\nfox.txt\nlarge.png\nlarge.status\nlarge.txt\nplain.png\nplain.status\nplain.txt' names
control clear
# removed alone, and made once more by a touch of its prompt: the same file, from the service
rm fox.png
mv fox.txt away.tmp
mv away.tmp fox.txt
wait_state fox SUCCESS
await 30 test -e fox.png
cmp fox.png "$TEST_TMP/bk/fox.png" || fail "fetched again it is another file"
assert_eq "$(posts)" "$before" POSTs

# as an input it is what was made, not what it carries; so is a copy under another name
cp fox.png copied.png
printf 'image: copied.png\nits copy\n' >next.txt
wait_state next SUCCESS
assert_eq "$(requests POST '/upload' | wc -l)" 1 "uploads"
cd /
umount_fs
