# SPDX-License-Identifier: MIT
"""Rows of tests/data/answers.tsv on a real mount: the state, the sentence, what comes next and the POSTs of each, printed.

The server answers the one submission (or each question about its task) with the row's HTTP status and body. What follows is what the
table says, seen from outside: the state in X.status, its words, and the submissions in the server's log.
"""
import json
import os
import sys
import time
import urllib.parse
import urllib.request

MOUNT, URL, LOG, TABLE = (os.environ[name] for name in ("M", "URL", "REQUESTS", "ANSWERS"))
EVERY = int(os.environ.get("ANSWERS_EVERY", "5"))
CALL, HTTP, BODY, NEXT, HITS, SAYS = range(6)
STATES = {"accepted": "PENDING PROCESSING", "text": "SUCCESS", "failed": "FAILED", "key": "FAILED", "unknown": "UNKNOWN", "again": "QUEUED",
          "credits": "QUEUED", "tomorrow": "QUEUED", "waiting": "PENDING", "processing": "PROCESSING", "strange": "PENDING PROCESSING",
          "succeeded": "PROCESSING SUCCESS", "empty": "PROCESSING", "asked": "PENDING PROCESSING"}
NEEDS = {"credits": "needs: credits", "tomorrow": "needs: tomorrow"}
wrong = 0


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def status(path):
    return read(path[:-4] + ".status")


class Log:
    """The submissions that the server has got, read on from where it was read last."""

    def __init__(self):
        self.file, self.rest, self.seen = open(LOG, "rb"), b"", []

    def posts(self, of):
        """How many have this text in their prompt, or go to this address."""
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        for line in lines:
            if b'"POST"' in line:
                post = json.loads(line)
                self.seen.append((post.get("body") or {}).get("prompt", "") + " " + post["path"].rsplit("/", 1)[1])
        return sum(of in post for post in self.seen)


def shows(row, text):
    return (text.split("\n")[0][len("state: "):] in STATES[row[NEXT]].split() and (row[SAYS] == "-" or row[SAYS] in text)
            and NEEDS.get(row[NEXT], "") in text)


def await_true(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Trial:
    """A prompt that gets a row's answer."""

    def __init__(self, log, number, row, path, counted):
        self.log, self.before = log, log.posts(counted)
        self.number, self.row, self.path, self.counted = number, row, path, counted

    def sent(self):
        return self.log.posts(self.counted) - self.before

    def look(self):
        """True when the row's state and words were seen; what had been sent before that must be one submission."""
        sent = self.sent()
        text = status(self.path)
        if sent == 0 or not shows(self.row, text):
            return False
        self.tell(text, sent, sent == 1)
        return True

    def tell(self, text, sent, right):
        global wrong
        said = [line for line in text.split("\n") if line.startswith(("error", "warning", "note", "needs"))]
        call, http, body = self.row[:3]
        print(f"{'' if right else 'WRONG: '}{self.number}: {call} HTTP {http} {body} -> {text.split(chr(10))[0]}, {sent} POST: {' '.join(said)}")
        wrong += not right

    def goes_on(self):
        """By itself, or for a person's word; either way with one more submission."""
        global wrong
        if self.row[NEXT] in ("credits", "tomorrow") or self.row[HITS] == "account":
            with open(self.path[:-4] + ".status", "w", encoding="ascii") as file:
                file.write("submit\n")
        if not await_true(lambda: status(self.path).startswith("state: SUCCESS")) or self.sent() != 2:
            print(f"WRONG: {self.number} does not go on: {self.sent()} POSTs, {status(self.path)}")
            wrong += 1


def judge(trials):
    """Looks at all of them in turn: what is refused for a while does not stay so."""
    open_ones = list(trials)

    def look():
        open_ones[:] = [trial for trial in open_ones if not trial.look()]
        return not open_ones

    await_true(look)
    for trial in open_ones:
        trial.tell(status(trial.path), trial.sent(), False)
    for trial in trials:
        if trial.row[NEXT] in ("again", "credits", "tomorrow"):
            trial.goes_on()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def control(spec):
    urllib.request.urlopen(f"{URL}/_control?fault={urllib.parse.quote(spec, safe=':')}").read()


def try_marked(log, number, row, directory):
    marker = "status-answer" if row[CALL] == "status" else "answer"
    times = "*1" if row[NEXT] in ("again", "credits", "tomorrow") else ""
    trial = Trial(log, number, row, f"{MOUNT}/{directory}/row{number}.txt", f"row {number} of")
    write(trial.path, f"row {number} of the answers [[{marker}={number}{times}]]")
    return trial


def main():
    with open(TABLE, encoding="utf-8") as file:
        rows = [(number, line.rstrip("\n").split("\t")) for number, line in enumerate(file, 1) if not line.startswith("#")]
    rows = [(number, row) for at, (number, row) in enumerate(rows)
            if at % EVERY == 0 and row[CALL] in ("submit", "status", "text")]
    log = Log()

    # one after the other: this answer is for whoever sends next
    for number, row in rows:
        if row[CALL] == "text":
            control(f"answer={number}:1:1")
            trial = Trial(log, number, row, f"{MOUNT}/IMAGE_TO_PROMPT/row{number}.txt", "image-to-prompt")
            write(trial.path, f"image: ../FLUX/seen.png\ntake: {number}")
            judge([trial])

    # side by side, each that is about its model in a directory of its own; what goes on after a while is looked at before that
    free = [model for model in os.environ["TEXT_MODELS"].split() if model != "FLUX"]
    apart = [(number, row) for number, row in rows if row[CALL] == "status" or (row[CALL] == "submit" and row[HITS] != "account")]
    for again in (True, False):
        judge([try_marked(log, number, row, free.pop(0) if row[HITS] == "model" else "FLUX")
               for number, row in apart if (row[NEXT] == "again") == again])

    # alone: what stops the queue for all
    for number, row in rows:
        if row[CALL] == "submit" and row[HITS] == "account":
            judge([try_marked(log, number, row, "FLUX")])
    print(f"{len(rows)} answers, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
