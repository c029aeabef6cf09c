#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mounts against tests/hostile/service.py, and prints what became of each way at each endpoint. See tests/README.md.

A cell is the state of the prompt, and what its result read like; "!" in front of one that breaks a promise."""
import argparse
import os
import re
import subprocess
import sys
import threading
import time
import unicodedata

from service import BEHAVIOURS, PICTURES, PNG, Service

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = "sk-hostile-0123456789"
OPTIONS = ("settle=0.1,submit_gap=0,first_poll=0.1,poll_interval=0.1,slow_poll_interval=0.3,request_timeout=1,stall_timeout=1,"
           "max_active=500,submissions_per_day=0,cache_size=64M")
CACHE_MOST = 80 << 20
# What may have been charged and what certainly was not, at the submission; all else is one of both.
UNKNOWN = {"silence", "close", "reset", "reset-in-head", "reset-in-body", "drip-head", "drip-head-bytes", "drip-body", "drip-chunks",
           "flood-100", "endless-head", "endless-line", "endless-body", "endless-chunks", "length-4.6-EB", "no-http",
           "gzip-bomb", "gzip-garbage", "500", "empty", "html", "half", "deep-json", "huge-json", "types"}
AGAIN = {"429-retry-1e17", "503-retry-1e17"}  # refused whole: may be sent again
SAMPLE = ["drip-head", "drip-body", "endless-body", "length-4.6-EB", "words", "address-private", "redirect-private",
          "versions-modified", "429-retry-1e17", "close", "silence"]
READ_MOST = 6  # seconds, at a stall limit of one
STAT_MOST = 1


def directory_of(endpoint):
    return "SEEDREAM" if endpoint == "upload" else "FLUX"


class Mount:
    def __init__(self, program, directory, service):
        self.program, self.directory, self.service = program, directory, service
        self.mount = os.path.join(directory, "mnt")
        os.makedirs(self.mount, exist_ok=True)
        home = os.path.join(directory, "home")
        os.makedirs(home, exist_ok=True)
        self.cache = os.path.join(home, ".cache")
        self.environment = {"PATH": os.environ["PATH"], "HOME": home, "WERYAI_API_KEY": KEY, "LC_ALL": "C.UTF-8",
                            "WERYAI_BASE_URL": service.url, "WERYAI_MODELS_BASE_URL": service.url}
        for name in ("LSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def __enter__(self):
        self.log = open(os.path.join(self.directory, "log"), "ab")
        self.daemon = subprocess.Popen([self.program, "-f", "-o", OPTIONS, self.mount], env=self.environment, stdout=self.log,
                                       stderr=self.log)
        end = time.monotonic() + 20
        while not os.path.isdir(self.mount + "/FLUX"):
            if self.daemon.poll() is not None or time.monotonic() > end:
                raise SystemExit("not mounted: see " + self.log.name)
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        subprocess.run(["fusermount3", "-u", "-z", self.mount], check=False)
        try:
            self.code = self.daemon.wait(40)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.code = "hangs"
        self.log.close()

    def died(self):
        """What its log says of a daemon that ended by itself; a keeper starts the next one, and a sanitizer may report there."""
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return [line.strip() for line in file if re.search(r"runtime error: |Sanitizer|the next one goes on", line)]

    def status(self, stem):
        with open(f"{self.mount}/{directory_of(stem.split('.')[0])}/{stem}.status", encoding="utf-8") as file:
            return file.read()


class Watch(threading.Thread):
    """How long a look at the mount takes at worst, and what the cache takes at most."""

    def __init__(self, mount):
        super().__init__(daemon=True)
        self.mount, self.worst, self.most, self.over = mount, 0, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.1):
            begin = time.monotonic()
            os.stat(self.mount.mount + "/FLUX")
            self.worst = max(self.worst, time.monotonic() - begin)
            total = sum(os.stat(os.path.join(place, name)).st_blocks * 512
                        for place, _, names in os.walk(self.mount.cache) for name in names)
            self.most = max(self.most, total)


def unclean(text):
    for line in text.split("\n"):
        if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
               for c in line):
            return "an unclean status"
    return "our key in the status" if KEY in text else None


def read_result(mount, stem):
    """What the first result reads like: right, mixed, an error; None: there is none."""
    directory = f"{mount.mount}/{directory_of(stem.split('.')[0])}"
    names = [name for name in os.listdir(directory) if re.fullmatch(re.escape(stem) + r"(-\d+)?\.(?!txt|status).+", name)]
    if not names:
        return None, 0
    begin = time.monotonic()
    try:
        with open(f"{directory}/{names[0]}", "rb") as file:
            data = file.read()
        what = "right" if data in PICTURES else "other"
        if len(data) == len(PICTURES[0]) and data not in PICTURES and data[:64] == PICTURES[0][:64]:
            what = "mixed"
    except OSError as error:
        what = "EIO" if error.errno == 5 else os.strerror(error.errno)
    return what, time.monotonic() - begin


def judge(mount, name, endpoint):
    """(cell, what is wrong or None)"""
    stem = f"{endpoint}.{name}"
    text = mount.status(stem)
    state = re.match(r"state: (\w+)", text)[1]
    posts = mount.service.posts.get((name, endpoint), 0)
    wrong = unclean(text)
    if text.count("\nstate:"):
        wrong = "a line of the service's own"
    if posts != 1 and not (endpoint == "upload" and posts == 0) and not (endpoint == "submit" and name in AGAIN and posts < 8):
        wrong = f"{posts} POSTs"
    cell = state
    if endpoint == "submit" and name in UNKNOWN and state != "UNKNOWN":
        wrong = "not UNKNOWN"
    if endpoint in ("cdn", "batch") and state not in ("SUCCESS", "PROCESSING", "PENDING"):
        wrong = "paid, and " + state
    if state == "SUCCESS":
        what, seconds = read_result(mount, stem)
        cell += " " + (what or "without")
        # others change the bytes that they send, and say so
        if what == "mixed" and name.startswith("versions"):
            wrong = "bytes of two versions"
        if what == "other" and endpoint != "cdn":
            wrong = "wrong bytes"
        if seconds > READ_MOST:
            wrong = f"read took {seconds:.0f} s"
    return cell, wrong


def run_prompts(mount, names, endpoint, seconds):
    for name in names:
        stem = f"{mount.mount}/{directory_of(endpoint)}/{endpoint}.{name}"
        if endpoint == "upload":
            with open(stem + "-in.png", "wb") as file:
                file.write(PNG + f" b-{name} e-{endpoint} ".encode())
        with open(stem + ".txt", "w", encoding="utf-8") as file:
            file.write(f"b-{name} e-{endpoint}\n")
            file.write({"batch": "number: 2\n", "upload": f"image: {endpoint}.{name}-in.png\n"}.get(endpoint, ""))
    end = time.monotonic() + seconds
    left = set(names)
    while left and time.monotonic() < end:
        left = {name for name in left
                if re.match(r"state: (DRAFT|WAITING|QUEUED|SUBMITTING|PENDING|PROCESSING)", mount.status(f"{endpoint}.{name}"))}
        time.sleep(0.2)
    return {name: judge(mount, name, endpoint) for name in names}


def ends_badly(mount, what):
    troubles = [f"{what}: {line}" for line in mount.died()]
    if mount.code != 0:
        troubles.append(f"{what}: the daemon ended with {mount.code}")
    return troubles


def run_questions(mount, name, label):
    """The balance and the list of models misbehave; prompts are made all the same."""
    begin = time.monotonic()
    try:
        with open(mount.mount + "/.weryaifs/balance", encoding="utf-8", errors="replace") as file:
            text = file.read().strip()
    except OSError as error:
        text = os.strerror(error.errno)
    seconds = time.monotonic() - begin
    made, wrong = run_prompts(mount, [name], label, 2.5 * READ_MOST)[name]
    wrong = wrong or unclean(text)
    if seconds > READ_MOST:
        wrong = f"the balance took {seconds:.0f} s"
    if not made.startswith("SUCCESS"):
        wrong = "nothing is made: " + made
    return (re.sub(r"[^\w .-]", "?", text)[:20] or "-", wrong), (made, wrong)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", action="store_true", help="a few of them")
    parser.add_argument("--endpoint", help="submit, status, batch, upload or cdn alone")
    parser.add_argument("--patience", type=float, default=1,
                        help="for a slow machine, or a slow program (sanitizers): so many times the limits of a look and a read")
    parser.add_argument("program")
    parser.add_argument("directory")
    arguments = parser.parse_args()
    global READ_MOST, STAT_MOST
    READ_MOST, STAT_MOST = READ_MOST * arguments.patience, STAT_MOST * arguments.patience
    # what is refused for the rate holds back its model
    names = sorted(SAMPLE if arguments.sample else BEHAVIOURS, key=lambda name: name in AGAIN)
    table, troubles = {name: {} for name in names}, []
    for endpoint in ("submit", "status", "batch", "upload", "cdn"):
        if arguments.endpoint not in (None, endpoint):
            continue
        with Mount(arguments.program, f"{arguments.directory}/{endpoint}", Service()) as mount:
            watch = Watch(mount)
            watch.start()
            for name, cell in run_prompts(mount, names, endpoint, (12 if arguments.sample else 25) * arguments.patience).items():
                table[name][endpoint] = cell
            watch.over.set()
            watch.join()
            if watch.worst > STAT_MOST:
                troubles.append(f"{endpoint}: a stat took {watch.worst:.1f} s")
            if watch.most > CACHE_MOST:
                troubles.append(f"{endpoint}: the cache took {watch.most >> 20} MiB")
        troubles += ends_badly(mount, endpoint)
    for name in [] if arguments.endpoint else names[:4] if arguments.sample else names:
        service = Service()
        service.everywhere = name
        with Mount(arguments.program, f"{arguments.directory}/q-{name}", service) as mount:
            table[name]["balance"], table[name]["models"] = run_questions(mount, name, "questions")
        troubles += ends_badly(mount, "questions " + name)
    count = 0
    for name, cells in table.items():
        print(f"{name:18}", *(f"{endpoint} {'!' if wrong else ''}{cell:20}" for endpoint, (cell, wrong) in cells.items()))
        for endpoint, (_, wrong) in cells.items():
            count += 1
            if wrong:
                troubles.append(f"{name} at {endpoint}: {wrong}")
    for trouble in troubles:
        print("broken:", trouble)
    print(f"{count} cells, {len(troubles)} broken promises")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
