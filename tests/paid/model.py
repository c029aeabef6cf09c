# SPDX-License-Identifier: MIT
"""What is paid for, as a page to be read: the rules of "Paid once", without files, processes or a service.

A tree of prompts is a dictionary from a path ("FLUX/d/x") to a text. Steps change it at once; settle() is the moment when every
text has settled, every copy has waited long enough, and every job has ended. The outcome: `posts`, the wishes that were sent;
`files`, where each result lies ("FLUX/d/x.png").

A text is "WISH" or "WISH|how it is written": what stands behind the bar changes bytes, and not the wish. "" asks for nothing,
"!…" cannot be sent, "?WISH" is a dry run: it asks for the wish, and buys nothing. A wish that begins with "fail" ends FAILED with a task, "lost" UNKNOWN, "refused"
FAILED without a task; all others SUCCESS with one result.
"""
import re


def wish_of(text):
    """None: nothing that could be bought."""
    return None if not text or text[0] == "!" else text.removeprefix("?").split("|")[0]


def is_dry(text):
    return text.startswith("?")


def model_of(path):
    return path.split("/")[0]


def name_of(path):
    return path.rsplit("/", 1)[1]


def is_name_of(name, path):
    """Is it what a result of this place is called: x.png, x-1.png?"""
    return re.fullmatch(re.escape(path) + r"(-\d+)?\.png", name) is not None


def is_backup_of(name, path):
    return re.fullmatch(re.escape(path) + r"(-\d+)?\.~\d+~\.png", name) is not None


class Place:
    """It moves with renames inside a model and outlives its prompt."""

    def __init__(self, path):
        self.path = path        # the last one that it had
        self.asks = None        # what its prompt asks for; None: there is none, or for nothing
        self.last = None        # the job that it asked for last, of those that were sent
        self.held = None        # what it asks for is a dry run: the number of that


class Job:
    def __init__(self, wish, place, number):
        self.wish, self.place, self.bought_at = wish, place, place.path
        self.number = number    # the oldest has the lowest; a dry run that is submitted later has had its own since it was held
        self.paid = not wish.startswith("refused")
        self.makes = not wish.startswith(("fail", "lost", "refused"))
        self.task = None        # where the model is compared with a service: its number there
        self.killed = False     # while it was sent: nobody knows whether the request left
        self.result = None      # the path of its file; None: there is none

    def is_gone(self):
        """Does nobody ask for it any more?"""
        return self.place.asks != self.wish


class Model:
    def __init__(self):
        self.texts = {}         # path -> text: the prompts that are there
        self.changed = []       # paths whose text is to be examined, the earliest closed first
        self.places = {}        # path -> place
        self.jobs, self.posts, self.running = [], [], []
        self.files = {}         # path of a result -> its job
        self.round = 0          # of decisions
        self.numbers = 0        # of jobs
        self.away = None        # from, to, round: the last rename to another model
        self.before, self.returned, self.ended = {}, [], []     # of the last round, for later_files()

    # --- steps ---

    def write(self, path, text):
        """Saved, however: in place, by rename of a temporary, after a removal."""
        self.away = None
        place = self.places.get(path)
        if path not in self.texts and place is not None and place.last is not None:
            place.asks = place.last.wish        # until it is examined, it may be what was asked for last
        self.texts[path] = text
        self.examine_later(path)

    def examine_later(self, path):
        if path in self.changed:
            self.changed.remove(path)
        self.changed.append(path)

    def remove(self, path):
        del self.texts[path]
        if path in self.changed:
            self.changed.remove(path)
        place = self.places.get(path)
        if place is None:
            return
        place.asks, held, place.held = None, place.held, None
        if held and all(job.place is not place for job in self.jobs):
            del self.places[path]               # there is nothing to be remembered

    def move(self, old, new):
        """A rename; what is there is overwritten."""
        text, is_changed = self.texts[old], old in self.changed
        if new in self.texts:
            self.remove(new)
        if model_of(old) != model_of(new):      # the place stays, and its prompt is gone
            place = self.places.get(new)
            is_back = self.away == (new, old, self.round) and not place.last.paid
            self.away = (old, new, self.round) if not is_changed and self.asks_last(old) else None
            away = self.away
            self.remove(old)
            self.write(new, text)
            self.away = away
            if is_back:                         # what was refused is sent again by a save, not by a rename there and back
                self.changed.remove(new)
            return
        del self.texts[old]
        if is_changed:                          # it settles since its text was closed, whatever it is called
            self.changed[self.changed.index(old)] = new
        if old in self.places:                  # what was remembered at the new path is displaced
            self.places[new] = self.places.pop(old)
            self.places[new].path = new
        self.texts[new] = text

    def asks_last(self, path):
        place = self.places.get(path)
        return place is not None and place.last is not None and place.asks == place.last.wish

    def exchange(self, one, two):
        """RENAME_EXCHANGE inside a model."""
        other = {one: two, two: one}
        self.texts[one], self.texts[two] = self.texts[two], self.texts[one]
        self.changed = [other.get(path, path) for path in self.changed]
        moved = [(other[path], self.places.pop(path)) for path in other if path in self.places]
        for path, place in moved:
            self.places[path], place.path = place, path

    def exchange_directories(self, one, two):
        """RENAME_EXCHANGE of two directories of a model: all below moves, what is remembered and the results, too."""
        def other(path):
            if path is None:
                return None
            top = next((top for top in (one, two) if path.startswith(top + "/")), None)
            return path if top is None else (two if top == one else one) + path[len(top):]

        self.texts = {other(path): text for path, text in self.texts.items()}
        self.changed = [other(path) for path in self.changed]
        self.places = {other(path): place for path, place in self.places.items()}
        self.files = {other(name): job for name, job in self.files.items()}
        for path, place in self.places.items():
            place.path = path
        for name, job in self.files.items():
            job.result = name

    def submit(self, path):
        """`echo submit`: buys, always."""
        self.settle_one(path, asked=True)

    def retry(self, path):
        place = self.places.get(path)
        job = place.last if place is not None else None
        if job is not None and place.asks == job.wish and job.wish.startswith(("fail", "refused")):
            self.settle_one(path, asked=True)

    def remove_result(self, name):
        self.files.pop(name).result = None

    def move_result(self, name, new):
        self.put(self.files[name], new)

    # --- the rules ---

    def settle(self):
        self.decide()
        self.end_jobs()

    def decide(self):
        self.round += 1
        self.before, self.returned = dict(self.files), []
        for copies in (False, True):            # copies are sent when the names are quiet
            for path in list(self.changed):
                self.settle_one(path, copies=copies)

    def end_jobs(self):
        for job in self.running:                # they end in the order in which they were sent
            self.show(job)
        self.ended, self.running = self.running, []

    def later_files(self):
        """What came back took so long that all was decided when it had its name: as good."""
        for job in self.jobs:
            job.result = None
        self.files = dict(self.before)
        for name, job in self.files.items():
            job.result = name
        for job in self.returned + self.ended:
            self.show(job)

    def settle_one(self, path, copies=True, asked=False):
        wish = wish_of(self.texts[path])
        if self.texts[path] == "" and path not in self.places:      # nothing was ever asked for there
            self.changed.remove(path)
            return
        place = self.places.setdefault(path, Place(path))
        same = [job for job in self.jobs if job.wish == wish and job.paid and
                model_of(job.place.path) == model_of(path)]
        here = [job for job in same if job.place is place]
        gone = [job for job in same if job.place is not place and job.is_gone()]
        there = any(other.asks == wish and other is not place and other.path in self.texts and
                    model_of(other.path) == model_of(path) for other in self.places.values())

        if wish is None:                        # nothing is asked for any more
            place.asks = None
        elif asked:
            self.buy(path, place, wish, None if path in self.changed else place.held)
        elif is_dry(self.texts[path]):          # it asks, and nothing is sent or taken up
            held = place.held if place.asks == wish else None
            place.asks = wish
        elif here:                              # rule 1: what it sent last, else what it sent earlier
            self.ask(path, place, place.last if place.last in here else max(here, key=lambda job: job.number))
        elif gone:                              # rule 2: of this path, of this name, the oldest; if that went just now, it is waited for
            job = min(gone, key=lambda job: (job.place.path != path, name_of(job.place.path) != name_of(path), job.number))
            if job.place.last is job:
                job.place.last = None
            job.place = place
            self.ask(path, place, job)
        elif there and not copies:              # rule 3: it waits, and asks for nothing else meanwhile
            place.asks = wish
            return
        else:
            self.buy(path, place, wish)
        place.held = None if asked or not is_dry(self.texts[path]) else held or self.next_number()
        if path in self.changed:
            self.changed.remove(path)

    def next_number(self):
        self.numbers += 1
        return self.numbers

    def buy(self, path, place, wish, number=None):
        job = Job(wish, place, number or self.next_number())
        self.posts.append(wish)
        self.jobs.append(job)
        self.running.append(job)
        place.asks = wish
        place.last = job

    # --- results ---

    def ask(self, path, place, job):
        """The prompt asks for this job of the past."""
        place.asks = job.wish
        place.last = job
        if job not in self.running:
            self.returned.append(job)
            self.show(job)

    def show(self, job):
        """The result gets its place's name; those of other jobs of this place, where they have such names, become backups."""
        path = job.place.path
        if not job.makes or job.result is not None and not is_backup_of(job.result, path):
            return                              # it was moved, or is beside its old prompt: it stays there
        if job is not job.place.last:           # the prompt asks for another one meanwhile
            self.put(job, self.free(path + ".~%d~.png"))
            return
        for name, other in list(self.files.items()):
            if other.place is job.place and other is not job and is_name_of(name, path):
                self.put(other, self.free(name.removesuffix(".png") + ".~%d~.png"))
        self.put(job, path + ".png" if path + ".png" not in self.files else self.free(path + "-%d.png"))

    def free(self, pattern):
        number = 1
        while pattern % number in self.files:
            number += 1
        return pattern % number

    def put(self, job, name):
        if job.result is not None:
            del self.files[job.result]
        job.result = name
        self.files[name] = job
