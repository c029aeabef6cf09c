#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills weryaifs at every call by which it changes something while it decides what was bought before: see tests/README.md.

taken: the prompt is removed and its text written elsewhere.  back: A, then B, then A.  hashes: a ledger without the hashes of its
wishes, as older versions left it.  migration: a ledger of version 5. Nothing is sent twice, no result is lost.

The last line has the numbers; exit code 0: all promises held."""
import collections
import contextlib
import hashlib
import os
import sqlite3
import sys

import walk
from story import WAIT, Lost, Twice, finish, live, need, state_of, write
from surroundings import COUNT, DISK, FUSE, KILL, KILL_HALF, NET, ROOT, Account, Told, Trouble

KINDS = {f"{story}, {when}": (story, mode) for story in ("taken", "back", "hashes", "migration")
         for when, mode in (("before", KILL), ("within", KILL_HALF))}
OLD = os.path.join(ROOT, "tests/data/store/version5.sql")


def told(work):
    child = Told(work)
    need(child.wait(WAIT) and child.get("error") is None, f"hangs or fails: {child.told}")
    return child


def pictures(directory):
    found = {}
    for where in (directory, os.path.join(directory, "..", ".weryaifs", "lost+found")):
        for name in os.listdir(where):
            if name.endswith(".png"):
                with open(os.path.join(where, name), "rb") as file:
                    found[hashlib.sha256(file.read()).hexdigest()] = name
    return found


def prepare(account, story, text):
    """What was there before; the digests of what was bought."""
    if story == "migration":
        os.makedirs(account.state, mode=0o700)
        database = sqlite3.connect(os.path.join(account.state, "weryaifs.db"))
        with open(OLD) as file:
            database.executescript(file.read())
        database.execute("UPDATE job SET state = 10 WHERE state NOT IN (1, 4, 8, 9, 10)")    # none of them goes on
        database.commit()
        database.close()
        return []
    need(account.start(), "does not mount")
    stem = os.path.join(account.mount, "FLUX", "fox")
    bought = told(live(stem, text)).get("digests")
    if story == "back":
        bought += told(live(stem, text + "\ntake: 2\n")).get("digests")
    need(account.unmount(), "the clean end failed")
    if story == "hashes":
        database = sqlite3.connect(os.path.join(account.state, "weryaifs.db"))
        database.execute("UPDATE wish SET hash = NULL, request = NULL")
        database.execute("INSERT OR REPLACE INTO meta(key, value) VALUES('wishes_unknown', 1)")
        database.commit()
        database.close()
    return bought


def act(account, story, text):
    """For Told: what is to be recognised. May be done again."""
    directory = os.path.join(account.mount, "FLUX")
    old = os.path.join(directory, "fox")
    new = old if story == "back" else os.path.join(directory, "hen")

    def work(tell):
        if new != old:
            with contextlib.suppress(FileNotFoundError):    # any other error is one: as long as it is there, the other is a copy
                os.unlink(old + ".txt")
        write(new + ".txt", text, tell)
        finish(new, tell)
        tell("state", state_of(new))
        tell("pictures", pictures(directory))
    return work


def rows_of(account):
    """What a migration makes of each job."""
    database = account.database()
    return [tuple(row) for row in database.execute(
        "SELECT job.id, job.state, wish.hash, wish.request FROM job LEFT JOIN wish ON wish.job = job.id ORDER BY job.id")]


def look(account, story, text, bought):
    """On a mount: what was bought is there, and was bought once. Returns the submissions."""
    if story != "migration":
        done = told(act(account, story, text))
        need(done.get("state") == "SUCCESS", f"ended {done.told}", Lost)
        need(set(bought) <= set(done.get("pictures")), f"of {bought} there are {done.get('pictures')}", Lost)
        if story == "back":
            need(done.get("digests") == bought[:1], "A is another picture", Lost)
    posts = len(account.server.posts(text))
    need(posts == len(bought), f"{posts} submissions of {len(bought)}", Twice if posts > len(bought) else Trouble)
    return posts


def verify(account, story, text, bought):
    need(account.start(), "does not mount again: " + account.tail())
    posts = look(account, story, text, bought)
    clean = account.unmount()
    # unmounted before anybody has used it, it says so by its exit code
    need(clean or story == "migration", "the clean end failed: " + account.tail())
    code, said = account.check()
    need(code == 0 or story == "migration", "weryaifs --check: " + said)
    return posts


def undisturbed(account, directory):
    """The rows of a migration that nobody killed."""
    other = os.path.join(directory, "undisturbed")
    os.makedirs(other)
    calm = Account(other, account.server, "copies_after=1")
    prepare(calm, "migration", "")
    need(calm.start(), "does not migrate: " + calm.tail())
    calm.unmount()
    return rows_of(calm)


def run(directory, server, text, kind, at):
    story, mode = KINDS[kind]
    account = Account(directory, server, "copies_after=1")
    account.page.order()
    try:
        bought = prepare(account, story, text)
        account.page.order(DISK | NET | FUSE, mode if at else COUNT, at)
        if account.start(inject=True):
            child = Told(act(account, story, text) if story != "migration" else lambda tell: None)
            if not child.wait(WAIT):
                raise Trouble(f"hangs: {child.told}")
            if account.process.poll() is None and account.page.orders.hits == 0:
                account.unmount()
        calls, hit, where = account.end_injected()
        account.page.order()
        posts = verify(account, story, text, bought)
        if story == "migration":
            need(rows_of(account) == undisturbed(account, directory), "the jobs are others than without a kill", Lost)
        return walk.Row(kind, at, where, story, "SUCCESS", posts, calls, hit)
    finally:
        if account.process is not None:
            account.kill()


def describe(rows):
    for kind, count in sorted(collections.Counter(row.kind for row in rows).items()):
        print(f"{count:5} kills: {kind}")


if __name__ == "__main__":
    sys.exit(walk.main("again walk", "kills", KINDS, run, describe, __doc__))
