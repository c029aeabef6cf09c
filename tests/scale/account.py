#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Accounts of any size: one prompt goes through the real program, and its rows are then copied.

usage: tests/scale/account.py DIRECTORY KIND=COUNT...       leaves the account in DIRECTORY/home

The rows are copied by the names of their columns, so that a column which a later version adds comes along.
"""
import contextlib, glob, hashlib, os, signal, sqlite3, struct, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BUILD_DIR', ROOT + '/build')
QUICK = 'settle=0.2,copies_after=0,submit_gap=0,first_poll=0.1,poll_interval=0.1,slow_poll_interval=0.2,submissions_per_day=0'
KINDS = ('done', 'removed', 'queued', 'dirs', 'cached')


class Sandbox:
    """The service, on loopback."""

    def __init__(self, directory, *arguments):
        self.log = directory + '/requests.log'
        self.process = subprocess.Popen([BUILD + '/weryaifs-sandbox', '--parent-death', '--log', self.log, *arguments],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def control(self, **settings):
        query = '&'.join(key.replace('_', '-') + ('' if value is None else f'={value}') for key, value in settings.items())
        subprocess.run(['curl', '-sSf', f'{self.url}/_control?{query}'], check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Account:
    """A home of its own below `directory`, and its mount."""

    def __init__(self, directory):
        self.directory = directory
        self.mount = directory + '/mnt'
        self.state = directory + '/home/.local/state/weryaifs/default'
        self.cache = directory + '/home/.cache/weryaifs/default'
        self.turns = directory + '/turns'
        self.pid = None
        for path in (self.mount, directory + '/tmp'):
            os.makedirs(path, exist_ok=True)

    def start(self, url, *options, preload=None, adapts=False):
        """Mounts; returns the seconds until that was usable."""
        quick = QUICK.replace('submit_gap=0,', '') if adapts else QUICK
        home = self.directory + '/home'
        environment = {'PATH': os.environ['PATH'], 'HOME': home, 'LC_ALL': 'C.UTF-8', 'TMPDIR': self.directory + '/tmp',
                       'XDG_RUNTIME_DIR': self.directory + '/tmp', 'WERYAI_API_KEY': 'sk-test', 'WERYAI_BASE_URL': url,
                       'WERYAI_MODELS_BASE_URL': url}
        if preload:
            environment.update(LD_PRELOAD=preload, WERYAIFS_TURNS=self.turns)
        began = time.monotonic()
        subprocess.run([BUILD + '/weryaifs', '-o', quick, *options, self.mount], env=environment, check=True, timeout=600)
        took = time.monotonic() - began
        found = [int(path.split('/')[2]) for path in glob.glob('/proc/[0-9]*/cmdline')
                 if (BUILD + '/weryaifs').encode() in self.words(path) and self.mount.encode() in self.words(path)]
        self.pid = min(found)
        return took

    @staticmethod
    def words(path):
        try:
            with open(path, 'rb') as file:
                return file.read().split(b'\0')
        except OSError:
            return []

    def stop(self):
        if self.pid is None:
            return
        for _ in range(500):
            if subprocess.run(['fusermount3', '-u', '-q', self.mount]).returncode == 0:
                break
            time.sleep(0.02)
        while os.path.exists(f'/proc/{self.pid}') and self.words(f'/proc/{self.pid}/cmdline') != []:
            time.sleep(0.02)
        self.pid = None

    def cpu(self):
        """Seconds that the daemon has used."""
        total = 0
        for path in glob.glob(f'/proc/{self.pid}/task/*/schedstat'):
            with contextlib.suppress(OSError), open(path) as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def rss(self):
        with open(f'/proc/{self.pid}/status') as file:
            return max(int(line.split()[1]) for line in file if line.startswith('VmHWM')) / 1024

    def longest_turn(self):
        """Seconds of the longest turn of the loop since this was asked last; with preload alone."""
        with open(self.turns, 'r+b') as file:
            longest = struct.unpack('Q', file.read(8))[0]
            file.seek(0)
            file.write(struct.pack('Q', 0))
        return longest / 1e9


class Copier:
    """Adds copies of a table's row."""

    def __init__(self, db, table, template):
        self.row = dict(template)
        self.columns = [row[1] for row in db.execute(f'PRAGMA table_xinfo({table})') if row[6] == 0]  # none that are generated
        self.sql = (f"INSERT INTO {table}({','.join(self.columns)}) VALUES({','.join('?' * len(self.columns))})")
        self.db = db

    def add(self, **changes):
        row = {**self.row, **changes}
        self.db.execute(self.sql, [row[column] for column in self.columns])


class Generator:
    def __init__(self, account, service):
        self.account = account
        account.start(service.url)
        os.mkdir(account.mount + '/FLUX/first')
        with open(account.mount + '/FLUX/first/x.txt', 'w') as file:
            file.write('a fox\n')
        with open(account.mount + '/FLUX/first/x.wait') as file:
            file.read()
        with open(account.mount + '/FLUX/first/x.png', 'rb') as file:
            file.read()
        account.stop()
        self.db = sqlite3.connect(account.state + '/weryaifs.db', isolation_level=None)
        self.db.row_factory = sqlite3.Row
        one = lambda sql: self.db.execute(sql).fetchone()
        self.prompt = Copier(self.db, 'node', one("SELECT * FROM node WHERE CAST(name AS TEXT) = 'x.txt'"))
        self.picture = Copier(self.db, 'node', one("SELECT * FROM node WHERE CAST(name AS TEXT) = 'x.png'"))
        self.dir = Copier(self.db, 'node', one("SELECT * FROM node WHERE CAST(name AS TEXT) = 'first'"))
        for table in ('job', 'task', 'result', 'wish', 'place', 'cached'):
            setattr(self, table, Copier(self.db, table, one(f'SELECT * FROM {table}')))
        self.ino = one('SELECT max(ino) FROM node')[0]
        self.id = one('SELECT max(id) FROM job')[0]

    def next_ino(self):
        self.ino += 1
        return self.ino

    def add_dir(self, name, parent=None):
        ino = self.next_ino()
        self.dir.add(ino=ino, name=name.encode(), parent=parent or self.dir.row['parent'])
        return ino

    def write_data(self, ino, text):
        with open(f'{self.account.state}/data/{ino}', 'wb') as file:
            file.write(text)

    def add_job(self, name, path, dir, prompt, **changes):
        self.id += 1
        digest = hashlib.sha256(f'{self.id}'.encode()).hexdigest()
        self.job.add(id=self.id, ino=prompt, dir=dir, stem=name.encode(), text=f'fox {self.id}\n'.encode(), **changes)
        self.place.add(id=self.id, path=f'/FLUX/{path}/{name}'.encode(), job=self.id)
        self.wish.add(job=self.id, place=self.id, name=name.encode(), hash=digest, request=digest[::-1],
                      gone=0 if prompt else self.job.row['created'])

    def add_result(self, name, dir):
        ino = self.next_ino()
        self.picture.add(ino=ino, name=f'{name}.png'.encode(), parent=dir, job=self.id)
        return ino

    def add_prompt(self, name, dir):
        ino = self.next_ino()
        self.prompt.add(ino=ino, name=f'{name}.txt'.encode(), parent=dir, job=self.id + 1)
        self.write_data(ino, f'fox {self.id + 1}\n'.encode())
        return ino

    def done(self, dir, i, removed=False, bytes=0):
        name = f'p{i:07}'
        prompt = 0 if removed else self.add_prompt(name, dir)
        self.add_job(name, self.kind, dir, prompt)
        picture = 0 if removed else self.add_result(name, dir)
        self.task.add(job=self.id, id=f't{self.id}')
        self.result.add(job=self.id, task=f't{self.id}', ino=picture)
        if bytes:
            size = self.picture.row['size']
            self.cached.add(ino=picture, ranges=struct.pack('qq', 0, bytes), bytes=bytes, used=self.cached.row['used'] + i)
            with open(f'{self.account.cache}/{picture}', 'wb') as file:
                file.truncate(size if bytes > size else bytes)

    def queued(self, dir, i):
        name = f'p{i:07}'
        prompt = self.add_prompt(name, dir)
        self.add_job(name, self.kind, dir, prompt, state=3, submitted=0, finished=0, batch=0, attempts=0)

    def add(self, kind, count):
        self.kind = kind
        self.db.execute('BEGIN')
        dir = self.add_dir(kind)
        for i in range(count):
            if kind == 'done':
                self.done(dir, i)
            elif kind == 'removed':
                self.done(dir, i, removed=True)
            elif kind == 'cached':
                self.done(dir, i, bytes=4096)
            elif kind == 'queued':
                self.queued(dir, i)
            elif kind == 'dirs':
                self.add_dir(f'd{i:07}', dir)
        self.db.execute('COMMIT')

    def finish(self):
        self.db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        self.db.close()


def generate(account, service, **counts):
    generator = Generator(account, service)
    for kind, count in counts.items():
        generator.add(kind, count)
    generator.finish()


def main():
    if len(sys.argv) < 3 or not all(word.partition('=')[0] in KINDS for word in sys.argv[2:]):
        sys.exit(__doc__)
    service = Sandbox(sys.argv[1]) if os.path.isdir(sys.argv[1]) else os.makedirs(sys.argv[1]) or Sandbox(sys.argv[1])
    generate(Account(sys.argv[1]), service, **{k: int(n) for k, _, n in (word.partition('=') for word in sys.argv[2:])})
    service.stop()


if __name__ == '__main__':
    main()
