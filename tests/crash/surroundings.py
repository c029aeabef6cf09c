# SPDX-License-Identifier: MIT
"""A server, an account and a mount of a test's own, with calls that can be made to fail (inject.c)."""
import ctypes
import json
import mmap
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD_DIR", os.path.join(ROOT, "build"))
# without a keeper, which a walk may ask for behind it: a kill ends the mount, and the next one is a new one
FAST = "nokeeper,settle=0.05,copies_after=0,submit_gap=0,first_poll=0.1,poll_interval=0.1,slow_poll_interval=0.1"

DISK, DISK_READ, NET, FUSE, DESCRIPTOR, CACHE = 1, 2, 4, 8, 16, 32
# What is wrong all the time of a walk (--with): in each life, or from the first mount to its end, whose programs may hear of it.
ALWAYS = {"no cache": (1, True), "EIO on reads of the cache": (2, True), "EMFILE": (4, False)}
COUNT, KILL, KILL_HALF, FAIL, SHORT = range(5)

# of fs/store/jobs.h and fs/store/nodes.h
STATES = [None, "INVALID", "WAITING", "QUEUED", "HELD", "SUBMITTING", "PENDING", "PROCESSING",
          "SUCCESS", "FAILED", "UNKNOWN",
          "FETCHING", "BLOCKED"]
DRAFT_OPEN, DRAFT_CLOSED = 1, 2


class Trouble(Exception):
    """A promise was broken."""


def have_own_mounts():
    """Mounts what follows where no other process sees it. Who makes a namespace of mounts meanwhile has a copy of each that it sees, which keeps
    a daemon alive after the unmount for as long as that namespace is there; so ours keeps none. Without the right to, all goes on as before."""
    new_namespace = 0x20000     # CLONE_NEWNS
    if ctypes.CDLL(None).unshare(new_namespace) == 0:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["umount", "-a", "-l", "-t", "fuse.weryaifs"], stderr=subprocess.DEVNULL)


class Orders(ctypes.Structure):
    """struct page of inject.c"""
    _fields_ = [("count", ctypes.c_uint64), ("at", ctypes.c_uint64), ("times", ctypes.c_uint64),
                ("hits", ctypes.c_uint64), ("classes", ctypes.c_uint32), ("mode", ctypes.c_uint32),
                ("error", ctypes.c_int32), ("always", ctypes.c_uint32),
                ("clock_shift", ctypes.c_int64), ("last", ctypes.c_char * 256)]


class Page:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(4096)
        self.file = open(path, "r+b")
        self.memory = mmap.mmap(self.file.fileno(), 4096)
        self.orders = Orders.from_buffer(self.memory)

    def order(self, classes=0, mode=COUNT, at=0, times=1, error=0):
        o = self.orders
        o.mode, o.classes, o.at, o.times, o.error = mode, classes, at, times, error
        o.count = o.hits = 0
        o.last = b""

    def last(self):
        return self.orders.last.decode(errors="replace")


class Server:
    """weryaifs-sandbox; what it was asked stands in its log."""

    def __init__(self, directory, *arguments):
        self.log = os.path.join(directory, "requests.log")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "weryaifs-sandbox"), "--parent-death", "--log", self.log,
             *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip().removeprefix("listening on ")
        if not self.url.startswith("http"):
            raise Trouble("the sandbox does not start")

    def entries(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def posts(self, prompt=None):
        """Submissions that came, of one prompt or of all."""
        return [e for e in self.entries() if e["method"] == "POST" and
                (prompt is None or e.get("body", {}).get("prompt") == prompt)]

    def control(self, query):
        urllib.request.urlopen(f"{self.url}/_control?{query}", timeout=20).read()

    def stats(self):
        return json.load(urllib.request.urlopen(f"{self.url}/_stats", timeout=20))

    def end(self):
        self.process.kill()
        self.process.wait()


class Told:
    """A child that does things on the mount and tells how far it has come: a hung mount must not hang the test."""

    def __init__(self, work):
        self.told, self.buffer = [], b""
        read, write = os.pipe()
        self.id = os.fork()
        if self.id == 0:
            code = 1
            try:
                os.close(read)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                work(lambda *words: os.write(write, (json.dumps(words) + "\n").encode()))
                code = 0
            except OSError as error:
                os.write(write, (json.dumps(["error", error.errno]) + "\n").encode())
            finally:
                os._exit(code)
        os.close(write)
        self.pipe = read

    def wait(self, seconds, end=True):
        """True: it has ended by itself. Else, with end, it is ended."""
        deadline = time.monotonic() + seconds
        ended = False
        while not ended and time.monotonic() < deadline:
            if not select.select([self.pipe], [], [], max(0, deadline - time.monotonic()))[0]:
                break
            data = os.read(self.pipe, 65536)
            ended = not data
            self.buffer += data
        if not ended and not end:
            return False
        if not ended:
            os.kill(self.id, signal.SIGKILL)
        os.waitpid(self.id, 0)
        os.close(self.pipe)
        self.told = [json.loads(line) for line in self.buffer.splitlines()]
        return ended

    def get(self, word, default=None):
        for told in self.told:
            if told[0] == word:
                return told[1] if len(told) > 1 else True
        return default


class Account:
    """State, cache and mount point."""

    def __init__(self, directory, server, options=""):
        self.directory, self.server = directory, server
        self.options = FAST + (("," + options) if options else "")
        self.mount = os.path.join(directory, "mnt")
        self.home = os.path.join(directory, "home")
        self.state = os.path.join(self.home, "state", "weryaifs", "default")
        os.makedirs(self.mount, exist_ok=True)
        os.makedirs(self.home, exist_ok=True)
        self.page = Page(os.path.join(directory, "page"))
        self.process = None

    def environment(self, inject):
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "LC_ALL": "C.UTF-8",
                       "XDG_STATE_HOME": self.home + "/state", "XDG_CACHE_HOME": self.home + "/cache",
                       "XDG_CONFIG_HOME": self.home + "/config", "WERYAI_API_KEY": "sk-test",
                       "WERYAI_BASE_URL": self.server.url, "WERYAI_MODELS_BASE_URL": self.server.url}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        if inject:
            environment["LD_PRELOAD"] = os.path.join(BUILD, "tests/crash/libinject.so")
            # a sanitizer wants to be the first library of a process; with inject.c in front it works just as well: its
            # own calls pass through inject.c, and what it intercepts is not what inject.c does
            environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            environment["INJECT_PAGE"] = self.page.path
        return environment

    def start(self, inject=False):
        """True: mounted; False: it has ended before."""
        always, in_each = ALWAYS.get(os.environ.get("CRASH_WITH"), (0, True))
        if not in_each and not inject:
            always = 0
        self.page.orders.always = always if in_each else 0
        if not inject:
            self.page.order()
        inject = inject or always != 0
        self.log = open(os.path.join(self.directory, "log"), "ab")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "weryaifs"), "-f", "-o", self.options, self.mount],
            env=self.environment(inject), stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if self.is_mounted():
                self.page.orders.always = always
                return True
            time.sleep(0.005)
        raise Trouble("neither mounted nor ended within 30 s")

    def is_mounted(self):
        with open("/proc/self/mountinfo") as file:
            return any(line.split()[4] == self.mount for line in file)

    def check(self):
        """weryaifs --check: exit code and what it says."""
        done = subprocess.run([os.path.join(BUILD, "weryaifs"), "--check"], timeout=60, text=True,
                              env=self.environment(False), capture_output=True)
        return done.returncode, done.stdout + done.stderr

    def ended(self, seconds=30):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.clean()

    def end_injected(self):
        """The end of a life with orders for the page: how many places it came to, whether one was hit, and which ("-": none)."""
        calls, hit = self.page.orders.count, self.page.orders.hits > 0
        where = self.page.last() if hit else "-"
        if self.process is not None:
            if not self.ended(20):
                raise Trouble("goes on after " + where)
            self.clean()
        return calls, hit, where

    def clean(self):
        """Takes a dead mount away."""
        while self.is_mounted():
            subprocess.run(["fusermount3", "-u", "-z", "-q", self.mount])
        self.log.close()
        self.process = None

    def unmount(self):
        """The clean end; True: the daemon has ended with exit code 0."""
        deadline = time.monotonic() + 10
        # busy: weryaifs itself may be telling inotify of a change this moment
        while subprocess.run(["fusermount3", "-u", "-q", self.mount]).returncode != 0 and \
                self.is_mounted() and time.monotonic() < deadline:
            time.sleep(0.02)
        if not self.ended():
            tail = ("it is mounted still; " if self.is_mounted() else "") + self.tail()
            self.kill()
            raise Trouble("the daemon does not end after the unmount: " + tail)
        good = self.process.returncode == 0
        self.clean()
        return good

    def database(self):
        """A copy of the database as it is now, opened; None: there is none yet."""
        source = os.path.join(self.state, "weryaifs.db")
        if not os.path.exists(source):
            return None
        copy = tempfile.mkdtemp(dir=self.directory)
        for suffix in ("", "-wal"):
            if os.path.exists(source + suffix):
                shutil.copy(source + suffix, os.path.join(copy, "db" + suffix))
        database = sqlite3.connect(os.path.join(copy, "db"))
        database.row_factory = sqlite3.Row
        return database

    def tail(self, lines=15):
        with open(os.path.join(self.directory, "log"), errors="replace") as file:
            return "".join(file.readlines()[-lines:])


class Place:
    """A directory that goes with all that was started in it."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="weryaifs-crash.", dir=os.environ.get("TEST_TMP", "/tmp"))
        return self.path

    def __exit__(self, *_):
        with open("/proc/self/mountinfo") as file:
            points = [line.split()[4] for line in file]
        for point in points:
            if point.startswith(self.path + "/"):
                subprocess.run(["fusermount3", "-u", "-z", "-q", point])
        shutil.rmtree(self.path, ignore_errors=True)


def fetch(url):
    return urllib.request.urlopen(url, timeout=30).read()
