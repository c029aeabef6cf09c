#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Accounts of any size: one prompt goes through the real program, and its rows are then copied.

usage: tests/scale/account.py DIRECTORY KIND=COUNT...       leaves the account in DIRECTORY/home

The rows are copied by the names of their columns, so that a column which a later version adds comes along.
"""
import contextlib, glob, os, sqlite3, struct, subprocess, sys, time

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

    def start(self, url, *options, preload=None, adapts=False, extra=None, log=None):
        """Mounts; returns the seconds until that was usable. log: in the foreground, and what it and its keeper say goes there."""
        quick = QUICK.replace('submit_gap=0,', '') if adapts else QUICK
        home = self.directory + '/home'
        environment = {'PATH': os.environ['PATH'], 'HOME': home, 'LC_ALL': 'C.UTF-8', 'TMPDIR': self.directory + '/tmp',
                       'XDG_RUNTIME_DIR': self.directory + '/tmp', 'WERYAI_API_KEY': 'sk-test', 'WERYAI_BASE_URL': url,
                       'WERYAI_MODELS_BASE_URL': url}
        environment.update(extra or {})
        if preload:
            environment.update(LD_PRELOAD=preload, WERYAIFS_TURNS=self.turns)
        began = time.monotonic()
        command = [BUILD + '/weryaifs', '-o', quick, *options, self.mount]
        if log:
            with open(log, 'ab') as file:
                self.keeper = subprocess.Popen([command[0], '-f', *command[1:]], env=environment, stdout=file, stderr=file)
            while not os.path.isdir(self.mount + '/.weryaifs'):
                if self.keeper.poll() is not None:
                    raise RuntimeError(f'not mounted: see {log}')
                time.sleep(0.02)
        else:
            subprocess.run(command, env=environment, check=True, timeout=600)
        took = time.monotonic() - began
        # not its keeper, nor the process that tells of changes
        found = [int(path.split('/')[2]) for path in glob.glob('/proc/[0-9]*/cmdline')
                 if self.mount.encode() in self.words(path) and self.words(path[:-7] + 'comm') == [b'weryaifs\n']]
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
    """Adds copies of a table's row: all in one statement, in which `i` counts from 0."""

    def __init__(self, db, table, template):
        self.row = dict(template)
        self.columns = [row[1] for row in db.execute(f'PRAGMA table_xinfo({table})') if row[6] == 0]  # none that are generated
        self.db, self.table = db, table

    def add(self, count=1, **changes):
        """`changes` are SQL expressions."""
        values = ','.join(changes.get(column, f':{column}') for column in self.columns)
        kept = {column: self.row[column] for column in self.columns if column not in changes}
        self.db.execute(f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})"
                        f" INSERT INTO {self.table}({','.join(self.columns)}) SELECT {values} FROM n", kept)


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
        for pragma in ('journal_mode=OFF', 'synchronous=OFF', 'cache_size=-2000000', 'locking_mode=EXCLUSIVE'):
            self.db.execute('PRAGMA ' + pragma)  # millions of rows, which nobody misses where it dies
        self.db.row_factory = sqlite3.Row
        one = lambda sql: self.db.execute(sql).fetchone()
        self.prompt = Copier(self.db, 'node', one("SELECT * FROM node WHERE CAST(name AS TEXT) = 'x.txt'"))
        self.picture = Copier(self.db, 'node', one("SELECT * FROM node WHERE CAST(name AS TEXT) = 'x.png'"))
        self.dir = Copier(self.db, 'node', one("SELECT * FROM node WHERE CAST(name AS TEXT) = 'first'"))
        for table in ('job', 'task', 'result', 'wish', 'place', 'cached'):
            setattr(self, table, Copier(self.db, table, one(f'SELECT * FROM {table}')))
        self.ino = one('SELECT max(ino) FROM node')[0]
        self.id = one('SELECT max(id) FROM job')[0]

    def add_dir(self, name):
        self.ino += 1
        self.dir.add(ino=str(self.ino), name=f"CAST('{name}' AS BLOB)")
        return self.ino

    def write_data(self, count, ino, job):
        for i in range(count):
            with open(f'{self.account.state}/data/{ino + i}', 'wb') as file:
                file.write(b'fox %d\n' % (job + i))

    def add_jobs(self, kind, count, dir, **changes):
        """And what each needs, with prompts that are there unless `removed`."""
        job, prompt = self.id + 1, self.ino + 1
        removed = kind == 'removed'
        stem = "printf('p%07d', i)"
        self.job.add(count, id=f'{job} + i', ino='0' if removed else f'{prompt} + i', dir=str(dir), stem=f'CAST({stem} AS BLOB)',
                     text=f"CAST(printf('fox %d\n', {job} + i) AS BLOB)", **changes)
        self.place.add(count, id=f'{job} + i', path=f"CAST('/FLUX/{kind}/' || {stem} AS BLOB)", job=f'{job} + i')
        self.wish.add(count, job=f'{job} + i', place=f'{job} + i', name=f'CAST({stem} AS BLOB)', hash='lower(hex(randomblob(32)))',
                      request='lower(hex(randomblob(32)))', gone=str(self.job.row['created']) if removed else '0')
        self.id += count
        if not removed:
            self.prompt.add(count, ino=f'{prompt} + i', name=f"CAST({stem} || '.txt' AS BLOB)", parent=str(dir), job=f'{job} + i')
            self.write_data(count, prompt, job)
            self.ino += count
        return job

    def add_results(self, count, dir, job, removed):
        picture = self.ino + 1
        self.task.add(count, job=f'{job} + i', id=f"'t' || ({job} + i)")
        self.result.add(count, job=f'{job} + i', task=f"'t' || ({job} + i)", ino='0' if removed else f'{picture} + i',
                        kept='1')  # else all of them would be fetched meanwhile
        if not removed:
            self.picture.add(count, ino=f'{picture} + i', name="CAST(printf('p%07d.png', i) AS BLOB)", parent=str(dir), job=f'{job} + i')
            self.ino += count
        return picture

    def add_cached(self, count, picture, bytes):
        ranges = struct.pack('qq', 0, bytes).hex()
        self.cached.add(count, ino=f'{picture} + i', ranges=f"x'{ranges}'", bytes=str(bytes), used=f"{self.cached.row['used']} + i")
        for i in range(count):
            with open(f'{self.account.cache}/{picture + i}', 'wb') as file:
                file.truncate(min(bytes, self.picture.row['size']))

    def add(self, kind, count):
        if count == 0:
            return
        self.db.execute('BEGIN')
        dir = self.add_dir(kind)
        if kind == 'dirs':
            self.dir.add(count, ino=f'{self.ino + 1} + i', name="CAST(printf('d%07d', i) AS BLOB)", parent=str(dir))
            self.ino += count
        elif kind == 'queued':
            self.add_jobs(kind, count, dir, state='3', submitted='0', finished='0', batch='0', attempts='0')
        else:
            job = self.add_jobs(kind, count, dir)
            picture = self.add_results(count, dir, job, kind == 'removed')
            if kind == 'cached':
                self.add_cached(count, picture, 4096)
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
