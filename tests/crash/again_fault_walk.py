#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The histories of again_walk.py with a fault of disk or network at every call: see tests/README.md. What the fault has left undone is
done again, by the same daemon, and looked at again after a remount. Nothing is sent twice, no result is lost.

The last line has the numbers; exit code 0: all promises held."""
import collections
import errno
import sys

import again_walk
import fault_walk
import walk
from story import WAIT, Lost, need, recorded
from surroundings import COUNT, Account, Told

FAULTS = ("ENOSPC", "ENOSPC for a while", "EIO", "EIO for a while", "short write", "ETIMEDOUT for a while", "EMFILE for a while")
KINDS = {f"{story}, {fault}": (story, *fault_walk.KINDS[fault])
         for story in ("taken", "back", "hashes", "migration") for fault in FAULTS}


class Unmounted(Exception):
    """It was mounted, and has ended at its start all the same."""


def disturb(account, story, text, allowed):
    """The history, until the fault is over and nothing waits for what it has taken away."""
    child = Told(again_walk.act(account, story, text) if story != "migration" else lambda tell: None)
    ended = child.wait(fault_walk.SPELL, end=False)
    where = account.page.last()
    calls, hits = account.page.orders.count, account.page.orders.hits
    account.page.order()
    if not ended and not child.wait(WAIT):
        # a reader of X.wait waits for a prompt that is not going to be sent
        prompt = "fox.txt" if story == "back" else "hen.txt"
        need(recorded(account, prompt) == "DRAFT", f"hangs after {where}: {child.told} {account.tail(6)}")
    if child.get("error") in (errno.ENOENT, errno.ENOTCONN) and account.ended(5):
        raise Unmounted
    need(child.get("error") in allowed, f"a program got errno {child.get('error')} after {where}: {child.told}")
    return calls, hits, where


def live_on(account, story, text, bought, allowed):
    """False: it did not start, and said why."""
    try:
        found = account.start(inject=True) and disturb(account, story, text, allowed)
    except Unmounted:
        found = None
    if not found:
        account.page.order()
        said = account.tail(3)
        account.clean()
        need("weryaifs: " in said, "does not start, and does not say why: " + said)
        return 0, 1, "at the start"
    need(account.process.poll() is None, "the daemon has ended: " + account.tail())
    again_walk.look(account, story, text, bought)
    need(account.unmount() or story == "migration", "the clean end failed: " + account.tail())
    return found


def run(directory, server, text, kind, at):
    story, classes, mode, error, times = KINDS[kind]
    account = Account(directory, server, "copies_after=1,stall_timeout=2,request_timeout=4")
    account.page.order()
    try:
        bought = again_walk.prepare(account, story, text)
        account.page.order(classes, mode if at else COUNT, at, times, error)
        calls, hits, where = live_on(account, story, text, bought, (None, error, errno.EIO))
        posts = again_walk.verify(account, story, text, bought)
        if story == "migration":
            need(again_walk.rows_of(account) == again_walk.undisturbed(account, directory), "the jobs are others than without a fault", Lost)
        return walk.Row(kind, at, where if hits else "-", story, "SUCCESS", posts, calls, hits > 0)
    finally:
        if account.process is not None:
            account.kill()


def describe(rows):
    for kind, count in sorted(collections.Counter(row.kind for row in rows).items()):
        print(f"{count:5} faults: {kind}")


if __name__ == "__main__":
    sys.exit(walk.main("again fault walk", "faults", KINDS, run, describe, __doc__))
