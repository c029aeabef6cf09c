#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The wall clock jumps a day forth and back while a prompt waits, runs, and is fetched: see tests/README.md.

The last line has the numbers; exit code 0: all promises held."""
import concurrent.futures
import itertools
import os
import sys
import time

from story import WAIT, finish, need, recorded, state_of, write
from surroundings import COUNT, Account, Place, Server, Told, Trouble, have_own_mounts

DAY = 24 * 3600
# what keeps the prompt where the clock finds it, and what is over afterwards
MOMENTS = {
    "QUEUED after a refusal": "submit-429=2:1:1",
    "PENDING": "status-500:1:2",
    "PENDING, its task not found": "status-notexist:1:3",
    "SUCCESS, not fetched": "cdn-404:1:6",
}


def run(place, server, moment, jump, remount):
    directory = os.path.join(place, f"{len(os.listdir(place))}")
    os.mkdir(directory)
    text = f"a clock {directory}"
    account = Account(directory, server)
    account.page.order(mode=COUNT)
    stem = os.path.join(account.mount, "FLUX", "fox")
    server.control("clear=1&fault=" + MOMENTS[moment])
    try:
        need(account.start(inject=True), "does not mount")
        need(Told(lambda tell: write(stem + ".txt", text, tell)).wait(WAIT), "hangs at the writing")
        want = moment.split()[0].rstrip(",")
        deadline = time.monotonic() + WAIT
        while (recorded(account, "fox.txt") != want or not server.posts(text)) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        account.page.orders.clock_shift = jump
        if remount:
            account.kill()
            need(account.start(inject=True), "does not mount again")
        told = Told(lambda tell: (finish(stem, tell), tell("state", state_of(stem))))
        # what a refusal asked for is waited for, at most a minute where the clock is not to be trusted
        need(told.wait(90), f"hangs: {recorded(account, 'fox.txt')} {account.tail(6)}")
        need(told.get("error") is None, f"errno {told.get('error')}: {account.tail(6)}")
        need(told.get("state") == "SUCCESS", f"ends {told.get('state')}")
        posts = len(server.posts(text))
        need(posts == (2 if moment.startswith("QUEUED") else 1), f"{posts} submissions")
        need(account.unmount(), "the clean end failed")
        return posts
    finally:
        if account.process is not None:
            account.kill()


def work(task):
    moment, jump, remount = task
    how = f"{moment}, a day {'forth' if jump > 0 else 'back'}{', remounted' if remount else ''}"
    begin = time.monotonic()
    with Place() as place:
        server = Server(place, "--seconds", "0.3")
        try:
            posts, broken = run(place, server, moment, jump, remount), False
            print(f"{how}: {time.monotonic() - begin:.1f} s", flush=True)
        except Trouble as trouble:
            posts, broken = 0, True
            print(f"BROKEN: {how}: {trouble}", flush=True)
        server.end()
    return posts, broken


def main():
    have_own_mounts()
    tasks = list(itertools.product(MOMENTS, (DAY, -DAY), (False, True)))
    with concurrent.futures.ProcessPoolExecutor(2 * os.cpu_count()) as pool:
        rows = list(pool.map(work, tasks))
    broken = sum(row[1] for row in rows)
    print(f"clock jumps: {len(rows)} runs, {sum(row[0] for row in rows)} POSTs, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
