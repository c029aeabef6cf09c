#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills weryaifs at every call by which it changes something: see tests/README.md.

The last line has the numbers; exit code 0: all promises held."""
import collections
import os
import sys

import walk
from story import AFTER, WAIT, live, verify
from surroundings import COUNT, DISK, FUSE, KILL, KILL_HALF, NET, Account, Told, Trouble

KINDS = {"before": KILL, "within": KILL_HALF}


def run(directory, server, text, kind, at):
    """One life, killed at one place, and the next mount."""
    account = Account(directory, server)
    account.page.order(DISK | NET | FUSE, KINDS[kind] if at else COUNT, at)
    closed = False
    try:
        if account.start(inject=True):
            told = Told(live(os.path.join(account.mount, "FLUX", "fox"), text))
            if not told.wait(WAIT):
                raise Trouble(f"hangs in the first life: {told.told}")
            closed = bool(told.get("closed"))
            if account.process.poll() is None and account.page.orders.hits == 0:
                account.unmount()
        calls, hit, where = account.end_injected()
        return walk.Row(kind, at, where, *verify(account, text, closed), calls, hit)
    finally:
        if account.process is not None:
            account.kill()


def describe(rows):
    ends = collections.Counter((row.before, row.state, row.posts) for row in rows)
    for (before, state, posts), count in sorted(ends.items(), key=lambda e: list(AFTER).index(e[0][0])):
        print(f"{count:5} killed at {before:11} -> {state:8} {posts} POST")


if __name__ == "__main__":
    sys.exit(walk.main("kill walk", "kills", KINDS, run, describe, __doc__))
