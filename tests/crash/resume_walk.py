#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills a kept weryaifs at every call by which it changes something; the next daemon goes on with the same mount, and
the program that uses it must not notice: see tests/README.md.

The last line has the numbers; exit code 0: all promises held."""
import collections
import ctypes
import errno
import hashlib
import os
import sys

import walk
from story import WAIT, Lost, Twice, finish, need, state_of, write
from surroundings import COUNT, DISK, FUSE, KILL, KILL_HALF, NET, Account, Told, Trouble, fetch

# "answer": at the kernel's requests and their answers alone: what was done and never answered must not be done again
KINDS = {"before": (DISK | NET | FUSE, KILL), "within": (DISK | NET | FUSE, KILL_HALF), "answer": (FUSE, KILL)}
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2
libc = ctypes.CDLL(None, use_errno=True)


def rename(old, new, flags):
    if libc.renameat2(-100, old.encode(), -100, new.encode(), flags) < 0:
        raise OSError(ctypes.get_errno(), old)


def use(stem, text):
    """For Told: what a program does, each step of which would fail if it were done twice, or not at all."""
    def work(tell):
        directory = os.path.dirname(stem)
        place = os.path.join(directory, "place")
        plain = os.path.join(place, "plain")
        write(stem + ".txt", text, tell)
        os.mkdir(place)
        fd = os.open(plain, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(fd, b"first ")
        os.setxattr(plain, "user.word", b"one", os.XATTR_CREATE)
        os.rename(plain, plain + "2")
        os.removexattr(plain + "2", "user.word")
        os.mknod(plain, 0o600)
        os.setxattr(plain, "user.word", b"two", os.XATTR_CREATE)
        os.setxattr(plain, "user.word", b"three", os.XATTR_REPLACE)
        rename(plain, plain + "2", RENAME_EXCHANGE)
        need(os.getxattr(plain + "2", "user.word") == b"three", "two files were not exchanged once")
        rename(plain, plain + "3", RENAME_NOREPLACE)
        rename(plain + "2", plain, RENAME_NOREPLACE)
        os.chmod(plain, 0o640)
        os.utime(plain, (1, 2))
        write(plain + "4", "a long text", tell)
        os.truncate(plain + "4", 6)
        with open(plain + "4", "a") as file:
            file.write("file")
        with open(plain + "4") as file:
            tell("cut", file.read())
        with open(plain + "4", "w") as file: # truncated again
            file.write("short")
        tell("size", os.stat(plain + "4").st_size)
        tell("times", [os.stat(plain).st_mtime, os.stat(plain).st_mode & 0o777])
        os.unlink(plain + "4")
        os.unlink(plain + "3")
        os.write(fd, b"second")
        tell("nameless", os.pread(fd, 100, 0).decode())
        finish(stem, tell)
        tell("url", os.getxattr(stem + ".png", "user.weryai.url").decode())
        os.unlink(plain)
        os.rmdir(place)
        os.close(fd)
        tell("made")
        # bought again because somebody says so, and once
        with open(stem + ".status", "w") as file:
            file.write("submit\n")
        tell("asked")
        with open(stem + ".wait") as file:
            tell("again", file.read().split("\n")[:-1])
        tell("names", sorted(os.listdir(directory)))
    return work


def look(stem):
    def work(tell):
        tell("state", state_of(stem))
    return work


def verify(account, text, told):
    """What the user of the mount was told, and what the server got. Returns (where it ended, state, submissions)."""
    stem = os.path.join(account.mount, "FLUX", "fox")
    seen = Told(look(stem))
    need(seen.wait(WAIT), "hangs when it is over")
    state, error = seen.get("state"), told.get("error")
    server = account.server
    posts = server.posts(text)
    wanted = 2 if told.get("asked") else 1
    need(len(posts) <= wanted, f"{len(posts)} submissions, {wanted} wanted: {told.told}", Twice)
    if error is not None:
        # the answer to a submission died with the daemon: the one thing that cannot be taken up again
        need(error == errno.EIO and state == "UNKNOWN", f"errno {error} with {state}: {told.told}")
        end = "again" if told.get("made") else "first"
        return end, state, len(posts)
    need(state == "SUCCESS", f"{state} without an error: {told.told}")
    need(len(posts) == wanted, f"{len(posts)} submissions, {wanted} wanted: {told.told}", Lost)
    need([told.get("cut"), told.get("size"), told.get("times")] == ["a longfile", 5, [2, 0o640]], f"setattr: {told.told}", Lost)
    need(told.get("nameless") == "first second", f"a file without a name has {told.get('nameless')!r}", Lost)
    need(told.get("results") and told.get("again"), f"no results: {told.told}", Lost)
    need(told.get("digests")[0] == hashlib.sha256(fetch(told.get("url"))).hexdigest(),
         "the result has other bytes than the service's", Lost)
    names = set(told.get("names"))
    need(len(names) == 4 and {"fox.png", "fox.status", "fox.txt"} < names, f"names: {names}")
    return "end", state, len(posts)


def run(directory, server, text, kind, at):
    """One mount, whose daemon is killed at one place."""
    account = Account(directory, server, options="keeper")
    classes, mode = KINDS[kind]
    account.page.order(classes, mode if at else COUNT, at)
    try:
        started = account.start(inject=True)
        told = Told(use(os.path.join(account.mount, "FLUX", "fox"), text)) if started else None
        if told and not told.wait(WAIT + 20):
            raise Trouble(f"hangs: {told.told} " + account.tail())
        calls, hit = account.page.orders.count, account.page.orders.hits > 0
        where = account.page.last() if hit else "-"
        if account.process.poll() is not None or (told and told.get("error") in (errno.ENOTCONN, errno.ENOENT) and account.ended(5)):
            # killed before the kernel was greeted: as a start that failed, nothing was promised to anybody
            need(not server.posts(text), "a start that failed has sent something", Twice)
            need(not told or told.told == [["error", told.get("error")]], f"ended: {told and told.told} " + account.tail())
            account.clean()
            return walk.Row(kind, at, where, "start", "-", 0, calls, hit)
        row = walk.Row(kind, at, where, *verify(account, text, told), calls, hit)
        account.page.order()  # a place that was not reached must not be met by the end of the mount
        need(account.unmount(), "the clean end failed: " + account.tail())
        code, said = account.check()
        need(code == 0, "weryaifs --check: " + said)
        return row
    finally:
        if account.process is not None:
            account.kill()


def describe(rows):
    ends = collections.Counter((row.before, row.state, row.posts) for row in rows)
    for (before, state, posts), count in sorted(ends.items()):
        print(f"{count:5} went on to {before:6} -> {state:8} {posts} POST")


if __name__ == "__main__":
    sys.exit(walk.main("resume walk", "kills", KINDS, run, describe, __doc__))
