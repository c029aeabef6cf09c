#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A random walk of tree operations on a mount, each compared with a model in memory.

tree_random_walk.py walk DIR SEED STEPS MODEL: DIR has two directories of different models, A and B. After every step the
outcome (the errno) and the whole tree agree with the model, which is then kept in the file MODEL.
tree_random_walk.py check DIR MODEL: the tree is as the model says, for after a remount."""
import ctypes
import errno
import os
import pickle
import random
import stat
import sys

NAMES = ["a", "b", "c.txt", "d.txt", ".e.txt", "f.png", "\udcff\udcfe", "n" * 255, "w" * 248 + ".txt"]
NOREPLACE, EXCHANGE = 1, 2
libc = ctypes.CDLL(None, use_errno=True)


def renameat2(old, new, flags):
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags) < 0:
        raise OSError(ctypes.get_errno(), "rename")


class Node:
    def __init__(self, is_dir, mode):
        self.is_dir, self.mode = is_dir, mode
        self.children, self.data = {}, bytearray()
        self.xattrs, self.mtime, self.ino = {}, None, None


def is_prompt(directory, name, node):
    if any(part.startswith(".") for part in directory):
        return False  # what lies there belongs to tools
    return not node.is_dir and name.endswith(".txt") and name != ".txt" and name[0] not in ".~#"


class Model:
    def __init__(self):
        self.root = Node(True, 0o755)
        for name in "AB":
            self.root.children[name] = Node(True, 0o755)

    def find(self, path):
        node = self.root
        for name in path:
            if not node.is_dir:
                raise OSError(errno.ENOTDIR, "")
            if len(os.fsencode(name)) > 255:
                raise OSError(errno.ENAMETOOLONG, "")
            if name not in node.children:
                raise OSError(errno.ENOENT, "")
            node = node.children[name]
        return node

    def parent(self, path):
        node = self.find(path[:-1])
        if not node.is_dir:
            raise OSError(errno.ENOTDIR, "")
        return node

    def get(self, path):
        try:
            return self.find(path)
        except OSError as e:
            if e.errno == errno.ENOENT:
                self.parent(path)
                return None
            raise

    def dirs(self, node=None, path=()):
        node = node or self.root
        if path:
            yield path
        for name, child in node.children.items():
            if child.is_dir:
                yield from self.dirs(child, path + (name,))


class Walk:
    def __init__(self, base, seed):
        self.base, self.random, self.model = base, random.Random(seed), Model()
        self.counts = {}
        self.open = []  # (descriptor, node, still has a name)

    def path(self, path):
        return os.path.join(self.base, *path)

    def some_path(self):
        """Mostly something that is there, else something that may be, at times below a file or far too long."""
        there = [d + (n,) for d in self.model.dirs() for n in self.model.find(d).children]
        if there and self.random.random() < 0.6:
            return self.random.choice(there)
        directory = self.random.choice(list(self.model.dirs()))
        name = self.random.choice(NAMES)
        if self.random.random() < 0.02:
            name = "x" * 256
        path = directory + (name,)
        if self.random.random() < 0.03:
            path += ("below",)
        return path

    # each operation: what to do on the mount, and what the model says of it

    def op_write(self):
        path = self.some_path()
        how = self.random.choice(["wb", "ab", "xb", "r+b"])
        data = bytes(self.random.randrange(256) for _ in range(self.random.randrange(40)))
        at = self.random.randrange(5000)

        def real():
            with open(self.path(path), how, buffering=0) as f:
                if how == "r+b":
                    f.seek(at)
                f.write(data)

        def model():
            node = self.model.get(path)
            if node is None:
                if how == "r+b":
                    raise OSError(errno.ENOENT, "")
                node = self.model.parent(path).children[path[-1]] = Node(False, 0o644)
            elif how == "xb":
                raise OSError(errno.EEXIST, "")
            elif node.is_dir:
                raise OSError(errno.EISDIR, "")
            if how == "wb":
                node.data.clear()
            where = at if how == "r+b" else len(node.data)
            if data:
                node.data.extend(bytes(max(0, where - len(node.data))))
                node.data[where:where + len(data)] = data
            node.mtime = None

        return real, model

    def op_truncate(self):
        path, size = self.some_path(), self.random.randrange(9000)

        def model():
            node = self.model.find(path)
            if node.is_dir:
                raise OSError(errno.EISDIR, "")
            node.data[:] = node.data[:size] + bytes(max(0, size - len(node.data)))
            node.mtime = None

        return lambda: os.truncate(self.path(path), size), model

    def op_mkdir(self):
        path, mode = self.some_path(), self.random.choice([0o755, 0o700])

        def model():
            if self.model.get(path) is not None:
                raise OSError(errno.EEXIST, "")
            self.model.parent(path).children[path[-1]] = Node(True, mode)

        return lambda: os.mkdir(self.path(path), mode), model

    def op_rmdir(self):
        path = self.some_path()

        def model():
            node = self.model.find(path)
            if not node.is_dir:
                raise OSError(errno.ENOTDIR, "")
            if node.children:
                raise OSError(errno.ENOTEMPTY, "")
            del self.model.parent(path).children[path[-1]]

        return lambda: os.rmdir(self.path(path)), model

    def op_unlink(self):
        path = self.some_path()

        def model():
            node = self.model.find(path)
            if node.is_dir:
                raise OSError(errno.EISDIR, "")
            del self.model.parent(path).children[path[-1]]

        return lambda: os.unlink(self.path(path)), model

    def op_rename(self):
        old, new = self.some_path(), self.some_path()
        flags = self.random.choice([0, 0, 0, NOREPLACE, EXCHANGE])

        def model():
            for path in old, new:
                if not self.model.find(path[:-1]).is_dir:
                    raise OSError(errno.ENOTDIR, "")
            source = self.model.find(old)
            target = self.model.get(new)
            if target is not None and flags == NOREPLACE:
                raise OSError(errno.EEXIST, "")
            if target is None and flags == EXCHANGE:
                raise OSError(errno.ENOENT, "")
            if new[:len(old)] == old and len(new) > len(old):
                raise OSError(errno.EINVAL, "")
            if old[:len(new)] == new and len(old) > len(new):
                raise OSError(errno.EINVAL if flags == EXCHANGE else errno.ENOTEMPTY, "")
            if source is target:
                return
            if flags == EXCHANGE:
                self.model.parent(old).children[old[-1]] = target
                self.model.parent(new).children[new[-1]] = source
                return
            if target is not None:
                if source.is_dir and not target.is_dir:
                    raise OSError(errno.ENOTDIR, "")
                if target.is_dir and not source.is_dir:
                    raise OSError(errno.EISDIR, "")
                if target.children:
                    raise OSError(errno.ENOTEMPTY, "")
            to = self.model.parent(new)
            del self.model.parent(old).children[old[-1]]
            to.children[new[-1]] = source

        return lambda: renameat2(self.path(old), self.path(new), flags), model

    def op_chmod(self):
        path, mode = self.some_path(), self.random.choice([0o600, 0o640, 0o755, 0o444, 0o1777])
        if os.geteuid() != 0:
            mode |= 0o700  # the model knows no permissions

        def model():
            self.model.find(path).mode = mode

        return lambda: os.chmod(self.path(path), mode), model

    def op_utime(self):
        path, time = self.some_path(), self.random.randrange(-10**18, 3 * 10**18)

        def model():
            self.model.find(path).mtime = time

        return lambda: os.utime(self.path(path), ns=(0, time)), model

    def op_setxattr(self):
        path, value = self.some_path(), bytes(self.random.randrange(20))
        name = self.random.choice(["user.one", "user.two"])

        def model():
            self.model.find(path).xattrs[name] = value

        return lambda: os.setxattr(self.path(path), name, value), model

    def op_removexattr(self):
        path, name = self.some_path(), self.random.choice(["user.one", "user.two"])

        def model():
            if self.model.find(path).xattrs.pop(name, None) is None:
                raise OSError(errno.ENODATA, "")

        return lambda: os.removexattr(self.path(path), name), model

    def op_refused(self):
        """What nobody may make here."""
        directory = self.random.choice(list(self.model.dirs()))
        what = self.random.choice(["symlink", "link", "fifo", "shadow", "root"])
        place = self.path(directory + ("new",))

        def real():
            if what == "symlink":
                os.symlink("x", place)
            elif what == "fifo":
                os.mkfifo(place)
            elif what == "shadow":
                open(place + self.random.choice([".status", ".wait"]), "w")
            elif what == "root":
                os.mkdir(os.path.join(os.path.realpath(self.path(("A",))), "../../new"))
            else:
                path = self.some_path()
                os.link(self.path(path), place)

        def model():
            raise OSError(errno.EPERM, "")

        if what == "link":
            return None
        return real, model

    def op_shadow(self):
        """Removing or renaming a shadow changes nothing."""
        prompts = [(d, n) for d in self.model.dirs() for n, c in self.model.find(d).children.items()
                   if is_prompt(d, n, c) and len(n) <= 248]
        if not prompts:
            return None
        directory, name = self.random.choice(prompts)
        shadow = self.path(directory + (name[:-4] + ".status",))
        if self.random.random() < 0.5:
            return lambda: os.unlink(shadow), lambda: None
        return lambda: os.rename(shadow, self.path(directory + ("moved.status",))), lambda: None

    def op_open(self):
        """Opens something and keeps it; later it is written to, whatever has become of its name."""
        if len(self.open) > 4:
            fd, node = self.open.pop(self.random.randrange(len(self.open)))
            os.close(fd)
            return None
        path = self.some_path()

        def real():
            self.fd = os.open(self.path(path), os.O_RDWR)

        def model():
            node = self.model.find(path)
            if node.is_dir:
                raise OSError(errno.EISDIR, "")
            self.open.append((self.fd, node))

        return real, model

    def op_use_open(self):
        if not self.open:
            return None
        fd, node = self.random.choice(self.open)
        data, at = b"open", self.random.randrange(100)
        os.pwrite(fd, data, at)
        node.data.extend(bytes(max(0, at - len(node.data))))
        node.data[at:at + len(data)] = data
        node.mtime = None
        got = os.pread(fd, len(node.data) + 1, 0)
        if got != bytes(node.data):
            raise AssertionError(f"an open file has {got!r}, not {bytes(node.data)!r}")
        if os.fstat(fd).st_nlink != (1 if self.has_name(node, self.model.root) else 0):
            raise AssertionError("st_nlink of an open file")

    def has_name(self, node, directory):
        return any(c is node or (c.is_dir and self.has_name(node, c)) for c in directory.children.values())

    def step(self):
        name = self.random.choice(OPERATIONS)
        self.what = name
        pair = getattr(self, name)()
        if pair is None:
            return
        outcomes = []
        for call in pair:
            try:
                call()
                outcomes.append(0)
            except OSError as e:
                outcomes.append(e.errno)
            # the model of op_open needs what the mount has opened
            if len(outcomes) == 1 and outcomes[0] != 0 and name == "op_open":
                self.fd = None
        self.counts[name, outcomes[0] == 0] = self.counts.get((name, outcomes[0] == 0), 0) + 1
        real, model = (errno.errorcode.get(o, o) for o in outcomes)
        if real != model:
            raise AssertionError(f"{name}: the mount says {real}, the model {model}")
        if name == "op_open" and real != 0 and self.open and self.open[-1][0] is None:
            self.open.pop()


OPERATIONS = [name for name in dir(Walk) if name.startswith("op_")] + ["op_write", "op_rename"] * 3


def check(base, node, path=()):
    real = os.path.join(base, *path)
    st = os.stat(real)
    where = "/".join(path)

    def same(what, got, expected):
        if got != expected:
            raise AssertionError(f"{where!r}: {what} is {got!r}, not {expected!r}")

    same("kind", stat.S_ISDIR(st.st_mode), node.is_dir)
    if len(path) > 1:
        same("mode", stat.S_IMODE(st.st_mode), node.mode)
        if node.ino is None:
            node.ino = st.st_ino
        same("inode", st.st_ino, node.ino)
        if node.mtime is not None and not node.is_dir:
            same("mtime", st.st_mtime_ns, node.mtime)
        same("xattrs", {n: os.getxattr(real, n) for n in os.listxattr(real) if not n.startswith("user.weryai.")},
             node.xattrs)
    if not node.is_dir:
        same("size", st.st_size, len(node.data))
        same("links", st.st_nlink, 1)
        with open(real, "rb") as f:
            same("bytes", f.read(), bytes(node.data))
        return
    expected = set(node.children)
    for name, child in node.children.items():
        if path and is_prompt(path, name, child) and len(os.fsencode(name)) <= 252:
            expected.add(name[:-4] + ".status")
    if path:
        listed = os.listdir(real)
        same("names", sorted(listed), sorted(expected))
        same("links", st.st_nlink, 2 + sum(c.is_dir for c in node.children.values()))
    for name, child in node.children.items():
        check(base, child, path + (name,))


def main():
    if sys.argv[1] == "check":
        with open(sys.argv[3], "rb") as f:
            check(sys.argv[2], pickle.load(f))
        return
    base, seed, steps = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    walk = Walk(base, seed)
    for number in range(steps):
        try:
            walk.step()
            check(base, walk.model.root)
        except AssertionError as e:
            sys.exit(f"seed {seed}, step {number} ({walk.what}): {e}")
    for fd, node in walk.open:
        os.close(fd)
    with open(sys.argv[5], "wb") as f:
        pickle.dump(walk.model.root, f)
    done = {n[3:]: walk.counts.get((n, True), 0) for n in sorted(set(OPERATIONS))}
    print(f"seed {seed}: {steps} steps agree, done:", ", ".join(f"{c} {n}" for n, c in done.items()))


os.umask(0o022)
main()
