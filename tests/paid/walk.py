#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Histories at random: are as many POSTs in the server's log, and do the results lie where the model says, after every step?

  walk.py [--histories N] [--steps N] [--seed N] [--only N] [--group N] [--jobs N]

Histories of a group share a mount: they make their steps together, each in directories of its own, and a kill hits all of
them. Steps that have to follow each other within settle and did not, since the machine was busy, end their history early (told
at the end). The exit code is 1 where a history differs; --only N repeats the one of that number, alone.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback

HERE_DIR = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE_DIR, os.path.join(HERE_DIR, "..", "crash")]
import ways  # noqa: E402
from matrix import FINAL, await_closes, state_of  # noqa: E402
from model import Model, is_dry, model_of, wish_of  # noqa: E402
from surroundings import Account, Server, Trouble, have_own_mounts  # noqa: E402

SETTLE, COPIES, SECONDS = 0.8, 1.5, 3   # jobs end when all texts of their step have been decided
APART = 0.004                           # so that two texts do not settle in the same millisecond
OPTIONS = f"settle={SETTLE},copies_after={COPIES},submit_gap=0,max_active=500,submissions_per_day=0"
MODELS = ("FLUX", "QWEN")
NAMES = ("x", "y", "d/x", "e/x")
# what a wish is made of, for the sandbox
TAGS = {"fail": "[[task-fail]]", "lost": "[[submit-drop]]", "refused": "[[submit-moderation]]"}
WISHES = ["a"] * 5 + ["b"] * 4 + ["c", "fail a", "lost a", "refused a", "", "!a", "?a"]
BYTES = ["", "|crlf", "|blanks", "|comment"]


class TooSlow(Exception):
    """Two steps that belong together were further apart than settle."""


class History:
    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.model = Model()
        self.told = []          # the steps, to be printed
        self.snapshots = [{}]   # what a check-out goes back to
        self.trash = []         # texts that were removed: (path, text)
        self.difference = None
        self.too_slow = False
        self.spare = 0

    # --- the real world ---

    def real(self, path):
        top, _, rest = path.partition("/")
        return f"{self.mount}/{top}/h{self.number}/{rest}"

    def bytes_of(self, text):
        if text == "":
            return ""
        kind, written = text.split("|")[0], text.partition("|")[2]
        words = f"h{self.number} {kind.strip('!?')} end"
        words += " " + TAGS[kind.split()[0]] if kind.split()[0] in TAGS else ""
        lines = [words] + (["rato: 16:9"] if kind[0] == "!" else ["dry run: yes"] if kind[0] == "?" else [])
        end = {"crlf": "\r\n", "blanks": "  \n"}.get(written, "\n")
        return ("# a comment\n" if written == "comment" else "") + end.join(lines) + end

    def put(self, path, text):
        data, real = self.bytes_of(text), self.real(path) + ".txt"
        way = self.random.choice(("in place", "by rename", "made anew"))
        if way != "in place" and os.path.exists(real):
            self.model.remove(path)
        if way == "made anew" and os.path.exists(real):
            os.unlink(real)
        if way == "by rename":
            ways.put(real + ".tmp", data)
            os.rename(real + ".tmp", real)
        else:
            ways.put(real, data)
        self.model.write(path, text)
        time.sleep(APART)
        return way

    def start(self, mount):
        self.mount = mount
        for model in MODELS:
            for name in NAMES:
                os.makedirs(os.path.dirname(self.real(f"{model}/{name}")), exist_ok=True)

    # --- steps: each says what it was; None: it made no sense now ---

    def any_path(self):
        return self.random.choices(MODELS, (3, 1))[0] + "/" + self.random.choice(NAMES)

    def any_prompt(self, model=None):
        there = sorted(path for path in self.model.texts if model in (None, model_of(path)))
        return self.random.choice(there) if there else None

    def write(self):
        path = self.any_path()
        text = self.random.choice(WISHES)
        text += self.random.choice(BYTES) if text and text[0] not in "!?" else ""
        return f"write {path} {text!r} {self.put(path, text)}"

    def edit(self):
        path = self.any_prompt()
        if path is None:
            return None
        text = self.random.choice([wish for wish in WISHES if wish != self.model.texts[path]])
        return f"edit {path} {text!r} {self.put(path, text)}"

    def other_bytes(self):
        path = self.any_prompt()
        wish = wish_of(self.model.texts[path]) if path else None
        if wish is None:
            return None
        text = wish + self.random.choice(BYTES)
        return f"save {path} {text!r} {self.put(path, text)}"

    def revert(self):
        """Back to what a snapshot has at that path."""
        path = self.any_prompt()
        texts = [old[path] for old in self.snapshots if path in old]
        if not texts:
            return None
        text = self.random.choice(texts)
        return f"revert {path} {text!r} {self.put(path, text)}"

    def copy(self):
        path, new = self.any_prompt(), self.any_path()
        if path is None or path == new:
            return None
        return f"copy {path} {new} {self.put(new, self.model.texts[path])}"

    def move(self):
        path, new = self.any_prompt(), self.any_path()
        if path is None or path == new:
            return None
        os.rename(self.real(path) + ".txt", self.real(new) + ".txt")
        self.model.move(path, new)
        time.sleep(APART)
        return f"move {path} {new}"

    def exchange(self):
        one = self.any_prompt()
        two = self.any_prompt(model_of(one)) if one else None
        if one is None or one == two:
            return None
        ways.exchange(self.real(one) + ".txt", self.real(two) + ".txt")
        self.model.exchange(one, two)
        return f"exchange {one} {two}"

    def remove(self):
        path = self.any_prompt()
        if path is None:
            return None
        self.trash.append((path, self.model.texts[path]))
        os.unlink(self.real(path) + ".txt")
        self.model.remove(path)
        return f"remove {path}"

    def restore(self):
        if not self.trash:
            return None
        path, text = self.trash.pop()
        if self.random.random() < 0.3:
            path = self.any_path()
        return f"restore {path} {text!r} {self.put(path, text)}"

    def check_out(self):
        """git: what is not in the tree goes, what differs is removed and made anew."""
        tree = self.random.choice(self.snapshots)
        for path in sorted(self.model.texts):
            if path not in tree:
                os.unlink(self.real(path) + ".txt")
                self.model.remove(path)
        for path in sorted(tree):
            if self.model.texts.get(path) != tree[path]:
                self.put(path, tree[path])
        return f"check out {tree}"

    def other_model(self):
        path = self.any_prompt()
        if path is None:
            return None
        new = {"FLUX": "QWEN", "QWEN": "FLUX"}[model_of(path)] + path[4:]
        os.rename(self.real(path) + ".txt", self.real(new) + ".txt")
        self.model.move(path, new)
        time.sleep(APART)
        return f"move {path} {new}"

    def move_directory(self):
        model, (old, new) = self.random.choice(MODELS), self.random.sample(("d", "e", "f"), 2)
        if not os.path.isdir(self.real(f"{model}/{old}")):
            return None
        if os.path.isdir(self.real(f"{model}/{new}")):
            ways.exchange(self.real(f"{model}/{old}"), self.real(f"{model}/{new}"))
            self.model.exchange_directories(f"{model}/{old}", f"{model}/{new}")
            return f"exchange {model}/{old} {model}/{new}"
        os.rename(self.real(f"{model}/{old}"), self.real(f"{model}/{new}"))
        os.rename(self.real(f"{model}/{new}"), self.real(f"{model}/{old}"))
        return f"move {model}/{old} away and back"

    def command(self, path, word):
        wish = wish_of(self.model.texts[path]) if path else None
        if wish is None:
            return None
        with open(self.real(path) + ".status", "w") as file:
            file.write(word + "\n")
        getattr(self.model, word)(path)
        return f"{word} {path}"

    def submit(self):
        return self.command(self.any_prompt(), "submit")

    def retry(self):
        path = self.any_prompt()
        if path is None or path in self.model.changed:
            return None
        return self.command(path, "retry")

    def remove_result(self):
        there = sorted(name for name in self.model.files if not name.startswith("lost+found"))
        if not there:
            return None
        name = self.random.choice(there)
        os.unlink(self.real(name))
        self.model.remove_result(name)
        return f"remove {name}"

    def move_result(self):
        there = sorted(name for name in self.model.files if not name.startswith("lost+found"))
        if not there:
            return None
        name = self.random.choice(there)
        self.spare += 1
        new = os.path.dirname(name) + f"/kept{self.spare}.png"
        os.rename(self.real(name), self.real(new))
        self.model.move_result(name, new)
        return f"move {name} {new}"

    STEPS = [write] * 4 + [edit] * 2 + [other_bytes] * 2 + [revert] * 2 + [copy] * 2 + [move] * 2 + \
        [exchange, remove, remove, restore, restore, check_out, check_out, other_model, other_model,
         move_directory, submit, retry, remove_result, move_result]

    def step(self):
        """One step, sometimes with a second one close behind."""
        began = time.monotonic()
        count = self.random.choices((1, 2, 3), (6, 3, 1))[0]
        self.snapshots = self.snapshots[-4:] + [dict(self.model.texts)]
        done = []
        # what is bought at once may be sent, or not yet, when the next step comes
        while len(done) < count and not (done and done[-1].startswith(("submit", "retry"))):
            done.append(self.random.choice(self.STEPS)(self))
            done = [what for what in done if what]
        self.told.append("; ".join(done))
        self.model.decide()
        if time.monotonic() - began > 0.8 * SETTLE and (count > 1 or "check out" in done[0]):
            raise TooSlow

    # --- what came of it ---

    def prompts(self):
        return [self.real(path) + ".txt" for path in self.model.texts]

    def has_ended(self):
        for path, text in self.model.texts.items():
            state = state_of(self.real(path) + ".txt")
            if state not in FINAL and not (state == "DRAFT" and text == ""):
                return False
        return True

    def files(self, lost):
        """Where each result lies, by the task that it is of."""
        found = dict(lost)
        for model in MODELS:
            top = f"{self.mount}/{model}/h{self.number}"
            for where, _, names in os.walk(top):
                for name in names:
                    if name.endswith(".png"):
                        path = os.path.join(where, name)
                        found[model + path[len(top):]] = os.getxattr(path, "user.weryai.task").decode()
        return found

    def note_killed(self):
        """A kill may have met a submission: the job is UNKNOWN, and its request may never have left."""
        for job in self.model.running:
            path = job.place.path
            if job.place.last is job and path in self.model.texts and not job.wish.startswith("lost") and \
                    state_of(self.real(path) + ".txt") == "UNKNOWN":
                job.makes, job.paid, job.killed = False, True, True

    def compare(self, posts, lost):
        """`posts`: (model and wish, task) of this history, in their order."""
        came = collections.defaultdict(list)
        for what, task in posts:
            came[what].append(task)
        jobs = collections.defaultdict(list)
        for job in self.model.jobs:
            jobs[model_of(job.bought_at), job.wish].append(job)
        for what in came.keys() | jobs.keys():
            unsure = sum(job.killed for job in jobs[what])
            if not len(jobs[what]) - unsure <= len(came[what]) <= len(jobs[what]):
                return f"{what}: {len(came[what])} POSTs, {len(jobs[what])} by the model"
        self.give_tasks(jobs, came)
        self.names = {job.task: f"{what[0]} {what[1]} {number}" for what, those in jobs.items()
                      for number, job in enumerate(those, 1) if job.task}
        lies = {name: self.names.get(task, task) for name, task in self.files(lost).items()}
        should = self.model_files()
        if lies != should:
            self.model.later_files()
        if lies not in (should, self.model_files()):
            return f"files: {sorted(lies.items())}\nmodel: {sorted(should.items())}"
        return self.compare_jobs()

    def task_of(self, path):
        with open(self.real(path) + ".status") as file:
            return next((line[6:].strip() for line in file if line.startswith("task: ")), None)

    def model_files(self):
        return {name: self.names.get(job.task) for name, job in self.model.files.items()}

    def give_tasks(self, jobs, came):
        """Which of the new jobs is which of the new tasks: of two that were bought together, either may have been the first."""
        for what, those in jobs.items():
            known = {job.task for job in those if job.task}
            tasks = [task for task in came[what] if task and task not in known]
            new = [job for job in those if not job.task and not job.killed]
            for job in new:
                path = job.place.path
                task = self.task_of(path) if job.place.last is job and path in self.model.texts else None
                if task in tasks:
                    job.task = task
                    tasks.remove(task)
            for job in new:
                if not job.task and tasks:
                    job.task = tasks.pop(0)

    def compare_jobs(self):
        """Has each prompt the job that the model says?"""
        for path, text in self.model.texts.items():
            place = self.model.places.get(path)
            if wish_of(text) is None or is_dry(text) or place is None or place.last is None or \
                    place.last.killed or place.last.wish.startswith(("lost", "refused")):
                continue
            task = self.task_of(path)
            if task != place.last.task:
                return f"{path} has the job {self.names.get(task, task)}, by the model {self.names.get(place.last.task)}"
        return None


class Log:
    """The server's, read as it grows."""

    def __init__(self, path):
        self.path, self.at = path, 0
        self.posts = collections.defaultdict(list)     # of a history: ((model, wish), task)
        self.count = 0

    def read(self):
        if not os.path.exists(self.path):
            return
        with open(self.path, "rb") as file:
            file.seek(self.at)
            data = file.read()
        data = data[:data.rfind(b"\n") + 1]
        self.at += len(data)
        for line in data.splitlines():
            if b'"POST"' not in line:
                continue
            entry = json.loads(line)
            words = entry.get("body", {}).get("prompt", "").split(" end")[0].split(" ", 1)
            if entry["method"] != "POST" or words[0][:1] != "h":
                continue
            self.count += 1
            tasks = entry.get("task") or [None]
            self.posts[int(words[0][1:])].append(
                ((entry["body"]["model"], words[1]), tasks[0] if isinstance(tasks, list) else tasks))


def await_quiet(histories, log, seconds=180):
    end = time.monotonic() + seconds
    count, since = -1, 0
    left = list(histories)
    while time.monotonic() < end:
        log.read()
        left = [history for history in left if not history.has_ended()]
        if count != log.count or left:
            count, since = log.count, time.monotonic()
        elif time.monotonic() - since > 2 * SETTLE:
            again = [history for history in histories if not history.has_ended()]
            if not again:
                return
            left = again
        time.sleep(0.15)
    for history in left:
        history.difference = "does not end: " + " ".join(
            f"{path}: {state_of(path)}" for path in history.prompts())


def lost_results(mount, numbers):
    """Of each history, what is in lost+found."""
    lost = {number: {} for number in numbers}
    top = mount + "/.weryaifs/lost+found"
    for name in os.listdir(top):
        words = os.getxattr(f"{top}/{name}", "user.weryai.prompt").decode().split()
        number = int(words[0][1:])
        if number in lost:
            lost[number]["lost+found/" + name] = os.getxattr(f"{top}/{name}", "user.weryai.task").decode()
    return lost


def end_cleanly(account):
    """Where another process has a copy of the mount (a namespace), the daemon does not end by itself: that is a kill then."""
    try:
        account.unmount()
    except Trouble:
        account.kill()


def run_group(numbers, steps, seed):
    directory = tempfile.mkdtemp(prefix="weryaifs-walk-", dir=os.environ.get("TEST_TMP", "/tmp"))
    histories = [History(number, seed) for number in numbers]
    chance = random.Random(f"{seed} ends")      # the same for all, so that --only repeats them
    server = Server(directory, "--seconds", str(SECONDS), "--max-active", "1000")
    log = Log(server.log)
    account = Account(directory, server, OPTIONS)
    walking = list(histories)
    try:
        if not account.start():
            raise Trouble("does not mount: " + account.tail())
        for history in histories:
            history.start(account.mount)
        for _ in range(steps):
            for history in walking:
                try:
                    history.step()
                except TooSlow:
                    history.too_slow = True
                except Exception:
                    history.difference = traceback.format_exc()
            walking = [history for history in walking if not history.too_slow and not history.difference]
            if not walking:
                break
            end = chance.choices(("", "kill", "remount"), (7, 2, 1))[0]
            if end:
                for history in walking:
                    history.told.append(end)
                if end == "kill":
                    await_closes(account)
                    account.kill()
                else:
                    end_cleanly(account)
                if not account.start():
                    raise Trouble("does not mount again: " + account.tail())
            await_quiet(walking, log)
            for history in walking:
                if end:
                    history.note_killed()
                history.model.end_jobs()
            lost = lost_results(account.mount, [history.number for history in walking])
            for history in walking:
                if history.difference is None:
                    history.difference = history.compare(log.posts[history.number], lost[history.number])
            walking = [history for history in walking if not history.difference]
        return [(history.number, history.told, history.difference, history.too_slow, len(history.model.posts))
                for history in histories]
    finally:
        account.kill()
        server.end()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--histories", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--group", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=4)
    arguments = parser.parse_args()
    have_own_mounts()
    numbers = arguments.only or list(range(arguments.histories))
    done, broken = [], 0
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        runs = [pool.submit(run_group, numbers[at:at + arguments.group], arguments.steps, arguments.seed)
                for at in range(0, len(numbers), arguments.group)]
        for run in concurrent.futures.as_completed(runs):
            if run.exception():
                broken += 1
                print(f"BROKEN: a group: {run.exception()}", flush=True)
                continue
            done += run.result()
            for number, told, difference, _, _ in run.result():
                if difference:
                    print(f"DIFFERS: history {number}, step {len(told)}: {difference}")
                    for at, what in enumerate(told):
                        print(f"    {at + 1:2} {what}")
                    sys.stdout.flush()
    differ = sum(bool(row[2]) for row in done)
    print(f"{len(done)} histories, {sum(len(row[1]) for row in done)} steps, {sum(row[4] for row in done)} POSTs, "
          f"{sum(row[3] for row in done)} ended early (slow machine), {differ} differ" +
          (f", {broken} groups broken" if broken else ""))
    return 1 if differ or broken or not done else 0


if __name__ == "__main__":
    sys.exit(main())
