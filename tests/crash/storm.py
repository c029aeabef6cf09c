#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prompts written by eight shells, random faults in a tenth of all answers, SIGKILLs: see tests/README.md.

    storm.py [--prompts N] [--kills N] [--seed N]

The last line has the numbers; exit code 0: all promises held."""
import argparse
import collections
import hashlib
import os
import random
import subprocess
import sys
import time
import urllib.parse

from story import need
from surroundings import DRAFT_OPEN, Account, Place, Server, Told, Trouble, fetch, have_own_mounts

SHELLS = 8
# one in ten of each kind of request meets one of these; what holds up the whole queue for seconds is rarer
FAULTS = ["submit-drop:0.03", "submit-500:0.02", "submit-truncated:0.02", "submit-no-id:0.01", "submit-slow=1:0.01",
          "submit-reject-drop:0.005", "submit-6010:0.003", "submit-429:0.002",
          "status-drop:0.03", "status-500:0.03", "status-garbage:0.02", "status-notexist:0.02",
          "cdn-404:0.03", "cdn-reset=1000:0.03", "cdn-html:0.02", "cdn-403:0.02"]
WRITER = r'''
for ((i = $1; i < $2; i += $3)); do
    file=$4/shell$1/prompt$i.txt
    # no -p: between two mounts there is an ordinary directory in this place
    until { [ -d "$4/shell$1" ] || mkdir "$4/shell$1"; } && echo "storm prompt $i" >"$file"; do sleep 0.05; done 2>/dev/null
done
'''


def rows(account, sql):
    database = account.database()
    try:
        return [tuple(row) for row in database.execute(sql)]
    finally:
        database.close()


def restart(account):
    account.process.kill()
    account.process.wait()
    account.clean()
    need(account.start(), "does not mount again: " + account.tail())


def storm(account, prompts, kills, dice):
    begin = time.monotonic()
    writers = [subprocess.Popen(["bash", "-c", WRITER, "-", str(shell), str(prompts), str(SHELLS),
                                 os.path.join(account.mount, "FLUX")]) for shell in range(SHELLS)]
    done = 0
    while done < kills:
        time.sleep(dice.uniform(0.2, 2.0))
        restart(account)
        done += 1
    for writer in writers:
        writer.wait(600)
    return time.monotonic() - begin


def submit_cut_off(account):
    """What a person does about a text whose writer was cut off: looks, and says so."""
    names = [(name.decode(), directory.decode()) for name, directory in rows(
        account, "SELECT node.name, dir.name FROM node JOIN node AS dir ON dir.ino = node.parent"
        f" WHERE node.draft = {DRAFT_OPEN} AND node.kind = 3")]

    def work(tell):
        for name, directory in names:
            stem = os.path.join(account.mount, "FLUX", directory, name.removesuffix(".txt"))
            with open(stem + ".status", "w") as file:
                file.write("submit\n")
            tell("submitted", name)
    need(Told(work).wait(60), "hangs at `echo submit`")
    return len(names)


def settle(account, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        drafts, = rows(account, "SELECT count(*) FROM node WHERE draft != 0 AND parent IS NOT NULL")[0]
        open_jobs, = rows(account, "SELECT count(*) FROM job WHERE ended = 0")[0]
        if drafts == 0 and open_jobs == 0:
            return
        time.sleep(0.5)
    raise Trouble(f"{drafts} drafts and {open_jobs} jobs never end: " + account.tail())


def read_all(account, stems):
    """Text, state, and the digest and the address of each result."""
    def work(tell):
        for stem in stems:
            path = os.path.join(account.mount, "FLUX", stem)
            with open(path + ".txt") as file:
                text = file.read()
            with open(path + ".status") as file:
                state = file.readline().strip().removeprefix("state: ")
            digest = url = None
            if state == "SUCCESS":
                with open(path + ".wait") as file:
                    result = os.path.join(os.path.dirname(path), file.readline().rstrip("\n"))
                tell("reads", result)
                with open(result, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                url = os.getxattr(result, "user.weryai.url").decode()
            tell(stem, [text, state, digest, url])
    told = Told(work)
    need(told.wait(300), f"hangs while everything is read, after {len(told.told)}")
    need(told.get("error") is None, f"errno {told.get('error')} when everything is read, after "
         f"{told.told[-2:]}")
    return dict(told.told)


def verify(account, prompts):
    posts = collections.defaultdict(list)
    for entry in account.server.posts():
        posts[entry["body"]["prompt"]].append(entry)
    stems = {f"shell{i % SHELLS}/prompt{i}": f"storm prompt {i}" for i in range(prompts)}
    found = read_all(account, stems)
    counts = collections.Counter()
    for stem, text in stems.items():
        written, state, digest, url = found[stem]
        need(written == text + "\n", f"{stem}: the text is {written!r}")
        accepted = [entry for entry in posts[text] if entry.get("task")]
        # no task was made, and the answer said so: 429, 6010
        refused = [entry for entry in posts[text]
                   if not entry.get("task") and (entry["http"] == 429 or entry.get("code") in (429, 6010))]
        others = len(posts[text]) - len(accepted) - len(refused)
        need(state in ("SUCCESS", "UNKNOWN"), f"{stem}: {state}")
        need(len(accepted) + others <= 1, f"{stem}: {len(accepted)} accepted, {others} of unknown fate")
        counts[state] += 1
        counts["accepted"] += len(accepted)
        counts["refused"] += len(refused)
        counts["POSTs"] += len(posts[text])
        if state == "SUCCESS":
            need(len(accepted) == 1, f"{stem}: SUCCESS with {len(accepted)} accepted")
            need(accepted[0]["task"][0] in url, f"{stem}: {url} is not of its task")
            need(digest == hashlib.sha256(fetch(url)).hexdigest(), f"{stem}: other bytes")
            counts["results"] += 1
        elif not posts[text]:
            counts["never left"] += 1
    need(sum(len(entries) for entries in posts.values()) == counts["POSTs"], "POSTs of no prompt")
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    have_own_mounts()
    print(f"storm: seed {arguments.seed}", flush=True)
    dice = random.Random(arguments.seed)
    with Place() as place:
        server = Server(place, "--seconds", "0.2", "--seed", str(arguments.seed))
        account = Account(place, server, "submissions_per_day=0,stall_timeout=3")
        try:
            need(account.start(), "does not mount: " + account.tail())
            server.control("&".join("fault=" + urllib.parse.quote(fault) for fault in FAULTS))
            seconds = storm(account, arguments.prompts, arguments.kills, dice)
            cut_off = 0
            for _ in range(3):
                time.sleep(1)
                cut_off += submit_cut_off(account)
            settle(account, 120 + arguments.prompts)
            server.control("clear=1")
            # downloads that failed wait longer and longer; a mount starts afresh
            restart(account)
            settle(account, 60)
            before = len(server.posts())
            restart(account)
            settle(account, 60)
            need(len(server.posts()) == before, "a remount has sent something")
            counts = verify(account, arguments.prompts)
            faults = sum(1 for entry in server.entries() if entry.get("fault"))
            need(account.unmount(), "the clean end failed")
            code, said = account.check()
            need(code == 0, said)
        except Trouble as trouble:
            print(f"BROKEN: {trouble}")
            return 1
        finally:
            if account.process is not None:
                account.kill()
            server.end()
    print(f"storm: {arguments.prompts} prompts by {SHELLS} shells in {seconds:.0f} s, {arguments.kills} kills, {faults} "
          f"faults, {counts['POSTs']} POSTs: {counts['accepted']} accepted, {counts['refused']} refused and repeated, "
          f"{counts['POSTs'] - counts['accepted'] - counts['refused']} dropped; {counts['results']} results with the "
          f"right bytes, {counts['UNKNOWN']} UNKNOWN ({counts['never left']} never left), {cut_off} cut off, 0 sent "
          "twice, 0 lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
