#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The life of one prompt with a fault of disk or network at every call: see tests/README.md.

    fault_walk.py [--points N] [--jobs N] [--list FILE]

--points: no more than N places, spread evenly over the kinds (default: all). The last line has the numbers; exit code
0: all promises held."""
import argparse
import collections
import concurrent.futures
import errno
import os
import sys
import time
import traceback

from kill_walk import chosen, name_of, parts
from story import WAIT, live, recorded, state_of, verify
from surroundings import (COUNT, DISK, DISK_READ, FAIL, NET, SHORT, Account, Place, Server, Told,
                          Trouble)

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
        if where in ("nothing", "DRAFT", "PUBLISHED", "UNKNOWN"):
            return where
        time.sleep(0.05)
        if account.process.poll() is not None:
            raise Trouble("the daemon has ended: " + account.tail())
    told = Told(look)
    told.wait(1)
    raise Trouble(f"stays {where} when the fault is over: {told.told[-1:]} {account.tail(6)}")


def run(directory, server, kind, at):
    classes, mode, error, times = KINDS[kind]
    text = f"a red fox {os.path.basename(directory)}"
    account = Account(directory, server, "stall_timeout=2,request_timeout=4")
    account.page.order(classes, mode if at else COUNT, at, times, error)
    closed, before = False, "refused"
    stem = os.path.join(account.mount, "FLUX", "fox")
    try:
        mounted = account.start(inject=True)
        if not mounted:
            said = account.tail(3)
            account.clean()
            if account.page.orders.hits == 0 or "weryaifs: " not in said:
                raise Trouble("does not start, and does not say why: " + said)
            account.page.order()
        else:
            story = Told(live(stem, text))
            ended = story.wait(SPELL, end=False)
            calls, hits, where = account.page.orders.count, account.page.orders.hits, account.page.last()
            account.page.order()
            if not ended and not story.wait(WAIT):
                # a reader of X.wait waits for a prompt that is not going to be sent
                if recorded(account, "fox.txt") != "DRAFT":
                    raise Trouble(f"hangs after {where}: {story.told} {account.tail(6)}")
            if story.get("error") not in (None, error, errno.EIO):
                raise Trouble(f"a program got errno {story.get('error')}: {story.told}")
            closed = bool(story.get("closed"))
            before = settle(account, stem)
            if account.process.poll() is not None:
                raise Trouble("the daemon has ended: " + account.tail())
            if not account.unmount():
                raise Trouble("the clean end failed: " + account.tail())
            _, state, posts = verify(account, text, closed)
            return at, where if hits else "-", before, state, posts, calls, hits > 0
        _, state, posts = verify(account, text, False)
        return at, "at the start", before, state, posts, 0, True
    finally:
        if account.process is not None:
            account.kill()


def work(task):
    kind, points = task
    rows = []
    with Place() as place:
        server = Server(place, "--seconds", "0.1")
        for at in points:
            directory = os.path.join(place, f"{kind.replace(' ', '-')}-{at}")
            os.mkdir(directory)
            try:
                rows.append((kind, *run(directory, server, kind, at)))
            except Exception as error:
                why = error if isinstance(error, Trouble) else traceback.format_exc()
                rows.append((kind, at, "BROKEN", str(why), "", 0, 0, True))
        server.end()
    return rows


def count_calls(kind):
    rows = work((kind, [0]))
    if rows[0][2] == "BROKEN":
        sys.exit(f"without a fault: {rows[0][3]}")
    return rows[0][6]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--points", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--list", help="write every place and what came of it to this file")
    arguments = parser.parse_args()

    kinds = arguments.kind or list(KINDS)
    tasks = []
    for kind in kinds:
        wanted = arguments.points and max(1, arguments.points // len(kinds))
        tasks += [(kind, part) for part in parts(chosen(count_calls(kind), wanted), 6)]
    rows = []
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for part in pool.map(work, tasks):
            rows += part
            for kind, at, where, *rest in part:
                if where == "BROKEN":
                    print(f"BROKEN: {kind} at call {at}: {rest[0]}", flush=True)
    if arguments.list:
        with open(arguments.list, "w") as file:
            for kind, at, where, before, state, posts, *_ in rows:
                file.write(f"{kind:22}{at:5}  {before:11}{state:9}{posts} POST  {name_of(where)}\n")

    broken = [row for row in rows if row[2] == "BROKEN"]
    good = [row for row in rows if row[2] != "BROKEN"]
    for kind in kinds:
        ends = collections.Counter((row[4], row[5]) for row in good if row[0] == kind and row[7])
        print(f"{kind:22}" + ", ".join(f"{count} {state} with {posts} POST"
                                       for (state, posts), count in sorted(ends.items())))
    hit = sum(row[7] for row in good)
    print(f"fault walk: {len(rows)} runs, {hit} faults, {sum(row[5] for row in good)} POSTs, "
          f"{sum(row[5] > 1 for row in good)} sent twice, {len(broken)} broken")
    return 1 if broken or hit == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
