#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each way that a text comes to a place, with each state of what was there: are as many POSTs in the server's log as the model says?

  matrix.py [--sample N --seed N] [--only WORD...] [--group N]

Cells are run in groups on one mount, so that they wait together. The table is printed; the exit code is 1 where a cell differs.
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import random
import shutil
import sqlite3
import struct
import sys
import tempfile
import time
import zlib

HERE_DIR = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE_DIR, os.path.join(HERE_DIR, "..", "crash")]
import ways  # noqa: E402
from model import Model  # noqa: E402
from surroundings import DRAFT_OPEN, Account, Server, Trouble, have_own_mounts  # noqa: E402

SETTLE, COPIES = 0.4, float(os.environ.get("COPIES", 1.5))
OPTIONS = f"settle={SETTLE},copies_after={COPIES},submit_gap=0"
FINAL = ("SUCCESS", "FAILED", "UNKNOWN", "INVALID", "HELD")

# state of what is at x when the text comes: the words that bring it about, and what they are to the model
STATES = {
    "DRAFT": ("", ""), "QUEUED": ("", ""), "WAITING": ("", ""), "HELD": ("", "?"), "SUBMITTING": ("", ""),
    "PENDING": ("[[seconds=6]]", ""), "SUCCESS": ("", ""), "SUCCESS, results removed": ("", ""),
    "SUCCESS, unfetchable": ("[[cdn-404]]", "lost"), "UNKNOWN": ("[[submit-drop]]", "lost"),
    "FAILED": ("[[task-fail]]", "fail"), "FAILED, refused": ("[[submit-1002-param]]", "refused"), "INVALID": ("", "!"),
}
STATES["FAILED, refused"] = ("[[submit-moderation]]", "refused")
UNSENT = ("DRAFT", "QUEUED", "WAITING")
# what is changed round a text that stays the same, before it comes
CHANGES = {
    "changed .defaults": "", "changed configuration": "[model FLUX]\nratio = 1:1\n",
    "changed catalogue": "[model FLUX]\nratios = 1:1, 4:3, 16:9\n", "input removed": "", "input changed": "",
}
BY_REMOUNT = ("changed configuration", "changed catalogue")
VARIATIONS = ["same", "other bytes", "default spelled out", "other wish", *CHANGES]


class Cell:
    def __init__(self, number, state, way, variation, original, kill):
        self.number, self.state, self.way, self.variation = number, state, way, variation
        self.original, self.kill = original, kill
        self.words = f"cell {number} end"
        self.model = Model()
        self.trouble = None
        self.unsure = False     # may one of the submissions of the model be missing?

    def __str__(self):
        return f"{self.state} | {self.way.__name__} | {self.variation} | original {self.original}" + \
            (" | kill" if self.kill else "")

    def start(self, mount, directory, ratio):
        self.dir = f"{mount}/FLUX/c{self.number}"
        self.other_dir = f"{mount}/QWEN/c{self.number}"
        self.out = f"{directory}/out/{self.number}"
        self.x = self.dir + "/x.txt"
        for made in (self.dir, self.other_dir, self.out):
            os.makedirs(made)
        tags, kind = STATES[self.state]
        self.first = f"{self.words} {tags}".strip() + "\n"
        self.wish = kind + " a"
        if self.state == "HELD":
            self.first += "dry run: yes\n"
        elif self.state == "INVALID":
            self.first += "rato: 16:9\n"
        elif self.state == "WAITING":
            self.first += "image: /FLUX/slow.png\n"
        if self.variation.startswith("input"):
            self.first += f"image: /FLUX/c{self.number}/ref.png\n"
            put_picture(self.dir + "/ref.png", 0)
        self.text = {"same": self.first, "other bytes": "\ufeff\r\n" + self.first.replace("\n", " \r\n") + "\r\n",
                     "default spelled out": f"{self.first}ratio: {ratio}\n",
                     "other wish": self.words + " another\n"}.get(self.variation, self.first)
        ways.put(self.x, self.first)
        self.model.write("FLUX/x", self.wish)

    def new_wish(self):
        if self.variation in ("other wish", "input changed"):
            return self.wish.split()[0] + " b" if self.wish[0] != " " and self.variation == "input changed" else " b"
        return self.wish + "|" + self.variation

    def change(self):
        if self.variation == "changed .defaults":
            ways.put(self.dir + "/.defaults", "ratio: 1:1\n")
        elif self.variation == "input removed":
            os.unlink(self.dir + "/ref.png")
        elif self.variation == "input changed":
            put_picture(self.dir + "/ref.png", 255)

    def act(self):
        """The text comes."""
        self.change()
        if self.state not in UNSENT:
            self.model.settle()
        if self.state == "SUCCESS, results removed":
            for name in os.listdir(self.dir):
                if name.endswith(".png") and name != "ref.png":
                    os.unlink(f"{self.dir}/{name}")
        if self.way in ways.HERE:
            self.way(self)
            self.model.write("FLUX/x", self.new_wish())
        elif self.way in ways.MOVES:
            began = time.monotonic()
            self.way(self)
            # a rename there and back within settle is no save
            saves = self.state in UNSENT or self.way is ways.out_and_back or \
                self.way is not ways.touched and time.monotonic() - began > SETTLE / 2
            if saves:
                self.model.write("FLUX/x", self.new_wish())
            self.unsure = saves and self.state == "FAILED, refused" and self.way is not ways.out_and_back
        else:
            self.act_elsewhere()

    def act_elsewhere(self):
        gone = self.original in ("gone", "in the trash", "gone and back")
        if gone:
            if self.original == "in the trash":
                os.makedirs(self.dir + "/.Trash-0/files")
                os.rename(self.x, self.dir + "/.Trash-0/files/x.txt")
            else:
                os.unlink(self.x)
            self.model.remove("FLUX/x")
        name = self.way(self, self.text)
        if self.original == "gone and back":
            ways.put(self.x, self.first)
            self.model.write("FLUX/x", self.new_wish() if self.variation == "input changed" else self.wish)
        self.model.write("FLUX/" + name, self.new_wish())
        if self.original == "gone after":
            os.unlink(self.x)
            self.model.remove("FLUX/x")

    def prompts(self):
        return [os.path.join(where, name) for where, names, files in os.walk(self.dir)
                for name in files if name.endswith(".txt") and "/." not in where]


def put_picture(path, shade):
    """A PNG of one dot."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(bytes([0, shade]))) + chunk(b"IEND", b""))


def changes_make_sense(state, way, variation, original, kill):
    if state in ("HELD", "INVALID", "WAITING", "SUBMITTING"):
        return False
    if variation in BY_REMOUNT or variation.startswith("input"):
        # what was not sent has no input of the past; and a mount with other settings comes after the first text
        return state not in UNSENT and state != "FAILED, refused" and \
            not (variation in BY_REMOUNT and kill) and \
            not (variation == "input removed" and original in ("there", "gone and back", "gone after"))
    return True


def makes_sense(state, way, variation, original, kill):
    if variation in CHANGES and not changes_make_sense(state, way, variation, original, kill):
        return False
    # a text that is not examined again does not learn of its input
    if way in ways.MOVES and variation in ("other bytes", "default spelled out", "other wish", "input changed"):
        return False
    # what was refused is sent again by each save: how many of several saves settle is a matter of the tool's speed
    if state == "FAILED, refused" and way in (ways.git, ways.git_stash):
        return False
    # copies of what is dry or wrong are dry or wrong; and the default is spelled out in what can be sent
    if state in ("HELD", "INVALID") and variation == "default spelled out":
        return False
    # a prompt that waits has a picture of its own, whose model takes other ratios
    return not (state == "WAITING" and variation == "default spelled out")


def all_cells():
    plain = [(way, "at x") for way in ways.HERE + ways.MOVES]
    moved = list(itertools.product(ways.THERE, ways.ORIGINALS))
    cells = []
    for state, (way, original), variation, kill in itertools.product(
            STATES, plain + moved, VARIATIONS, (False, True)):
        if makes_sense(state, way, variation, original, kill):
            cells.append(Cell(len(cells), state, way, variation, original, kill))
    return cells


def state_of(prompt):
    try:
        with open(prompt[:-4] + ".status") as file:
            return file.readline().strip().removeprefix("state: ")
    except FileNotFoundError:
        return None


def await_state(cells, wanted, seconds=120):
    end = time.monotonic() + seconds
    left = list(cells)
    while left and time.monotonic() < end:
        left = [cell for cell in left if not wanted(cell, state_of(cell.x))]
        if left:
            time.sleep(0.05)
    for cell in left:
        cell.trouble = f"did not become {cell.state}: {state_of(cell.x)}"


def reached(cell, state):
    word = cell.state.split(",")[0]
    if cell.state == "SUCCESS, unfetchable":
        return state in ("PROCESSING", "SUCCESS")
    return state in ("PENDING", "PROCESSING") if word == "PENDING" else state == word


def has_ended(cell):
    for prompt in cell.prompts():
        state = state_of(prompt)
        if state is None or state in FINAL:
            continue
        with open(prompt) as file:
            if "[[cdn-404]]" in file.read() and state == "PROCESSING":
                continue
        return False
    return True


def is_quiet(cells, server, seconds):
    """Everything has ended, and nothing was sent for a while."""
    end = time.monotonic() + seconds
    sent, since = -1, 0
    while time.monotonic() < end:
        count = len(server.posts())
        if count != sent or not all(has_ended(cell) for cell in cells):
            sent, since = count, time.monotonic()
        elif time.monotonic() - since > 3 * SETTLE:
            return True
        time.sleep(0.1)
    return False


class TooFast(Exception):
    """What the cells were to wait for ended before all texts had come."""


def run_group(cells, state, kill, change):
    for patience in (0.15, 0.6, 2):
        try:
            return try_group(cells, state, kill, change, len(cells) * patience)
        except TooFast:
            cells = [Cell(cell.number, cell.state, cell.way, cell.variation, cell.original, cell.kill) for cell in cells]
    raise Trouble("too slow a machine: what runs ends before the texts have come")


def try_group(cells, state, kill, change, patience):
    directory = tempfile.mkdtemp(prefix="weryaifs-paid-", dir=os.environ.get("TEST_TMP", "/tmp"))
    server = Server(directory, "--seconds", "0.2", "--max-active", "1000")
    queued = state == "QUEUED"
    account = Account(directory, server, OPTIONS + (",max_active=1" if queued else ",max_active=500") +
                      (",stall_timeout=0.2" if "unfetch" in state else ""))
    try:
        os.makedirs(account.home + "/config/weryaifs")
        if not account.start():
            raise Trouble("does not mount: " + account.tail())
        ratio = default_ratio(account.mount)
        slow = 4 + patience
        if queued or state == "WAITING":
            ways.put(account.mount + "/FLUX/slow.txt", f"slow [[seconds={slow:.0f}]]\n")
            deadline = time.monotonic() + 20
            while state_of(account.mount + "/FLUX/slow.txt") not in ("PENDING", "PROCESSING"):
                if time.monotonic() > deadline:
                    raise Trouble("the slow one does not run")
                time.sleep(0.05)
        if state in ("DRAFT", "SUBMITTING"):
            run_one_by_one(cells, state, account, server, directory, ratio)
        else:
            for cell in cells:
                cell.start(account.mount, directory, ratio)
            await_state(cells, reached)
            if change:
                account.kill()
                ways.put(account.home + "/config/weryaifs/weryaifs.conf", CHANGES[change])
                if not account.start():
                    raise Trouble("does not mount again: " + account.tail())
            for cell in cells:
                cell.act()
        if (queued or state == "WAITING") and state_of(account.mount + "/FLUX/slow.txt") == "SUCCESS":
            raise TooFast
        if kill:
            await_closes(account)
            account.kill()
            if not account.start():
                raise Trouble("does not mount again: " + account.tail())
        if not is_quiet(cells, server, 150 + slow):
            for cell in cells:
                if not has_ended(cell):
                    cell.trouble = "does not end: " + " ".join(str(state_of(p)) for p in cell.prompts())
        judge(cells, server)
        return cells
    finally:
        account.kill()
        server.end()
        shutil.rmtree(directory, ignore_errors=True)


def await_closes(account):
    """The kernel says of a close when it has returned; a text that is open at a kill may be half a text, and is not sent."""
    deadline = time.monotonic() + 20
    is_open = True
    while is_open and time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            database = account.database()
            is_open = database.execute("SELECT 1 FROM node WHERE draft = ?", [DRAFT_OPEN]).fetchone() is not None
            database.close()
        except sqlite3.Error:
            pass  # copied while it was written


def default_ratio(mount):
    """As a dry run has it."""
    ways.put(mount + "/FLUX/dry.txt", "dry run: yes\na fox\n")
    deadline = time.monotonic() + 20
    while state_of(mount + "/FLUX/dry.txt") != "HELD":
        if time.monotonic() > deadline:
            raise Trouble("no dry run")
        time.sleep(0.05)
    with open(mount + "/FLUX/dry.status") as file:
        request = next(line for line in file if line.startswith("request: "))
    os.unlink(mount + "/FLUX/dry.txt")
    return json.loads(request.removeprefix("request: "))["aspect_ratio"]


def run_one_by_one(cells, state, account, server, directory, ratio):
    if state == "SUBMITTING":
        server.control("delay=0.7")
    for cell in cells:
        cell.start(account.mount, directory, ratio)
        if state == "SUBMITTING":
            await_state([cell], lambda cell, now: now in ("SUBMITTING", "PENDING", "PROCESSING", "SUCCESS"))
        cell.act()
    if state == "SUBMITTING":
        server.control("delay=0")


def judge(cells, server):
    counts = collections.Counter()
    for entry in server.posts():
        words = entry.get("body", {}).get("prompt", "").split(" end")[0]
        counts[words] += 1
    for cell in cells:
        cell.model.settle()
        cell.expected = len(cell.model.posts)
        cell.posted = counts[cell.words.removesuffix(" end")]
        # killed while it was sent: UNKNOWN, and nobody can say whether the request had left
        unsure = cell.unsure or cell.kill and cell.state != "UNKNOWN" and \
            any(state_of(prompt) == "UNKNOWN" for prompt in cell.prompts())
        cell.differs = cell.trouble is not None or \
            not cell.expected - unsure <= cell.posted <= cell.expected


def print_table(cells):
    rows = collections.defaultdict(lambda: [0, 0, 0])
    for cell in cells:
        row = rows[cell.state, cell.way.__name__ + ("" if cell.original == "at x" else ", original " + cell.original)]
        row[0] += 1
        row[1] += cell.posted
        row[2] += cell.differs
    print(f"{'state':26} {'way':46} cells POSTs differ")
    for (state, way), (count, posted, differ) in sorted(rows.items()):
        print(f"{state:26} {way:46} {count:5} {posted:5} {differ:6}")
    for cell in cells:
        if cell.differs:
            print(f"DIFFERS: {cell}: {cell.posted} POSTs, {cell.expected} by the model" +
                  (f" ({cell.trouble})" if cell.trouble else ""))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--group", type=int, default=60)
    arguments = parser.parse_args()
    have_own_mounts()
    cells = [cell for cell in all_cells() if all(word in str(cell) for word in arguments.only)]
    if arguments.sample and arguments.sample < len(cells):
        cells = random.Random(arguments.seed).sample(cells, arguments.sample)
    groups = collections.defaultdict(list)
    for cell in cells:
        groups[cell.state, cell.kill, cell.variation if cell.variation in BY_REMOUNT else ""].append(cell)
    # they mostly wait
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        runs = [pool.submit(run_group, members[at:at + arguments.group], *group)
                for group, members in sorted(groups.items())
                for at in range(0, len(members), arguments.group)]
        done = [cell for run in runs for cell in run.result()]
    print_table(done)
    differ = sum(cell.differs for cell in done)
    print(f"{len(done)} cells, {sum(cell.posted for cell in done)} POSTs, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
