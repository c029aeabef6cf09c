#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The life of one prompt with a fault of disk or network at every call: see tests/README.md.

The last line has the numbers; exit code 0: all promises held."""
import collections
import errno
import os
import sys
import time

import walk
from story import WAIT, live, recorded, state_of, verify
from surroundings import CACHE, COUNT, DESCRIPTOR, DISK, DISK_READ, FAIL, NET, SHORT, Account, Told, Trouble

# name: classes of calls, what happens to them, errno, how many from the chosen one on, as long as the spell lasts
KINDS = {
    "ENOSPC": (DISK, FAIL, errno.ENOSPC, 1),
    "ENOSPC for a while": (DISK, FAIL, errno.ENOSPC, 40),
    "EIO": (DISK | DISK_READ, FAIL, errno.EIO, 1),
    "EIO for a while": (DISK | DISK_READ, FAIL, errno.EIO, 40),
    "short write": (DISK, SHORT, 0, 1),
    "ECONNRESET": (NET, FAIL, errno.ECONNRESET, 1),
    "ETIMEDOUT for a while": (NET, FAIL, errno.ETIMEDOUT, 10),
    "short send": (NET, SHORT, 0, 1),
    "EMFILE": (DESCRIPTOR, FAIL, errno.EMFILE, 1),
    "EMFILE for a while": (DESCRIPTOR, FAIL, errno.EMFILE, 40),
    # from the chosen open on: it is as good as not there
    "no cache": (CACHE, FAIL, errno.EACCES, 1 << 20),
}
SPELL = 2  # seconds until a fault is over at the latest


def settle(account, stem):
    """The fault is over: the same daemon goes on until nothing is left to be done."""
    deadline = time.monotonic() + WAIT

    def look(tell):
        while time.monotonic() < deadline:
            tell("state", state_of(stem) if os.path.exists(stem + ".txt") else "nothing")
            time.sleep(0.1)

    while time.monotonic() < deadline:
        where = recorded(account, "fox.txt")
        if where in ("nothing", "DRAFT", "SUCCESS", "UNKNOWN"):
            return where
        time.sleep(0.05)
        if account.process.poll() is not None:
            raise Trouble("the daemon has ended: " + account.tail())
    told = Told(look)
    told.wait(1)
    raise Trouble(f"stays {where} when the fault is over: {told.told[-1:]} {account.tail(6)}")


def run(directory, server, text, kind, at):
    classes, mode, error, times = KINDS[kind]
    account = Account(directory, server, "stall_timeout=2,request_timeout=4")
    account.page.order(classes, mode if at else COUNT, at, times, error)
    closed, before = False, "refused"
    stem = os.path.join(account.mount, "FLUX", "fox")
    try:
        mounted = account.start(inject=True)
        story = Told(live(stem, text)) if mounted else None
        ended = mounted and story.wait(SPELL, end=False)
        # mounted for a moment, and refused then
        if ended and story.get("error") in (errno.ENOENT, errno.ENOTCONN) and account.ended(5):
            mounted = False
        if not mounted:
            said = account.tail(3)
            account.clean()
            if account.page.orders.hits == 0 or "weryaifs: " not in said:
                raise Trouble("does not start, and does not say why: " + said)
            account.page.order()
        else:
            calls, hits, where = account.page.orders.count, account.page.orders.hits, account.page.last()
            account.page.order()
            if not ended and not story.wait(WAIT):
                # a reader of X.wait waits for a prompt that is not going to be sent
                if recorded(account, "fox.txt") != "DRAFT":
                    raise Trouble(f"hangs after {where}: {story.told} {account.tail(6)}")
            excused = {None} if classes == CACHE else {None, error, errno.EIO}
            if os.environ.get("CRASH_WITH") == "EMFILE":
                excused.add(errno.EMFILE)
            if story.get("error") not in excused:
                raise Trouble(f"a program got errno {story.get('error')}: {story.told}")
            closed = bool(story.get("closed"))
            before = settle(account, stem)
            if account.process.poll() is not None:
                raise Trouble("the daemon has ended: " + account.tail())
            if not account.unmount():
                raise Trouble("the clean end failed: " + account.tail())
            _, state, posts = verify(account, text, closed)
            return walk.Row(kind, at, where if hits else "-", before, state, posts, calls, hits > 0)
        _, state, posts = verify(account, text, False)
        return walk.Row(kind, at, "at the start", before, state, posts, 0, True)
    finally:
        if account.process is not None:
            account.kill()


def describe(rows):
    for kind in KINDS:
        ends = collections.Counter((row.state, row.posts) for row in rows if row.kind == kind)
        print(f"{kind:22}" + ", ".join(f"{count} {state} with {posts} POST"
                                       for (state, posts), count in sorted(ends.items())))


if __name__ == "__main__":
    sys.exit(walk.main("fault walk", "faults", KINDS, run, describe, __doc__))
