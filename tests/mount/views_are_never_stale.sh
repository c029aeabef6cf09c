#!/bin/bash
# SPDX-License-Identifier: MIT
# What the kernel has cached never hides a change: after a result appears, becomes a backup or is removed, the next stat, ls and
# open are right, in the directory where it happened and through what is open.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs
cd "$M/FLUX"

# looked for in vain before, by stat, open and a listing that stays open
python3 - <<'END'
import mmap, os, subprocess

def wait(name):
    out = subprocess.run(["timeout", "60", "cat", name + ".wait"], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    return out.stdout.split()

def look():
    """What `ls -l` does, so that the kernel has all that it may keep."""
    for entry in os.scandir("."):
        entry.stat()

def put(name, text):
    look()
    with open(name + ".txt", "w") as f:
        f.write(text)

def missing(name):
    for call in os.stat, lambda n: os.open(n, os.O_RDONLY):
        try:
            call(name)
        except FileNotFoundError:
            continue
        raise AssertionError(f"{name} is there")
    assert name not in os.listdir(".")

def size_by_reading(name):
    with open(name, "rb") as f:
        return len(f.read())

for i in range(5):
    missing("fox.png")
put("fox", "a fox")
assert wait("fox") == ["fox.png"]
first = os.stat("fox.png")
assert first.st_size > 0 and "fox.png" in os.listdir(".")
old = os.open("fox.png", os.O_RDONLY)
bytes_before = os.pread(old, 1 << 20, 0)
assert len(bytes_before) == first.st_size
with mmap.mmap(old, 0, prot=mmap.PROT_READ) as m:
    assert m[:] == bytes_before, "a mapped result"

# a second run: another file under the same name, the first one under its new name
missing("fox.~1~.png")
put("fox", "a red fox")
assert wait("fox") == ["fox.png"]
second, backup = os.stat("fox.png"), os.stat("fox.~1~.png")
assert backup.st_ino == first.st_ino and backup.st_size == first.st_size, "the backup is the first"
assert second.st_ino != first.st_ino and second.st_mtime_ns > first.st_mtime_ns, "the result is another file"
assert size_by_reading("fox.png") == second.st_size
assert os.pread(old, 1 << 20, 0) == bytes_before, "what is open is what it was"
with open("fox.~1~.png", "rb") as f:
    assert f.read() == bytes_before
assert sorted(os.listdir(".")) == [".model"] * (".model" in os.listdir(".")) + [
    "fox.png", "fox.status", "fox.txt", "fox.~1~.png"], os.listdir(".")

# removed while open
os.unlink("fox.png")
missing("fox.png")
os.unlink("fox.~1~.png")
missing("fox.~1~.png")
assert os.fstat(old).st_nlink == 0
assert os.pread(old, 1 << 20, 0) == bytes_before, "a removed result is read on"
os.close(old)
put("fox", "a grey fox")
assert wait("fox") == ["fox.png"]
third = os.stat("fox.png")
assert third.st_ino not in (first.st_ino, second.st_ino) and size_by_reading("fox.png") == third.st_size

# a file of the user's takes a result's name, and gives it back
os.rename("fox.png", "kept.png")
assert os.stat("kept.png").st_ino == third.st_ino
missing("fox.png")
with open("fox.png", "w") as f:
    f.write("mine")
put("fox", "a white fox")
assert wait("fox") == ["fox-1.png"], "a name that is taken is left alone"
assert open("fox.png").read() == "mine"

# the status: what is read is what stat told of, at once after a change
for text in "an owl", "two owls", "three owls":
    put("owl", text)
    assert os.stat("owl.status").st_size == size_by_reading("owl.status")
    wait("owl")
    with open("owl.status") as f:
        assert f.readline() == "state: SUCCESS\n"
END
# nobody tells the kernel: what it keeps of a listing has gone by itself before a result changes its name
kill -STOP "$(pgrep -P "${KEEPER_PID:-$FS_PID}" -f "^weryaifs-publisher")"
echo "an eagle" >eagle.txt
wait_state eagle.txt SUCCESS
first=$(stat -c %i eagle.png)
ls -l >/dev/null
ls -l >/dev/null
echo "two eagles" >eagle.txt
wait_state eagle.txt SUCCESS
[ "$(stat -c %i eagle.png)" != "$first" ] || fail "the first result under the name of the second"
assert_eq "$(stat -c %i "eagle.~1~.png")" "$first" "the backup's inode"
kill -CONT "$(pgrep -P "${KEEPER_PID:-$FS_PID}" -f "^weryaifs-publisher")"
# nor when nothing has to settle, and the result is there before the kernel would have forgotten the name
cd /
umount_fs
mount_fs -o settle=1
cd "$M/FLUX"
kill -STOP "$(pgrep -P "${KEEPER_PID:-$FS_PID}" -f "^weryaifs-publisher")"
before=$(posts)
first=$(stat -c %i eagle.png)
ls -l >/dev/null
echo submit >eagle.status
await 10 eval '[ "$(posts)" -gt "$before" ]'
wait_state eagle.txt SUCCESS
[ "$(stat -c %i eagle.png)" != "$first" ] || fail "the result before under the name of the one that was asked for again"
# a name that is taken elsewhere takes along how long the kernel keeps it
mkdir other
ls -l >/dev/null
stat -c %i eagle.png >/dev/null
mv eagle.txt other/
mv eagle.png other/
first=$(stat -c %i other/eagle.png)
before=$(posts)
echo submit >other/eagle.status
await 10 eval '[ "$(posts)" -gt "$before" ]'
wait_state other/eagle.txt SUCCESS
[ "$(stat -c %i other/eagle.png)" != "$first" ] || fail "the result before under its name, in another directory"
kill -CONT "$(pgrep -P "${KEEPER_PID:-$FS_PID}" -f "^weryaifs-publisher")"
# who looks for a result all the time does not keep it away, not even where its prompt is gone
echo "a heron" >heron.txt
before=$(posts)
await 10 eval '[ "$(posts)" -gt "$before" ]'
rm heron.txt
await 15 eval '[ -n "$(ls -A "$M/.weryaifs/lost+found")" ]' || fail "looked for, and therefore never there"
cd /
umount_fs
