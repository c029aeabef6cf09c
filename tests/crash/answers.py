#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every answer of the service spoiled in every way, one at a time: see tests/README.md.

The last line has the numbers; exit code 0: all promises held."""
import argparse
import collections
import concurrent.futures
import hashlib
import os
import sys
import time
import traceback

from story import Lost, Twice, need
from surroundings import Account, Place, Server, Trouble, fetch, have_own_mounts

WAIT = 40
OPTIONS = "request_timeout=1,stall_timeout=1,max_active=200,submissions_per_day=0"

# What an answer's way leads to where credits are at stake: the words that the status must have.
LOST = {"drop": "closed the connection before it answered", "cut": "closed the connection after", "slow": "in time",
        "half": "could not be understood", "garbage": "could not be understood", "empty": "could not be understood",
        "500": "HTTP 500", "502": "HTTP 502"}
AGAIN = {"429": "faster than the service takes them", "429-1": "faster than the service takes them"}
STOPS = {"401": "key", "403": "key", "1002": "key", "1004": "too few credits", "1011": "too few credits",
         "6101": "limit for this day", "1015": "uploads for this day"}
WAYS = [*LOST, "type", *AGAIN, *STOPS]

# endpoint: directory and lines of a prompt; bytes=: the service need not draw a film for each
SUBMISSIONS = {
    "text-to-image": ("FLUX", "a fox"),
    "text-to-image, several": ("FLUX", "a fox [[split]]\nnumber: 2"),
    "image-to-image": ("GPT_IMAGE_2", "a fox\nimage: /FLUX/seed.png"),
    "text-to-video": ("VEO_3_1", "a fox [[bytes=5000]]"),
    "image-to-video": ("KLING_V2_6_PRO", "a fox [[bytes=5000]]\nimage: /FLUX/seed.png"),
    "multi-image-to-video": ("VEO_3_1", "a fox [[bytes=5000]]\nfirst frame: /FLUX/seed.png\nlast frame: /FLUX/seed.png"),
    "almighty-reference-to-video": ("WERYDANCE_2_0", "a fox [[bytes=5000]]\nimage: /FLUX/seed.png"),
    "music/generate": ("MUSIC", "type: ONLY_MUSIC\na march"),
    "image-upscale": ("IMAGE_UPSCALE", "image: /FLUX/seed.png"),
    "image-to-prompt": ("IMAGE_TO_PROMPT", "image: /FLUX/seed.png"),
}
# of a download, as the sandbox has them
DOWNLOADS = ["cdn-reset=0", "cdn-reset=1000", "cdn-stall=0", "cdn-stall=1000", "cdn-badlength", "cdn-shortlength", "cdn-html",
             "cdn-empty", "cdn-http=401", "cdn-http=403", "cdn-http=404", "cdn-http=429", "cdn-http=429-1", "cdn-http=500",
             "cdn-http=502"]


class Case:
    """One prompt and what becomes of it."""

    def __init__(self, account, directory, name, lines):
        self.account, self.stem = account, os.path.join(account.mount, directory, name)
        self.before = len(account.server.posts())
        with open(self.stem + ".txt", "w") as file:
            file.write(lines + "\n")

    def status(self):
        with open(self.stem + ".status") as file:
            return file.read()

    def state(self):
        return self.status().split("\n", 1)[0].removeprefix("state: ")

    def wait(self, states, words=""):
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            status = self.status()
            if status.split("\n", 1)[0].removeprefix("state: ") in states and words in status:
                return
            time.sleep(0.02)
        raise Trouble(f"is not {states} with {words!r} but: {self.status()}")

    def submit(self):
        with open(self.stem + ".status", "w") as file:
            file.write("submit\n")

    def results(self):
        with open(self.stem + ".wait") as file:
            names = file.read().split()
        for name in names:
            path = os.path.join(os.path.dirname(self.stem), name)
            digest = hashlib.sha256(read_patiently(path)).hexdigest()
            if name.endswith(".text"):
                continue
            url = os.getxattr(path, "user.weryai.url").decode()
            need(digest == hashlib.sha256(fetch(url)).hexdigest(), f"{name} has other bytes than the service's", Lost)
        return names


def read_patiently(path):
    """A busy machine may bring nothing for so long as a stalled server is waited for here; the next read goes on."""
    deadline = time.monotonic() + WAIT
    while True:
        try:
            with open(path, "rb") as file:
                return file.read()
        except TimeoutError:
            if time.monotonic() > deadline:
                raise


def posts(account, since=0):
    entries = [e for e in account.server.entries() if e["method"] == "POST" and not e["path"].endswith("upload-file")]
    return entries[since:]


def charged(entries):
    """What may have been charged: everything but a refusal on order."""
    return [e for e in entries if not (e.get("fault") == "answer-submit" and e.get("code") not in (0, 200, None))]


def expect(account, since, count, charges):
    entries = posts(account, since)
    need(len(charged(entries)) <= max(1, charges), f"{len(charged(entries))} submissions that may be charged", Twice)
    need(len(entries) == count and len(charged(entries)) == charges,
         f"{len(entries)} submissions, {len(charged(entries))} that may be charged, not {count} and {charges}")


def make_seed(account):
    seed = Case(account, "FLUX", "seed", "a seed")
    seed.wait(["SUCCESS"])
    return seed.results()


def submission(account, endpoint, way):
    directory, lines = SUBMISSIONS[endpoint]
    name = "x" + way.replace("-", "_")
    since = len(posts(account))
    account.server.control(f"clear=1&fault=answer-submit={way}:1:1")
    case = Case(account, directory, name, lines.replace("a fox", "a fox " + way))
    if way in LOST:
        case.wait(["UNKNOWN"], "may have been charged")
        need(LOST[way] in case.status(), f"does not say {LOST[way]!r}: {case.status()}")
        expect(account, since, 1, 1)
        return
    if way in AGAIN:
        case.wait(["QUEUED"], AGAIN[way])
        case.submit()
    elif way in STOPS:
        # the balance is answered, so it is that prompt's trouble; and uploads alone are used up
        final, own = way in ("401", "403", "1002"), way in ("401", "403", "1002", "1015")
        case.wait(["FAILED" if final else "QUEUED"], STOPS[way])
        # another one is sent where it is not about the account, else it says why not
        other = Case(account, "FLUX", f"other{way}", f"an owl {way} {endpoint}")
        if own:
            other.wait(["SUCCESS"])
        else:
            other.wait(["QUEUED"], STOPS[way])
        expect(account, since, 2 if own else 1, 1 if own else 0)
        case.submit()
        other.wait(["SUCCESS"])
        case.wait(["SUCCESS"])
        case.results(), other.results()
        need(len(posts(account, since)) == 3 and len(charged(posts(account, since))) == 2, "not each of both once", Twice)
        return
    case.wait(["SUCCESS"])
    need(len(case.results()) == (2 if "number: 2" in lines else 1), f"results: {case.results()}", Lost)
    expect(account, since, 1 if way == "type" else 2, 1)


def submissions(account, endpoint):
    for way in WAYS:
        def check(way=way):
            since = len(posts(account))
            try:
                submission(account, endpoint, way)
            except Trouble as trouble:
                twice = len(charged(posts(account, since))) > (2 if way in STOPS else 1)
                raise (Twice if twice else type(trouble))(trouble) from None
        yield way, check


def remount(account):
    need(account.unmount(), "the clean end failed: " + account.tail())
    need(account.start(), "does not mount again: " + account.tail())


def side_by_side(account, since, cases):
    """Prompts whose polls or downloads fail twice each, all at once."""
    for name, case in cases.items():
        def check(case=case):
            case.wait(["SUCCESS"])
            need(case.results(), "no results", Lost)
        yield name, check
    yield "submissions", lambda: expect_all(account, since, len(cases))


def expect_all(account, since, count):
    entries = posts(account, since)
    need(len(entries) == count, f"{len(entries)} submissions of {count}", Twice if len(entries) > count else Lost)


def polls(account, endpoint):
    since = len(posts(account))
    several = endpoint == "batch"
    cases = {}
    for way in WAYS:
        lines = f"a poll [[answer-{endpoint}={way}*2]]" + (" [[split]]\nnumber: 2" if several else "")
        cases[way] = Case(account, "FLUX", "poll" + way, lines)
    # where a batch gives no answer its tasks are asked one by one, and nobody has to wonder
    if not several:
        yield "the status says why", lambda: cases["500"].wait(["PENDING", "PROCESSING"], "HTTP 500")
    yield from side_by_side(account, since, cases)


def downloads(account, _):
    since = len(posts(account))
    cases = {}
    for i, way in enumerate(DOWNLOADS):
        cases[way] = Case(account, "FLUX", f"cdn{i}", f"a download [[bytes=300000]] [[{way}*2]]")
    yield "the status says why", lambda: cases["cdn-http=500"].wait(["PROCESSING"], "HTTP 500")
    yield from side_by_side(account, since, cases)


def rest_of_downloads(account, _):
    """The first bytes are here; the rest is read while the answers are spoiled."""
    for i, way in enumerate(DOWNLOADS):
        def check(i=i, way=way):
            case = Case(account, "FLUX", f"rest{i}", f"a download {i} [[bytes=300000]]")
            case.wait(["SUCCESS"])
            account.server.control(f"clear=1&fault={way}:1:1")
            with open(os.path.join(os.path.dirname(case.stem), f"rest{i}.png"), "rb") as file:
                file.seek(200000)
                try:
                    file.read(1000)
                except OSError:
                    pass  # an error is an answer; what counts is that it is none for good, and never wrong bytes
            account.server.control("clear=1")
            case.results()
        yield way, check
    yield "submissions", lambda: expect_all(account, 0, len(DOWNLOADS))


def uploads(account, _):
    picture, = make_seed(account)
    with open(os.path.join(account.mount, "FLUX", picture), "rb") as file:
        data = file.read()
    for way in WAYS:
        def check(way=way):
            since = len(posts(account))
            with open(os.path.join(account.mount, "FLUX", f"up{way}.png"), "wb") as file:
                file.write(data + way.encode())
            account.server.control(f"clear=1&fault=answer-upload={way}:1:1")
            case = Case(account, "GPT_IMAGE_2", "up" + way, f"an upload {way}\nimage: /FLUX/up{way}.png")
            if way in STOPS:
                case.wait(["WAITING"], STOPS[way])
                case.submit()  # the upload is tried at once
            case.wait(["SUCCESS"])
            case.results()
            expect(account, since, 1, 1)
        yield way, check


def balance(account, _):
    path = os.path.join(account.mount, ".weryaifs", "balance")
    for i, way in enumerate(WAYS):
        def check(i=i, way=way):
            since = len(posts(account))
            account.server.control(f"clear=1&fault=answer-balance={way}")
            case = Case(account, "FLUX", f"balance{i}", f"a balance {way}")
            case.wait(["SUCCESS"])
            try:
                with open(path) as file:
                    told = file.read()
            except OSError:
                told = ""
            need(way == "type" or told == "", f"the balance is {told!r}")
            account.server.control("clear=1")
            case.results()
            expect(account, since, 1, 1)
        yield way, check
    yield "and at last it is right", lambda: need(float(open(path).read()) == 100000 - len(WAYS), "wrong balance")


def models(account, _):
    log = os.path.join(account.mount, ".weryaifs", "log")
    for i, way in enumerate(WAYS):
        def check(i=i, way=way):
            since = len(posts(account))
            account.server.control(f"clear=1&fault=answer-models={way}")
            remount(account)
            case = Case(account, "FLUX", f"models{i}", f"models {way}")
            case.wait(["SUCCESS"])
            deadline = time.monotonic() + 5
            while way != "type" and "registry does not answer" not in open(log).read() and time.monotonic() < deadline:
                time.sleep(0.05)
            need(way == "type" or "registry does not answer" in open(log).read(), "the log says nothing: " + account.tail())
            case.results()
            expect(account, since, 1, 1)
        yield way, check


PARTS = {**{f"submit {endpoint}": submissions for endpoint in SUBMISSIONS}, "poll status": polls, "poll batch": polls,
         "cdn first bytes": downloads, "cdn rest": rest_of_downloads, "upload": uploads, "balance": balance, "models": models}


def work(part):
    rows = []
    with Place() as place:
        server = Server(place, "--seconds", "0.1", "--max-active", "1000")
        account = Account(place, server, OPTIONS)
        try:
            need(account.start(), "does not mount: " + account.tail())
            if part.startswith("submit "):
                make_seed(account)
            for name, check in PARTS[part](account, part.split(" ", 1)[-1]):
                try:
                    check()
                    rows.append((name, None))
                except Exception as error:
                    rows.append((name, error if isinstance(error, Trouble) else Trouble(traceback.format_exc())))
            # nothing of it is sent by a remount
            server.control("clear=1")
            before = len(posts(account))
            remount(account)
            time.sleep(1)
            need(len(posts(account)) == before, "a remount has sent something", Twice)
            need(account.unmount(), "the clean end failed: " + account.tail())
            code, said = account.check()
            need(code == 0, "weryaifs --check: " + said)
        except Trouble as trouble:
            rows.append(("the end", trouble))
        finally:
            count = len(posts(account))
            if account.process is not None:
                account.kill()
            server.end()
    return rows, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2 * os.cpu_count())
    parser.add_argument("--part", choices=PARTS, action="append")
    arguments = parser.parse_args()
    have_own_mounts()
    parts = arguments.part or list(PARTS)
    counts = collections.Counter()
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for part, (rows, sent) in zip(parts, pool.map(work, parts)):
            for name, trouble in rows:
                if trouble is not None:
                    print(f"BROKEN: {part}, {name}: {trouble}", flush=True)
                counts["broken"] += trouble is not None
                counts["twice"] += isinstance(trouble, Twice)
                counts["lost"] += isinstance(trouble, Lost)
            counts["answers"] += len(rows)
            counts["posts"] += sent
            print(f"{part}: {len(rows)} cases, {sent} POSTs", flush=True)
    print(f"answers: {len(parts)} endpoints, {counts['answers']} cases, {counts['posts']} POSTs, {counts['twice']} sent twice, "
          f"{counts['lost']} lost, {counts['broken']} broken")
    return 1 if counts["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
