#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What each thing that a user waits for costs in accounts of growing size, as one table.

usage: tests/scale/scale.py [--sizes 1000,10000,100000,1000000] [--only ROW,...] [--json FILE]

Each row has an account of its own for each size. README.md says what the rows mean.
"""
import argparse, json, math, os, random, shutil, signal, subprocess, sys, tempfile, threading, time

import account as accounts
from account import Account, Sandbox, generate

HERE = os.path.dirname(os.path.abspath(__file__))
TIMES = 200  # looks or files of one measurement


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, math.ceil(len(values) * percent / 100) - 1)]


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def cat(path):
    """What cat(1) asks of the kernel, without its start."""
    fd = os.open(path, os.O_RDONLY)
    while os.read(fd, 131072):
        pass
    os.close(fd)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def write(path, text):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(fd, text)
    os.close(fd)


class OneProcessor:
    """Within it the process and we share a processor. Else a round trip costs what it takes to wake another one, which on
    a virtual machine is more than all the rest."""

    def __init__(self, pid):
        self.pid = pid

    def put(self, ours, its):
        for thread in os.listdir(f'/proc/{self.pid}/task'):
            os.sched_setaffinity(int(thread), its)
        os.sched_setaffinity(0, ours)

    def __enter__(self):
        self.before = os.sched_getaffinity(0)
        self.put({min(self.before)}, {min(self.before)})

    def __exit__(self, *_):
        self.put(self.before, self.before)


class TwoProcessors(OneProcessor):
    def __enter__(self):
        self.before = os.sched_getaffinity(0)
        self.put({min(self.before)}, {max(self.before)})


class Scene:
    """One account of one size, mounted."""

    def __init__(self, directory, size):
        self.directory, self.size = directory, size
        self.account = Account(directory)
        self.service = Sandbox(directory, '--seconds', '0.2')
        self.mnt = self.account.mount + '/FLUX/'
        self.preload = directory + '/turns.so'
        subprocess.run(['cc', '-O2', '-shared', '-fPIC', '-o', self.preload, HERE + '/turns.c', '-ldl'], check=True)

    def make(self, *options, fault=None, plain=False, **counts):
        """plain: nothing is preloaded, which takes a microsecond of each turn of the loop."""
        generate(self.account, self.service, **counts)
        if fault:
            self.service.control(fault=fault)
        self.start(*options, plain=plain)

    def start(self, *options, plain=False):
        self.took = self.account.start(self.service.url, *options, preload=None if plain else self.preload)
        if not plain:
            self.account.longest_turn()

    def cpu_of(self, action):
        before = self.account.cpu()
        action()
        return self.account.cpu() - before

    def close(self):
        self.account.stop()
        self.service.stop()


# --- the rows: each returns {name: (value, unit)} ---

def row_mount(scene):
    scene.make(done=scene.size)
    scene.account.stop()
    scene.start()
    return {'mount': (scene.took, 's'), 'RSS at the mount': (scene.account.rss(), 'MiB')}


def row_create(scene):
    scene.make('-o', 'settle=600', removed=scene.size)
    os.mkdir(scene.mnt + 'new')
    times = [timed(lambda: write(f'{scene.mnt}new/{i}.txt', b'a fox %d\n' % i)) for i in range(TIMES)]
    return {'create ... close, p50': (percentile(times, 50), 's'), 'create ... close, p99': (percentile(times, 99), 's')}


def row_settle(scene):
    scene.make('-o', 'manual', removed=scene.size)
    os.mkdir(scene.mnt + 'new')
    names = [f'{scene.mnt}new/{i}.' for i in range(TIMES)]

    def settle():
        for i, name in enumerate(names):
            write(name + 'txt', b'a wolf %d\n' % i)
        while not read(names[-1] + 'status').startswith(b'state: HELD'):
            time.sleep(0.01)

    return {'a prompt written and examined, CPU': (scene.cpu_of(settle) / TIMES, 's')}


def list_like_ls(path):
    count = 0
    with os.scandir(path) as entries:
        for entry in entries:
            entry.stat(follow_symlinks=False)
            count += 1
    return count


def row_list(scene):
    scene.make(done=scene.size, plain=True)
    path, entries = scene.mnt + 'done', 3 * scene.size
    first = timed(lambda: list_like_ls(path))
    with OneProcessor(scene.account.pid):
        again = timed(lambda: list_like_ls(path))
        cpu = scene.cpu_of(lambda: list_like_ls(path)) / entries
    return {'ls -l of done, an entry, CPU of the daemon': (cpu, 's'), 'ls -l of done, an entry, all on one processor': (again / entries, 's'),
            'the same where the scheduler puts it, first time': (first / entries, 's')}


def row_stat(scene):
    scene.make(done=scene.size)
    names = [f'{scene.mnt}done/p{random.randrange(scene.size):07}.' for _ in range(TIMES * 5)]
    times = [timed(lambda: os.stat(name + kind)) for name in names for kind in ('png', 'status')]
    return {'stat, p99': (percentile(times, 99), 's')}


def rest(scene):
    """Waits until all is told: half a second without work."""
    quiet, before = 0, -1
    while quiet < 5:
        time.sleep(0.1)
        now = scene.account.cpu()
        quiet, before = (quiet + 1 if now - before < 0.005 else 0), now


def floor(directory):
    """Seconds for the round trips of a status where there is nothing to be done for them, on one processor and on two."""
    place, program = directory + '/floor', directory + '/floor.program'
    os.mkdir(place)
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'fuse3'], check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(['cc', '-O2', '-o', program, HERE + '/floor.c', *flags], check=True)
    process = subprocess.Popen([program, place])
    try:
        while not os.path.exists(place + '/status'):
            time.sleep(0.01)
        with OneProcessor(process.pid):
            one = cats([place + '/status'] * TIMES)
        with TwoProcessors(process.pid):
            two = cats([place + '/status'] * TIMES)
        return one, two
    finally:
        subprocess.run(['fusermount3', '-u', '-q', place], check=True)
        process.wait()


def cats(names):
    return percentile([timed(lambda: cat(name)) for name in names], 50)


def row_queued(scene):
    scene.make(fault='submit-6010', queued=scene.size, plain=True)
    rest(scene)
    path = scene.mnt + 'queued'
    names = [f'{path}/p{random.randrange(scene.size):07}.status' for _ in range(TIMES)]
    with OneProcessor(scene.account.pid):
        took = timed(lambda: list_like_ls(path))
        one = cats(names)
        cpu = scene.cpu_of(lambda: [cat(name) for name in names]) / TIMES
    with TwoProcessors(scene.account.pid):
        two = cats(names)
    floor_one, floor_two = floor(scene.directory)
    return {'cat of a status, CPU of the daemon': (cpu, 's'), 'RSS with that many QUEUED': (scene.account.rss(), 'MiB'),
            'ls -l of QUEUED, an entry': (took / 2 / scene.size, 's'),
            'cat of a status, p50, on one processor': (one, 's'), 'the same of a filesystem that does nothing': (floor_one, 's'),
            'cat of a status, p50, on two processors': (two, 's'), 'the same of a filesystem that does nothing, on two': (floor_two, 's')}


def row_refusal(scene):
    """One 6010 while so many wait: how long the loop is away, and what that costs in all."""
    scene.make(fault='submit-slow=1', queued=scene.size)

    def refused():
        scene.service.control(clear=None)
        scene.service.control(fault='submit-6010')
        while b'"code":6010' not in read(scene.service.log):
            time.sleep(0.01)
        rest(scene)

    cpu = scene.cpu_of(refused)
    return {'around a 6010: longest turn': (scene.account.longest_turn(), 's'), 'around a 6010: CPU': (cpu, 's')}


def row_stats(scene):
    scene.make(done=scene.size)
    about = scene.account.mount + '/.weryaifs'
    read(about + '/stats')
    stats = scene.cpu_of(lambda: [read(about + '/stats') for _ in range(10)]) / 10
    listed = scene.cpu_of(lambda: [list_like_ls(about) for _ in range(10)]) / 10
    return {'.weryaifs/stats, CPU': (stats, 's'), 'ls -l .weryaifs, CPU': (listed, 's')}


def row_evict(scene):
    scene.make(cached=scene.size)
    scene.account.stop()
    scene.start('-o', 'cache_size=4096')
    times, over = [], threading.Event()

    def reader():
        name = f'{scene.mnt}cached/p{scene.size - 1:07}.png'
        with open(name, 'rb', buffering=0) as file:  # an open one is not evicted
            while not over.is_set():
                times.append(timed(lambda: os.stat(f'{scene.mnt}cached/p{random.randrange(scene.size):07}.status')))
                time.sleep(0.002)

    thread = threading.Thread(target=reader)

    def evict():
        read(f'{scene.mnt}cached/p{scene.size // 2:07}.png')
        thread.start()
        while len(os.listdir(scene.account.cache)) > 10:
            time.sleep(0.05)

    cpu = scene.cpu_of(evict)
    over.set()
    thread.join()
    return {'eviction, CPU a file': (cpu / scene.size, 's'), 'eviction, p99 of a stat meanwhile': (percentile(times, 99), 's')}


def row_mkdir(scene):
    scene.make(dirs=scene.size)
    times = [timed(lambda: os.mkdir(f'{scene.mnt}dirs/new{i}')) for i in range(TIMES)]
    return {'mkdir, p50': (percentile(times, 50), 's')}


def row_open(scene):
    size = min(scene.size, 10000)
    scene.make(cached=size)
    held = [os.open(f'{scene.mnt}cached/p{i:07}.png', os.O_RDONLY) for i in range(size - TIMES)]
    for fd in held:
        os.pread(fd, 100, 0)
    names = [f'{scene.mnt}cached/p{size - 1 - i:07}.png' for i in range(TIMES)]

    def look(name):
        fd = os.open(name, os.O_RDONLY)
        os.pread(fd, 100, 0)
        os.close(fd)

    times = [timed(lambda: look(name)) for name in names]
    for fd in held:
        os.close(fd)
    return {'open+read, that many open (10,000 at most), p50': (percentile(times, 50), 's')}


def row_visible(scene):
    """From the moment the service has made it, as its own log tells, to the name."""
    scene.make('-o', 'first_poll=0.01,poll_interval=0.01,settle=0.01', done=scene.size)
    times = []
    for i in range(20):
        name = f'{scene.mnt}done/new{i}'
        write(name + '.txt', b'a bear %d [[bytes=20000]]\n' % i)  # bytes that the sandbox need not compute when it is asked
        read(name + '.wait')
        end = time.time()
        asked = [json.loads(line) for line in open(scene.service.log)]
        times.append(end - max(line['time'] for line in asked if '/status' in line['path'] or 'query' in line['path']))
    return {'finished -> X.wait, p50': (percentile(times, 50), 's')}


ROWS = {name[4:]: function for name, function in globals().copy().items() if name.startswith('row_')}


def show(value, unit):
    if unit == 's':
        for factor, name in ((1, 's'), (1e3, 'ms'), (1e6, 'us')):
            if value * factor >= 1 or name == 'us':
                return f'{value * factor:.3g} {name}'
    return f'{value:.3g} {unit}'


def order(sizes, values):
    """The power of the size that the last step has grown with."""
    if len(values) < 2 or values[-1][0] <= 0 or values[-2][0] <= 0:
        return ''
    return f'{math.log(values[-1][0] / values[-2][0]) / math.log(sizes[-1] / sizes[-2]):.2f}'


def measure(row, size):
    directory = tempfile.mkdtemp(prefix='weryaifs-scale.', dir=os.environ.get('SCALE_DIR'))
    scene = Scene(directory, size)
    try:
        return ROWS[row](scene)
    finally:
        scene.close()
        shutil.rmtree(directory)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(usage=__doc__.partition('usage: ')[2])
    parser.add_argument('--sizes', default='1000,10000,100000,1000000')
    parser.add_argument('--only', default=','.join(ROWS))
    parser.add_argument('--json')
    chosen = parser.parse_args()
    sizes, table = [int(size) for size in chosen.sizes.split(',')], {}
    print('| what |', ' | '.join(map(str, sizes)), '| order |\n|---|' + '---|' * (len(sizes) + 1))
    for row in chosen.only.split(','):
        values = [measure(row, size) for size in sizes]
        for name in values[0]:
            table[name] = [value[name] for value in values]
            print(f'| {name} |', ' | '.join(show(*value) for value in table[name]), '|', order(sizes, table[name]), '|', flush=True)
    if chosen.json:
        with open(chosen.json, 'w') as file:
            json.dump({'sizes': sizes, 'rows': table}, file)


if __name__ == '__main__':
    main()
