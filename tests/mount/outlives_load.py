#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Users of a mount whose daemon is killed again and again: outlives_load.py MOUNT KEEPER KILLS REQUESTS INSTALLED. With [ONE
OTHER] behind it, it is replaced: the programs ONE and OTHER take turns at the path INSTALLED, followed by --restart.

Each user is a process that does one thing over and over and checks what it gets. None may see an error: only a job whose
submission was under way at a kill may end as UNKNOWN, with EIO for who waits for it. At the end each submission that the
server got (its log is REQUESTS) belongs to a result or to one UNKNOWN prompt that was asked for, each result has its bytes, and
inotify has told of each result once. KEEPER is the keeper's process id. OUTLIVES_BYTES: how long a long result is; OUTLIVES_PAUSE: seconds between two kills, at most.
OUTLIVES_NEWER: a program with a newer ledger, which takes over after half of the kills."""
import collections
import contextlib
import errno
import faulthandler
import fcntl
import json
import mmap
import multiprocessing
import os
import queue
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

MOUNT, KEEPER, KILLS, REQUESTS = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
PLACE = os.path.join(MOUNT, "FLUX")
INSTALLED, PROGRAMS, NEWER = sys.argv[5], sys.argv[6:], os.environ.get("OUTLIVES_NEWER")
LONG, PAUSE = int(os.environ.get("OUTLIVES_BYTES", 30_000_000)), float(os.environ.get("OUTLIVES_PAUSE", 0.9))
PATIENCE = 240 # seconds, for what must happen at all
SAID = tempfile.NamedTemporaryFile() # by inotifywait
over = multiprocessing.Event()


def going():
    return not over.is_set()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def state_of(stem):
    with open(stem + ".status") as file:
        return file.readline().strip().removeprefix("state: ")


def wait_for(stem):
    """The names of the results, or None where the answer to the submission was lost."""
    try:
        with open(stem + ".wait") as file:
            return file.read().split("\n")[:-1]
    except OSError as error:
        if error.errno == errno.EIO and state_of(stem) == "UNKNOWN":
            return None
        raise


def right_bytes(path):
    url = os.getxattr(path, "user.weryai.url").decode()
    with open(path, "rb") as file, urllib.request.urlopen(url, timeout=60) as wanted:
        for data in iter(lambda: wanted.read(1 << 20), b""):
            assert file.read(len(data)) == data, "other bytes: " + path
        assert file.read(1) == b"", "longer: " + path


@contextlib.contextmanager
def buys(told, text):
    """One submission that is asked for in here; `end` is set to how it ended."""
    one = {"text": text, "asked": time.time()}
    yield one
    told.setdefault("bought", []).append(one | {"seen": time.time()})


def buy(told, path, words, text):
    """Writes it, and waits: the results, or None."""
    with buys(told, text) as one:
        write(path, words + "\n")
        names = wait_for(os.path.splitext(path)[0])
        one["end"] = "UNKNOWN" if names is None else "SUCCESS"
    assert names is None or len(names) == 1, names
    return names and os.path.join(PLACE, names[0])


def waiter(told, number):
    """A prompt after the other, each waited for."""
    rounds = 0
    while going():
        text = f"a fox of {number} {rounds}"
        result = buy(told, os.path.join(PLACE, f"wait-{number}-{rounds}.txt"), text, text)
        if result:
            right_bytes(result)
        rounds += 1
    told["done"] = rounds


def buyer(told, number):
    """`submit` buys once more, each time that the last result was told of: its name changes hands then."""
    stem, text, results = os.path.join(PLACE, f"buy-{number}"), f"bought by {number}", 0
    results += buy(told, stem + ".txt", text, text) is not None
    while going():
        await_told(f"buy-{number}.png", results)
        results += buy(told, stem + ".status", "submit", text) is not None
    told["done"] = results


def editor(told, number):
    """Saves as editors do: a new file, renamed over the old one; or truncated and written. Nothing is sent of it."""
    path, rounds = os.path.join(PLACE, f"notes-{number}"), 0
    while going():
        text = f"note {rounds}\n" * random.randint(1, 2000)
        if rounds % 2:
            write(path, text)
        else:
            write(path + ".new", text)
            os.rename(path + ".new", path)
        with open(path) as file:
            assert file.read() == text, "a note reads otherwise"
        rounds += 1
    told["done"] = rounds


def nameless(told, number):
    """Open and removed."""
    rounds = 0
    while going():
        path = os.path.join(PLACE, f"gone-{number}-{rounds}")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.unlink(path)
        for i in range(20):
            data = random.randbytes(random.randint(1, 5000))
            assert os.pwrite(fd, data, i * 7000) == len(data)
            assert os.pread(fd, len(data), i * 7000) == data, "a file without a name reads otherwise"
        os.close(fd)
        rounds += 1
    told["done"] = rounds


def names(told, number):
    """mkdir, rename, rmdir, attributes: each would fail if it were done twice."""
    rounds, place = 0, os.path.join(PLACE, f"names-{number}")
    os.mkdir(place)
    while going():
        one, two = os.path.join(place, "one"), os.path.join(place, "two")
        os.mkdir(one)
        os.close(os.open(one + "/file", os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.setxattr(one + "/file", "user.round", str(rounds).encode(), os.XATTR_CREATE)
        os.rename(one, two)
        assert os.getxattr(two + "/file", "user.round") == str(rounds).encode()
        os.removexattr(two + "/file", "user.round")
        os.unlink(two + "/file")
        os.rmdir(two)
        assert os.listdir(place) == [], os.listdir(place)
        rounds += 1
    told["done"] = rounds


def no_trouble(error):
    if not isinstance(error, FileNotFoundError):
        raise error


def finder(told, number):
    rounds = 0
    while going():
        # what is renamed or removed by another user meanwhile is no error
        for directory, _, files in os.walk(MOUNT, onerror=no_trouble):
            for file in files:
                try:
                    os.lstat(os.path.join(directory, file))
                except OSError as error:
                    no_trouble(error)
            if not going():
                break
        rounds += 1
    told["done"] = rounds


def copier(told, number):
    """Copies a long result, which was fetched for nobody yet, and reads it again."""
    rounds = 0
    while going():
        text = f"a long one {number} {rounds} [[bytes={LONG}]]"
        result = buy(told, os.path.join(PLACE, f"long-{number}-{rounds}.txt"), text, text)
        if result:
            with tempfile.NamedTemporaryFile() as copy:
                subprocess.run(["cp", result, copy.name], check=True)
                subprocess.run(["cmp", result, copy.name], check=True)
            right_bytes(result)
        rounds += 1
    told["done"] = rounds


def poller(told, number):
    """poll(2) on a status, for as long as its job takes."""
    rounds = woken = 0
    while going():
        stem, text = os.path.join(PLACE, f"poll-{number}-{rounds}"), f"polled {number} {rounds} [[seconds=0.5]]"
        with buys(told, text) as one:
            write(stem + ".txt", text + "\n")
            fd = os.open(stem + ".status", os.O_RDONLY)
            poll = select.poll()
            poll.register(fd, select.POLLPRI)
            while True:
                one["end"] = os.pread(fd, 4096, 0).decode().split("\n")[0].removeprefix("state: ")
                if one["end"] in ("SUCCESS", "UNKNOWN"):
                    break
                assert poll.poll(PATIENCE * 1000), f"not woken: {one['end']}"
                woken += 1
            os.close(fd)
        rounds += 1
    told["done"], told["woken"] = rounds, woken


def sitter(told, number):
    """Stands in a directory, has a lock and a mapping, and a listing that goes on."""
    place = os.path.join(PLACE, f"sits-{number}")
    os.mkdir(place)
    for i in range(300):
        os.close(os.open(f"{place}/file-{i}", os.O_WRONLY | os.O_CREAT))
    fd = os.open(place + "/mapped", os.O_RDWR | os.O_CREAT)
    os.truncate(fd, 1 << 20)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.chdir(place)
    rounds = 0
    while going() or rounds == 0:
        with mmap.mmap(fd, 1 << 20, mmap.MAP_SHARED) as memory:
            at = random.randrange(0, (1 << 20) - 8)
            memory[at:at + 8] = rounds.to_bytes(8, "little")
            memory.flush()
        assert os.pread(fd, 8, at) == rounds.to_bytes(8, "little"), "a mapping reads otherwise"
        assert len(os.listdir(".")) == 301, len(os.listdir("."))
        rounds += 1
    os.chdir("/")
    told["done"] = rounds


def shell(told, number):
    """Stands in a directory, and is asked for a line again and again."""
    place = os.path.join(PLACE, f"shell-{number}")
    os.mkdir(place)
    script = 'cd "$0" || exit; while read -r n; do echo "$n" >line && read -r back <line && [ "$back" = "$n" ] && [ -f ../shell-*/line ] && echo "$n"; done'
    with subprocess.Popen(["bash", "-c", script, place], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        rounds = 0
        while going():
            process.stdin.write(f"{rounds}\n")
            process.stdin.flush()
            said = process.stdout.readline()
            assert said == f"{rounds}\n", said
            rounds += 1
    told["done"] = rounds


def syncer(told, number):
    """rsync of a directory into the mount, a little different each time."""
    rounds, place = 0, os.path.join(PLACE, f"synced-{number}")
    with tempfile.TemporaryDirectory() as source:
        while going():
            for i in random.sample(range(60), 20):
                os.makedirs(f"{source}/{i % 5}", exist_ok=True)
                with open(f"{source}/{i % 5}/{i}", "wb") as file:
                    file.write(random.randbytes(random.randint(0, 20000)))
            for tool in (["rsync", "-a", "--delete", "--checksum", source + "/", place], ["diff", "-r", source, place]):
                subprocess.run(tool, check=True)
            if rounds % 10 == 9:
                shutil.rmtree(f"{source}/{rounds % 5}")
            rounds += 1
    told["done"] = rounds


def user(work, number, report):
    faulthandler.register(signal.SIGUSR1)
    told = {}
    try:
        work(told, number)
    except BaseException:
        told["broken"] = traceback.format_exc()
    report.put((f"{work.__name__}-{number}", told))


def find_daemon():
    """The keeper's child that does not tell inotify; waits for the next one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open(f"/proc/{KEEPER}/task/{KEEPER}/children") as file:
            children = file.read().split()
        for child in children:
            with contextlib.suppress(OSError), open(f"/proc/{child}/stat") as file:
                name, _, rest = file.read().partition("(")[2].rpartition(")")
                if rest.split()[0] not in "ZX" and not name.startswith("weryaifs-pub"):
                    return int(child)
        time.sleep(0.01)
    raise AssertionError("no daemon follows")


def restart(program):
    """As a package does it. --restart, which goes on."""
    shutil.copy(program, INSTALLED + ".new")
    os.rename(INSTALLED + ".new", INSTALLED)
    return subprocess.Popen([INSTALLED, "--restart", MOUNT], stderr=subprocess.PIPE, text=True)


def migrate():
    """To a newer ledger, from which there is no way back, and it is said why."""
    shutil.copy(INSTALLED, INSTALLED + ".old")
    for program, good in ((NEWER, True), (INSTALLED + ".old", False), (NEWER, True)):
        process = restart(program)
        said = process.communicate(timeout=PATIENCE)[1]
        assert (process.returncode == 0) is good and (good or "newer weryaifs" in said), f"{program}: {process.returncode} {said}"


def kill_all():
    """KILLS daemons, one after the other: between which two times each died, and how long stat(2) waited then, in milliseconds."""
    kills, pauses = [], []
    for i in range(KILLS):
        if NEWER and i == KILLS // 2:
            migrate()
        daemon, before = None if PROGRAMS else find_daemon(), time.time()
        process = restart(PROGRAMS[i % 2]) if PROGRAMS else os.kill(daemon, signal.SIGKILL)
        begin = time.monotonic()
        kills += [] if PROGRAMS else [(before, time.time())]
        os.path.exists(os.path.join(PLACE, f"nobody-{i}")) # nothing that the kernel knows by itself
        pauses.append((time.monotonic() - begin) * 1000)
        assert not process or process.wait(PATIENCE) == 0, "no restart"
        time.sleep(random.uniform(0.1, PAUSE)) # a random moment of the next one's life
    return kills, sorted(pauses)


def check_posts(told, kills):
    """Of each text: what succeeded has a result each, whose task was submitted once; any other submission is one of those that
    ended as UNKNOWN, each of which has a kill in its time. Nothing else was sent."""
    bought = collections.defaultdict(list)
    for one in sum((one.get("bought", []) for one in told.values()), []):
        bought[one["text"]].append(one)
    with open(REQUESTS) as file:
        entries = [json.loads(line) for line in file if line.endswith("\n")]
    posts = [entry for entry in entries if entry["method"] == "POST" and "text-to-image" in entry["path"]]
    results = collections.Counter(os.getxattr(os.path.join(PLACE, name), "user.weryai.task").decode()
                                  for name in os.listdir(PLACE) if name.endswith(".png"))
    assert set(results.values()) <= {1}, f"two results of one task: {results}"
    owned, lost = collections.Counter(), collections.Counter()
    for post in posts:
        text = post["body"]["prompt"]
        assert text in bought, f"nobody has asked for {text!r}"
        (owned if results.pop(post.get("task", [None])[0], 0) else lost)[text] += 1
    assert not results, f"results of tasks that were never submitted, or twice: {results}"
    unsent = 0
    for text, purchases in bought.items():
        unknown = [one for one in purchases if one["end"] == "UNKNOWN"]
        assert owned[text] == len(purchases) - len(unknown), f"{text!r}: {owned[text]} results of {purchases}"
        assert lost[text] <= len(unknown), f"{text!r}: {lost[text]} submissions without a result, of {purchases}"
        for one in unknown:
            assert any(one["asked"] <= after and before <= one["seen"] for before, after in kills), f"UNKNOWN without a kill: {one}"
        unsent += len(unknown) - lost[text]
    return len(posts), sum(map(len, bought.values())), sum(owned.values()), sum(lost.values()), unsent


def check_bytes():
    """Of the results that were looked at by nobody."""
    for name in os.listdir(PLACE):
        if name.endswith(".png") and name.startswith(("buy-", "poll-")):
            right_bytes(os.path.join(PLACE, name))


def watch():
    """inotifywait; what it says, in SAID."""
    return subprocess.Popen(["inotifywait", "-q", "-m", "--format", "%e %f", "-e", "create", "-e", "close_write", PLACE], stdout=SAID)


def told_of():
    """(event, name) of results, counted."""
    with open(SAID.name) as file:
        return collections.Counter(tuple(line.split()) for line in file if line.endswith(".png\n"))


def await_told(name, times):
    deadline = time.monotonic() + PATIENCE
    while told_of()["CLOSE_WRITE,CLOSE", name] < times:
        assert time.monotonic() < deadline, f"inotify does not tell of {name} for the {times}th time"
        time.sleep(0.05)


def check_told(told):
    """Each result was told of once; those of `submit` have had the same name one after the other, and older ones were renamed."""
    wanted = collections.Counter()
    for event in ("CREATE", "CLOSE_WRITE,CLOSE"):
        wanted += {(event, name): 1 for name in os.listdir(PLACE) if name.endswith(".png") and not name.startswith("buy-")}
        wanted += {(event, name.replace("buyer", "buy") + ".png"): one["done"] for name, one in told.items() if name.startswith("buyer-")}
    deadline = time.monotonic() + PATIENCE
    while wanted - told_of() and time.monotonic() < deadline:
        time.sleep(0.1)
    got = told_of()
    assert got == wanted, f"inotify: {got - wanted} too much, {wanted - got} never"
    return sum(wanted.values()) // 2


def collect(report, processes):
    """What the users have to say; None, when one of them hangs: then it says where."""
    told = {}
    while len(told) < len(processes):
        try:
            told.update([report.get(timeout=PATIENCE)])
        except queue.Empty:
            missing = [name for name in processes if name not in told]
            for name in missing:
                print("hangs:", name, flush=True)
                os.kill(processes[name].pid, signal.SIGUSR1)
            time.sleep(1)
            sys.exit(f"not at their end: {missing}")
    return told


if __name__ == "__main__":
    report = multiprocessing.Queue()
    inotify = watch()
    processes = {}
    for work, count in ((waiter, 3), (buyer, 1), (editor, 2), (nameless, 1), (names, 1), (finder, 1), (copier, 1), (poller, 1),
                        (sitter, 1), (shell, 1), (syncer, 1)):
        for number in range(count):
            process = multiprocessing.Process(target=user, args=(work, number, report), daemon=True)
            process.start()
            processes[f"{work.__name__}-{number}"] = process
    began = time.monotonic()
    kills, pauses = kill_all()
    took = time.monotonic() - began
    over.set()
    told = collect(report, processes)
    broken = [name for name, one in told.items() if "broken" in one]
    for name, one in sorted(told.items()):
        print(name, one.get("broken") or {what: value for what, value in one.items() if what != "bought"})
    print(f"{KILLS} kills in {took:.0f} s; stat(2) waited {pauses[len(pauses) // 2]:.0f} ms (median), "
          f"{pauses[len(pauses) * 99 // 100]:.0f} ms (p99)")
    if broken:
        sys.exit(f"saw an error: {broken}")
    print("{} submissions of {} asked for: {} have their result, {} were answered to nobody (UNKNOWN), {} never sent (UNKNOWN)".format(
        *check_posts(told, kills)), f"{check_told(told)} results told of once each", sep="; ")
    check_bytes()
    inotify.terminate()
