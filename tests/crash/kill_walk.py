#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills weryaifs at every call by which it changes something: see tests/README.md.

    kill_walk.py [--points N] [--jobs N] [--list FILE]

--points: no more than N places, spread evenly (default: all). The last line has the numbers; exit code 0: all promises held."""
import argparse
import collections
import concurrent.futures
import os
import sys
import traceback

from story import AFTER, WAIT, live, verify
from surroundings import (COUNT, DISK, FUSE, KILL, KILL_HALF, NET, Account, Place, Server, Told, Trouble)

CLASSES = DISK | NET | FUSE
MODES = {KILL: "before", KILL_HALF: "within"}


def run(directory, server, mode, at):
    """One life, killed at one place, and the next mount. Returns a row of the list."""
    text = f"a red fox {os.path.basename(directory)}"
    account = Account(directory, server)
    account.page.order(CLASSES, mode, at)
    closed = False
    try:
        if account.start(inject=True):
            told = Told(live(os.path.join(account.mount, "FLUX", "fox"), text))
            if not told.wait(WAIT):
                raise Trouble(f"hangs in the first life: {told.told}")
            closed = bool(told.get("closed"))
            if account.process.poll() is None and account.page.orders.hits == 0:
                account.unmount()
        calls, hit = account.page.orders.count, account.page.orders.hits > 0
        where = account.page.last() if hit else "-"
        if account.process is not None:
            if not account.ended(20):
                raise Trouble("goes on after " + where)
            account.clean()
        return (at, where, *verify(account, text, closed), calls, hit)
    finally:
        if account.process is not None:
            account.kill()


def work(task):
    mode, points = task
    rows = []
    with Place() as place:
        server = Server(place, "--seconds", "0.1")
        for at in points:
            directory = os.path.join(place, f"{MODES[mode]}-{at}")
            os.mkdir(directory)
            try:
                rows.append((mode, *run(directory, server, mode, at)))
            except Exception as error:
                why = error if isinstance(error, Trouble) else traceback.format_exc()
                rows.append((mode, at, "BROKEN", str(why), "", 0, 0, True))
        server.end()
    return rows


def count_calls():
    with Place() as place:
        server = Server(place, "--seconds", "0.1")
        os.mkdir(os.path.join(place, "run"))
        row = run(os.path.join(place, "run"), server, COUNT, 0)
        server.end()
        return row[5]


def chosen(total, wanted):
    if wanted is None or wanted >= total:
        return list(range(1, total + 1))
    return sorted({1 + i * total // wanted for i in range(wanted)})


def parts(points, size):
    return [points[i:i + size] for i in range(0, len(points), size)]


def name_of(where):
    """Without what is different in each run."""
    call, _, target = where.partition(" ")
    if target.startswith("socket:"):
        target = "socket"
    if "/" in target and not target.startswith("/dev"):
        target = "/".join(target.split("/")[-2:])
    return f"{call} {target}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--points", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", help="write every place and what came of it to this file")
    arguments = parser.parse_args()

    total = count_calls() + 8  # runs differ by a few
    tasks = [(mode, part) for mode in MODES
             for part in parts(chosen(total, arguments.points and arguments.points // 2), 8)]
    rows = []
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for part in pool.map(work, tasks):
            rows += part
            for mode, at, where, *rest in part:
                if where == "BROKEN":
                    print(f"BROKEN: {MODES[mode]} call {at}: {rest[0]}", flush=True)
    if arguments.list:
        with open(arguments.list, "w") as file:
            for mode, at, where, before, state, posts, *_ in rows:
                file.write(f"{MODES[mode]:7}{at:5}  {before:11}{state:9}{posts} POST  {name_of(where)}\n")

    broken = [row for row in rows if row[2] == "BROKEN"]
    good = [row for row in rows if row[2] != "BROKEN"]
    ends = collections.Counter((row[3], row[4], row[5]) for row in good if row[7])
    for (before, state, posts), count in sorted(ends.items(), key=lambda e: list(AFTER).index(e[0][0])):
        print(f"{count:5} killed at {before:11} -> {state:8} {posts} POST")
    killed = sum(row[7] for row in good)
    print(f"kill walk: {len(rows)} runs, {killed} kills, "
          f"{len({(row[0], name_of(row[2])) for row in good if row[7]})} different places, "
          f"{sum(row[5] for row in good)} POSTs, {sum(row[5] > 1 for row in good)} sent twice, {len(broken)} broken")
    return 1 if broken or killed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
