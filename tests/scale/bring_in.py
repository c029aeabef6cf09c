#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the bringing in of ten thousand results get in the way of who reads, behind a slow link?

usage: tests/scale/bring_in.py [--results 10000] [--reads 60] [--link MS,MBIT_S] [--rounds 2]

An account whose results are all with the service alone, behind the link of tests/bench/link.c. Pictures of 100 KiB are read one by one, after
pauses of half a second to four, so that most of the reads come while something else is on its way. The same with `results = lazy-only`, where nothing
is brought in, in turns. Prints the times from open to the first byte and to the last, and how many results were brought in meanwhile. Root, nginx
and gcc are needed.
"""
import argparse, ctypes, os, random, shutil, sqlite3, statistics, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, HERE + '/../bench']
import run as bench_module  # noqa: E402
from account import Account, Generator, Sandbox  # noqa: E402

SIZE = 100 << 10
WAYS = {'brought in when nobody reads': 'keep_after=604800', 'overdue': 'keep_after=0', 'nothing is brought in': 'results=lazy-only'}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def generate(account, service, results):
    """Pictures, and as many films of 64 MiB."""
    generator = Generator(account, service)
    generator.db.execute('BEGIN')
    dir = generator.add_dir('done')
    job = generator.add_jobs('done', results, dir)
    picture = generator.add_results(results, dir, job, False)
    address = "'http://127.77.0.1:8490/'"
    generator.db.execute(f"UPDATE result SET kept = 0, etag = NULL, size = {SIZE}, type = 'image/png', "
                         f"url = {address} || printf('small/f%04d.png', (ino - {picture}) % 2000) WHERE ino >= {picture}")
    generator.db.execute(f"UPDATE result SET size = {64 << 20}, url = {address} || 'mid.mp4' WHERE ino >= {picture + results // 2}")
    generator.db.execute(f'UPDATE node SET size = {SIZE} WHERE ino >= {picture}')
    generator.db.execute(f'UPDATE node SET size = {64 << 20} WHERE ino >= {picture + results // 2}')
    generator.db.execute('COMMIT')
    generator.finish()


def brought_in(account):
    with sqlite3.connect(account.state + '/weryaifs.db') as db:
        return db.execute('SELECT count(*) FROM result WHERE kept = 1').fetchone()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--results', type=int, default=10000)
    parser.add_argument('--reads', type=int, default=60)
    parser.add_argument('--link', default='25,10')
    parser.add_argument('--rounds', type=int, default=2)
    chosen = parser.parse_args()
    ms, mbit = chosen.link.split(',')
    # its queue holds a fifth of a second, as that of a home router does
    bench_module.LINK = (ms, mbit, str(int(float(mbit) * 1e6 / 8 / 5)))
    bench = bench_module.Bench()
    directory = tempfile.mkdtemp(prefix='weryaifs-bring-in.', dir=os.environ.get('SCALE_DIR'))
    try:
        bench.link()
        with open(f'/var/run/netns/{bench_module.CLIENT}') as space:
            if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
        measure(chosen, directory)
    finally:
        bench.close()
        shutil.rmtree(directory)


def read(account, plan, first, last):
    for number, pause in plan:
        time.sleep(pause)
        begin = time.monotonic()
        with open(f'{account.mount}/FLUX/done/p{number:07d}.png', 'rb', buffering=0) as file:
            file.read(1)
            first.append(time.monotonic() - begin)
            whole = 1 + len(file.read())
            last.append(time.monotonic() - begin)
        if whole != SIZE:
            raise RuntimeError(f'{number}: {whole} bytes')


def measure(chosen, directory):
    service = Sandbox(directory)
    base = Account(directory + '/base')
    generate(base, service, chosen.results)
    times = {way: ([], [], []) for way in WAYS}
    chance = random.Random(1)
    for turn in range(chosen.rounds):
        plan = [(chance.randrange(chosen.results // 2), chance.uniform(0.5, 4)) for _ in range(chosen.reads)]
        for way, option in WAYS.items():
            place = f'{directory}/{turn}-{len(option)}'
            shutil.copytree(base.directory, place, symlinks=True)
            account = Account(place)
            before = brought_in(account)
            account.start(service.url, '-o', option)
            try:
                read(account, plan, *times[way][:2])
            finally:
                account.stop()
            times[way][2].append(brought_in(account) - before)
            shutil.rmtree(place)
    service.stop()
    print(f'{chosen.results} results, {chosen.link} (ms one way, Mbit/s), {chosen.reads * chosen.rounds} reads of 100 KiB each, ms')
    print(f"{'':30} {'first byte p50':>15} {'p95':>7} {'max':>7} {'last byte p50':>15} {'p95':>7} {'max':>7} {'brought in':>11}")
    for way, (first, last, seen) in times.items():
        row = [1e3 * value for values in (first, last) for value in (statistics.median(values), percentile(values, 0.95), max(values))]
        print(f'{way:30} {row[0]:15.0f} {row[1]:7.0f} {row[2]:7.0f} {row[3]:15.0f} {row[4]:7.0f} {row[5]:7.0f} {sum(seen):11}')


if __name__ == '__main__':
    main()
