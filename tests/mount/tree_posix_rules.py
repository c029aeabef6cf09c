#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What POSIX and the manuals of Linux say of files, on the directory given (of a model, on a mount)."""
import ctypes
import errno
import fcntl
import mmap
import os
import stat
import struct
import subprocess
import sys
import threading
import time

base = sys.argv[1]
root = os.path.dirname(base)
libc = ctypes.CDLL(None, use_errno=True)
NOREPLACE, EXCHANGE = 1, 2
tests = []


def test(f):
    tests.append(f)
    return f


def refuses(error, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except OSError as e:
        assert e.errno == error, f"{errno.errorcode.get(e.errno)}, not {errno.errorcode[error]}"
        return
    assert False, f"no error, not {errno.errorcode[error]}"


def same(got, expected):
    assert got == expected, f"{got!r}, not {expected!r}"


def renameat2(old, new, flags):
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags) < 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def put(name, text=b""):
    with open(name, "wb", buffering=0) as f:
        f.write(text)


def get(name):
    with open(name, "rb") as f:
        return f.read()


def times(name):
    st = os.stat(name)
    return st.st_mtime_ns, st.st_ctime_ns


def tick():
    """The clock of a file system may be coarse."""
    time.sleep(0.02)


@test
def errors_of_names():
    put("file")
    os.mkdir("dir")
    put("dir/child")
    refuses(errno.ENOENT, os.stat, "none")
    refuses(errno.ENOTDIR, os.stat, "file/below")
    refuses(errno.ENAMETOOLONG, os.stat, "x" * 256)
    refuses(errno.ENAMETOOLONG, os.mkdir, "x" * 256)
    refuses(errno.ENAMETOOLONG, os.rename, "file", "x" * 256)
    refuses(errno.EEXIST, os.mkdir, "dir")
    refuses(errno.EEXIST, os.mkdir, "file")
    refuses(errno.EEXIST, os.open, "file", os.O_CREAT | os.O_EXCL)
    refuses(errno.EISDIR, os.open, "dir", os.O_WRONLY)
    refuses(errno.EISDIR, os.unlink, "dir")
    refuses(errno.ENOTDIR, os.rmdir, "file")
    refuses(errno.ENOTDIR, os.open, "file", os.O_DIRECTORY)
    refuses(errno.ENOTEMPTY, os.rmdir, "dir")
    refuses(errno.EINVAL, os.rmdir, "dir/.")
    refuses(errno.ENOTEMPTY, os.rmdir, "dir/..")
    refuses(errno.EINVAL, os.rename, "dir", "dir/below")
    refuses(errno.EISDIR, os.rename, "file", "dir")
    refuses(errno.ENOTDIR, os.rename, "dir", "file")
    os.mkdir("full")
    put("full/one")
    refuses(errno.ENOTEMPTY, os.rename, "dir", "full")
    put("a name of 255 " + "ü" * 120 + "x")
    put(b"any bytes \x01\xff\x7f*?\\\"'\n")
    assert b"any bytes \x01\xff\x7f*?\\\"'\n" in os.listdir(b".")


@test
def what_nobody_makes():
    put("file")
    for call in (os.symlink, os.link):
        refuses(errno.EPERM, call, "file", "new")
    refuses(errno.EPERM, os.mkfifo, "new")
    refuses(errno.EPERM, os.mknod, "new", stat.S_IFCHR | 0o600, os.makedev(1, 3)) if os.getuid() == 0 else None
    for name in "x.status", "x.wait":
        refuses(errno.EPERM, put, name)
        refuses(errno.EPERM, os.mkdir, name)
        refuses(errno.EPERM, os.rename, "file", name)
    refuses(errno.EPERM, os.mkdir, f"{root}/NEW")
    refuses(errno.EPERM, put, f"{root}/new.txt")
    refuses(errno.EPERM, os.rmdir, f"{root}/QWEN")
    refuses(errno.EPERM, os.rename, f"{root}/QWEN", f"{root}/OTHER")
    refuses(errno.EPERM, os.rename, f"{root}/QWEN", "qwen")
    refuses(errno.EPERM, os.rename, "file", f"{root}/file")
    refuses(errno.EPERM, put, f"{root}/.weryaifs/new")
    refuses(errno.EPERM, os.unlink, f"{root}/.weryaifs/README")
    refuses(errno.EPERM, os.mkdir, f"{root}/.weryaifs/lost+found/new")


@test
def rename_with_flags():
    put("a", b"a")
    put("b", b"b")
    refuses(errno.EEXIST, renameat2, "a", "b", NOREPLACE)
    refuses(errno.ENOENT, renameat2, "a", "none", EXCHANGE)
    refuses(errno.ENOENT, renameat2, "none", "a", 0)
    refuses(errno.EINVAL, renameat2, "a", "b", NOREPLACE | EXCHANGE)
    renameat2("a", "c", NOREPLACE)
    numbers = os.stat("c").st_ino, os.stat("b").st_ino
    renameat2("c", "b", EXCHANGE)
    same((get("c"), get("b")), (b"b", b"a"))
    same((os.stat("b").st_ino, os.stat("c").st_ino), numbers)
    os.mkdir("dir")
    renameat2("dir", "b", EXCHANGE)
    assert os.path.isdir("b") and get("dir") == b"a"
    same(os.stat(".").st_nlink, 3)
    os.rename("c", "c")
    os.mkdir("empty")
    os.rename("b", "empty")
    same(os.stat(".").st_nlink, 3)


@test
def links_and_numbers():
    same(os.stat(".").st_nlink, 2)
    os.mkdir("d")
    os.mkdir("d/e")
    same((os.stat(".").st_nlink, os.stat("d").st_nlink), (3, 3))
    number = os.stat("d/e").st_ino
    os.rename("d/e", "e")
    same((os.stat(".").st_nlink, os.stat("d").st_nlink, os.stat("e").st_ino), (4, 2, number))
    os.rmdir("e")
    same(os.stat(".").st_nlink, 3)
    listed = {e.name: e.inode() for e in os.scandir(".")}
    same(listed["d"], os.stat("d").st_ino)
    put("f")
    fd = os.open("f", os.O_RDWR)
    tick()
    before = os.fstat(fd).st_ctime_ns
    os.unlink("f")
    same(os.fstat(fd).st_nlink, 0)
    assert os.fstat(fd).st_ctime_ns > before, "unlink changes st_ctime"
    os.write(fd, b"still here")
    os.ftruncate(fd, 5)
    same(os.pread(fd, 99, 0), b"still")
    os.fchmod(fd, 0o600)
    os.close(fd)
    refuses(errno.ENOENT, os.stat, "f")


@test
def times_of_files():
    put("f", b"x")
    os.mkdir("d")
    os.utime("f", ns=(1_234_567_891, 987_654_321_123_456_789))
    st = os.stat("f")
    same((st.st_atime_ns, st.st_mtime_ns), (1_234_567_891, 987_654_321_123_456_789))
    os.utime("f", ns=(-1, -1_000_000_001))
    same(os.stat("f").st_mtime_ns, -1_000_000_001)
    os.utime("d", ns=(-1, -1_000_000_001))
    same((os.stat("d").st_atime_ns, os.stat("d").st_mtime_ns), (-1, -1_000_000_001))
    # years that we cannot tell become the nearest that we can
    for far, nearest in ((1 << 34, (1 << 63) - 1), (-1 << 34, -1 << 63)):
        os.utime("d", (far, far))
        same((os.stat("d").st_atime_ns, os.stat("d").st_mtime_ns), (nearest, nearest))
    tick()
    for change, of_content in ((lambda: put("f", b"y"), True), (lambda: os.truncate("f", 9), True),
                               (lambda: os.chmod("f", 0o600), False), (lambda: os.setxattr("f", "user.a", b"1"), False),
                               (lambda: os.rename("f", "g"), False), (lambda: os.rename("g", "f"), False)):
        name = "f" if os.path.exists("f") else "g"
        before = times(name)
        tick()
        change()
        name = "f" if os.path.exists("f") else "g"
        after = times(name)
        assert after[1] > before[1], "st_ctime goes on"
        same(after[0] != before[0], of_content)
    for change in (lambda: put("d/new"), lambda: os.rename("d/new", "d/other"), lambda: os.unlink("d/other"),
                   lambda: os.mkdir("d/e"), lambda: os.rename("d/e", "e"), lambda: os.rename("e", "d/e"),
                   lambda: os.rmdir("d/e")):
        before = times("d")
        tick()
        change()
        after = times("d")
        assert after[0] > before[0] and after[1] > before[1], "a directory's times go on"
    put("d/f", b"1")
    before = times("d")
    tick()
    put("d/f", b"2")
    os.chmod("d/f", 0o600)
    same(times("d"), before)


@test
def opening():
    put("f", b"one")
    fd = os.open("f", os.O_WRONLY | os.O_APPEND)
    other = os.open("f", os.O_WRONLY | os.O_APPEND)
    os.write(fd, b" two")
    os.write(other, b" three")
    os.write(fd, b" four")
    os.close(fd)
    os.close(other)
    same(get("f"), b"one two three four")
    os.close(os.open("f", os.O_WRONLY | os.O_TRUNC))
    same(os.stat("f").st_size, 0)
    fd = os.open("f", os.O_RDONLY)
    refuses(errno.EBADF, os.write, fd, b"x")
    os.close(fd)
    fd = os.open("f", os.O_WRONLY)
    refuses(errno.EBADF, os.read, fd, 1)
    os.close(fd)
    fd = os.open("new", os.O_CREAT | os.O_WRONLY, 0o400)
    os.write(fd, b"who makes it may write")
    os.close(fd)
    same(stat.S_IMODE(os.stat("new").st_mode), 0o400)

    def append(letter):
        for _ in range(50):
            with open("log", "ab", buffering=0) as f:
                f.write(letter * 99 + b"\n")

    threads = [threading.Thread(target=append, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    [t.start() for t in threads]
    [t.join() for t in threads]
    lines = get("log").split(b"\n")
    same(len(lines), 201)
    assert all(len(set(line)) == 1 and len(line) == 99 for line in lines[:-1]), "appends do not mix"


@test
def sparse_and_mapped():
    put("f")
    os.truncate("f", 10_000_000)
    with open("f", "r+b", buffering=0) as f:
        f.seek(5_000_000)
        f.write(b"middle")
        assert os.fstat(f.fileno()).st_blocks * 512 < 1_000_000, "holes take no room"
        same(os.pread(f.fileno(), 8, 4_999_999), b"\0middle\0")
        data = os.lseek(f.fileno(), 0, os.SEEK_DATA)
        assert 4_900_000 < data <= 5_000_000, "SEEK_DATA"
        refuses(errno.ENXIO, os.lseek, f.fileno(), 10_000_000, os.SEEK_DATA)
        os.posix_fallocate(f.fileno(), 10_000_000, 100)
        same(os.fstat(f.fileno()).st_size, 10_000_100)
        with mmap.mmap(f.fileno(), 0) as m:
            m[123:127] = b"mmap"
            m.flush()
            same(os.pread(f.fileno(), 4, 123), b"mmap")
            f.seek(200)
            f.write(b"back")
            same(m[200:204], b"back")
    same(get("f")[123:127], b"mmap")
    refuses(errno.EFBIG, os.truncate, "f", 2**63 - 1)
    refuses(errno.EINVAL, os.truncate, "f", -1)


@test
def locks():
    put("f")
    one, two = os.open("f", os.O_RDWR), os.open("f", os.O_RDWR)
    fcntl.flock(one, fcntl.LOCK_EX)
    refuses(errno.EAGAIN, fcntl.flock, two, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(one, fcntl.LOCK_UN)
    fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.lockf(one, fcntl.LOCK_EX, 10)
    script = "import fcntl, sys; f = open('f', 'r+'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 10)"
    assert subprocess.run([sys.executable, "-c", script], stderr=subprocess.DEVNULL).returncode == 1, "a lock holds"
    fcntl.lockf(one, fcntl.LOCK_UN, 10)
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0, "a lock is given back"
    os.close(one)
    os.close(two)


@test
def extended_attributes():
    for name, make in (("f", put), ("d", os.mkdir)):
        make(name)
        os.setxattr(name, "user.one", b"1")
        os.setxattr(name, "user.empty", b"")
        os.setxattr(name, "user.bytes", bytes(range(256)))
        same(os.getxattr(name, "user.bytes"), bytes(range(256)))
        refuses(errno.EEXIST, os.setxattr, name, "user.one", b"2", os.XATTR_CREATE)
        refuses(errno.ENODATA, os.setxattr, name, "user.two", b"2", os.XATTR_REPLACE)
        refuses(errno.ENODATA, os.getxattr, name, "user.none")
        refuses(errno.ENODATA, os.removexattr, name, "user.none")
        same(sorted(os.listxattr(name)), ["user.bytes", "user.empty", "user.one"])
        os.removexattr(name, "user.one")
        same(sorted(os.listxattr(name)), ["user.bytes", "user.empty"])
        os.setxattr(name, "user.weryai.state", b"SUCCESS")     # what a copy brings is dropped
        same(sorted(os.listxattr(name)), ["user.bytes", "user.empty"])
        os.rename(name, name + "2")
        same(os.getxattr(name + "2", "user.empty"), b"")
    put("p.txt", b"a fox")
    assert "user.weryai.state" in os.listxattr("p.txt"), os.listxattr("p.txt")
    state = os.getxattr("p.txt", "user.weryai.state")
    os.setxattr("p.txt", "user.weryai.state", b"nonsense")
    os.removexattr("p.txt", "user.weryai.state")
    same(os.getxattr("p.txt", "user.weryai.state"), state)
    os.setxattr("p.txt", "user.mine", b"1")
    same(os.getxattr("p.txt", "user.mine"), b"1")


@test
def listings_under_change():
    for i in range(1000):
        put(f"f{i:04}")
    seen, removed = [], set()
    with os.scandir(".") as entries:
        for number, entry in enumerate(entries):
            seen.append(entry.name)
            if number % 3 == 0:
                victim = f"f{(number * 7) % 1000:04}"
                if victim not in removed:
                    os.unlink(victim)
                    removed.add(victim)
            if number == 10:
                put("late")
    same(len(seen), len(set(seen)))
    missing = {f"f{i:04}" for i in range(1000)} - removed - set(seen)
    same(missing, set())
    same(sorted(os.listdir(".")), sorted({f"f{i:04}" for i in range(1000)} - removed | {"late"}))


class Dirent(ctypes.Structure):
    _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("reclen", ctypes.c_uint16),
                ("type", ctypes.c_uint8), ("name", ctypes.c_char * 256)]


@test
def seeking_in_listings():
    libc.opendir.restype = ctypes.c_void_p
    libc.readdir.argtypes = libc.telldir.argtypes = libc.closedir.argtypes = [ctypes.c_void_p]
    libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
    libc.readdir.restype = ctypes.POINTER(Dirent)
    libc.telldir.restype = ctypes.c_long
    for i in range(50):
        put(f"p{i}.txt", b"")
    stream = libc.opendir(b".")
    names, places = [], []
    while True:
        places.append(libc.telldir(stream))
        entry = libc.readdir(stream)
        if not entry:
            break
        names.append(entry.contents.name)
    same(len(names), 102)
    same(names[:2], [b".", b".."])
    for i in (101, 7, 0, 50, 51, 100, 1):
        libc.seekdir(stream, places[i])
        same(libc.readdir(stream).contents.name, names[i])
    os.unlink(names[9].decode()) if names[9].endswith(b".txt") else None
    libc.seekdir(stream, places[20])
    same(libc.readdir(stream).contents.name, names[20])
    libc.closedir(stream)


@test
def deep_trees():
    here = os.getcwd()
    for depth in range(150):
        os.mkdir("d" * 40)
        os.chdir("d" * 40)
    put("p.txt", b"deep")
    same(get("p.txt"), b"deep")
    for depth in range(150):
        os.chdir("..")
    same(os.getcwd(), here)
    assert subprocess.run(["rm", "-r", "d" * 40]).returncode == 0, "rm -r of a path longer than PATH_MAX"


@test
def sizes_of_the_disk():
    st = os.statvfs(".")
    assert st.f_blocks > 0 and st.f_bavail > 0 and st.f_namemax == 255 and st.f_frsize > 0
    assert subprocess.run(["df", "."], stdout=subprocess.DEVNULL).returncode == 0


@test
def handles_of_files():
    """open_by_handle_at(2), which an NFS server lives on."""
    if os.getuid() != 0:
        return
    os.mkdir("d")
    put("d/f", b"by handle")
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount_id = ctypes.c_int()
    same(libc.name_to_handle_at(-100, b"d/f", handle, ctypes.byref(mount_id), 0), 0)
    mount = os.open(".", os.O_RDONLY)
    fd = libc.open_by_handle_at(mount, handle, os.O_RDONLY)
    assert fd >= 0, os.strerror(ctypes.get_errno())
    same(os.read(fd, 99), b"by handle")
    os.close(fd)
    os.unlink("d/f")
    with open("/proc/sys/vm/drop_caches", "w") as f:
        f.write("2")
    same(libc.open_by_handle_at(mount, handle, os.O_RDONLY), -1)
    same(ctypes.get_errno(), errno.ESTALE)
    os.close(mount)


os.umask(0o022)
failed = 0
for f in tests:
    place = os.path.join(base, f.__name__)
    os.mkdir(place)
    os.chdir(place)
    try:
        f()
    except (AssertionError, OSError) as e:
        line = e.__traceback__
        while line.tb_next and line.tb_next.tb_frame.f_code.co_filename == __file__:
            line = line.tb_next
        where = e.__traceback__.tb_next.tb_lineno if e.__traceback__.tb_next else line.tb_lineno
        print(f"{f.__name__}, line {where}: {e or type(e).__name__}")
        failed += 1
    os.chdir(base)
    subprocess.run(["rm", "-rf", place], check=True)
print(f"{len(tests)} rules, {failed} broken")
sys.exit(failed != 0)
