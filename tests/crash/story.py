# SPDX-License-Identifier: MIT
"""The life of one prompt, from open() to the bytes of its result, and what must be true of it afterwards."""
import hashlib
import os
import time

from surroundings import (DRAFT_CLOSED, DRAFT_OPEN, STATES, Told, Trouble, fetch)

WAIT = 40  # seconds, for what must happen at all


def write(path, text, tell):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    tell("opened")
    data = text.encode()
    while data:
        data = data[os.write(fd, data):]
    tell("written")
    os.close(fd)
    tell("closed")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def state_of(stem):
    with open(stem + ".status") as file:
        return file.readline().strip().removeprefix("state: ")


def finish(stem, tell):
    """Waits for the end of the job and reads all there is."""
    with open(stem + ".wait") as file:
        names = file.read().split("\n")[:-1]
    tell("results", names)
    tell("digests", [digest(os.path.join(os.path.dirname(stem), name)) for name in names])


def live(stem, text):
    """For Told: the whole life."""
    def work(tell):
        write(stem + ".txt", text, tell)
        finish(stem, tell)
    return work


def look_again(stem, wait):
    """For Told, after a remount."""
    def work(tell):
        try:
            with open(stem + ".txt") as file:
                tell("text", file.read())
        except FileNotFoundError:
            tell("nothing")
            return
        deadline = time.monotonic() + WAIT
        state = state_of(stem)
        while wait and state not in ("SUCCESS", "FAILED", "UNKNOWN", "INVALID", "HELD") and \
                time.monotonic() < deadline:
            time.sleep(0.02)
            state = state_of(stem)
        tell("state", state)
        if state == "SUCCESS":
            finish(stem, tell)
            tell("urls", [os.getxattr(os.path.join(os.path.dirname(stem), name),
                                      "user.weryai.url").decode()
                          for name in open(stem + ".wait").read().split()])
        directory = os.path.dirname(stem)
        tell("files", sorted(os.listdir(directory)))
        lost = os.path.join(directory, "..", ".weryaifs", "lost+found")
        tell("lost", sorted(os.listdir(lost)))
    return work


def recorded(account, name):
    """Where the ledger says that the prompt stands."""
    database = account.database()
    if database is None:
        return "nothing"
    try:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'node'").fetchone():
            return "nothing"
        node = database.execute("SELECT draft, job FROM node WHERE name = ? AND parent IS NOT NULL",
                                (name.encode(),)).fetchone()
        if node is None:
            return "nothing"
        if node["draft"] == DRAFT_OPEN:
            return "DRAFT"
        if node["draft"] == DRAFT_CLOSED or not node["job"]:
            return "CLOSED"
        job = database.execute("SELECT state FROM job WHERE id = ?",
                               (node["job"],)).fetchone()
        if job is None:
            raise Trouble("the prompt's job is not in the ledger")
        return STATES[job["state"]]
    finally:
        database.close()


# The table of fs/job/job.h: what a remount makes of what the ledger says, and the submissions that the server
# may have got before and after it.
AFTER = {
    "nothing": ("nothing", {0}, {0}),
    "DRAFT": ("DRAFT", {0}, {0}),
    "CLOSED": ("SUCCESS", {0}, {1}),
    "QUEUED": ("SUCCESS", {0}, {1}),
    "SUBMITTING": ("UNKNOWN", {0, 1}, {0, 1}),
    "PENDING": ("SUCCESS", {1}, {1}),
    "PROCESSING": ("SUCCESS", {1}, {1}),
    "FETCHING": ("SUCCESS", {1}, {1}),
    "SUCCESS": ("SUCCESS", {1}, {1}),
    "UNKNOWN": ("UNKNOWN", {0, 1}, {0, 1}),
}


class Twice(Trouble):
    """More submissions than could have been charged for once."""


class Lost(Trouble):
    """A text that close() took, or a result that was paid for, is not there or is another one."""


def need(true, what, kind=Trouble):
    if not true:
        raise kind(what)


def verify(account, text, closed):
    """Remounts, and compares what is there with the table. Returns (recorded state, end, submissions)."""
    stem = os.path.join(account.mount, "FLUX", "fox")
    server = account.server
    before = recorded(account, "fox.txt")
    need(before in AFTER, f"the ledger says {before}")
    end, may_before, may_after = AFTER[before]
    if before == "SUBMITTING":
        time.sleep(0.3)  # what was in the socket when the daemon was killed
    posts_before = len(server.posts(text))
    need(posts_before in may_before, f"{before} with {posts_before} submissions", Twice if posts_before > 1 else Trouble)
    need(not closed or before != "nothing", "close() had returned, and the prompt is gone", Lost)
    need(account.start(), "does not mount again: " + account.tail())
    told = Told(look_again(stem, wait=end != "DRAFT"))
    need(told.wait(WAIT + 20), f"hangs after the remount ({before}): {told.told}")
    need(told.get("error") is None, f"errno {told.get('error')} after the remount ({before}): "
         f"{told.told}")
    state = "nothing" if told.get("nothing") else told.get("state")
    posts = len(server.posts(text))
    need(posts <= 1 and posts in may_after and (end != "UNKNOWN" or posts == posts_before),
         f"{before}: {posts} submissions, {posts_before} before the remount", Twice if posts > 1 else Trouble)
    need(not closed or told.get("text") == text, f"the text is {told.get('text')!r}", Lost)
    need(state == end, f"{before} became {state}, not {end}", Lost if end == "SUCCESS" else Trouble)
    if state != "nothing":
        need(told.get("lost") == [], f"lost+found has {told.get('lost')}")
    if state == "SUCCESS":
        need(len(told.get("results")) == 1, f"results: {told.get('results')}", Lost)
        need(told.get("files") == sorted(["fox.txt", "fox.status", *told.get("results")]),
             f"files: {told.get('files')}")
        url = told.get("urls")[0]
        tasks = [task for post in server.posts(text) for task in post["task"]]
        need(any(task in url for task in tasks), f"{url} is of none of {tasks}")
        need(told.get("digests")[0] == hashlib.sha256(fetch(url)).hexdigest(),
             "the result has other bytes than the service's", Lost)
    elif state != "nothing":
        need(told.get("files") == ["fox.status", "fox.txt"], f"files: {told.get('files')}")
    need(account.unmount(), "the clean end failed: " + account.tail())
    code, said = account.check()
    need(code == 0, "weryaifs --check: " + said)
    return before, state, posts
