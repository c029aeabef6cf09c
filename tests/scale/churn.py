#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prompts are made, sent, read and removed for a time; what the daemon holds on to must not grow with them.

usage: tests/scale/churn.py [--seconds 3600] [--a-second 10] [--sanitized] [--account DIRECTORY] [--log FILE]

Prints a row each minute, then what has changed between the first and the second half, what `weryaifs --check` says, and "flat" or what is not.
The ledger keeps what was paid: it grows by the same number of bytes for each submission, and what else is in it must not grow at all.
With --sanitized BUILD_DIR is a build under AddressSanitizer: what it reports is a failure, once it was seen to report a leak that was planted.
"""
import argparse, glob, os, shutil, signal, subprocess, sys, tempfile, time

from account import BUILD, Account, Sandbox

BATCH = 20        # prompts of one directory
MINUTE = 60
TEXT = 'a fox number %d [[bytes=3000]]\n'


class Churn:
    def __init__(self, account, batches_ahead):
        self.account, self.ahead, self.sent, self.made, self.read = account, batches_ahead, 0, [], 0

    def make(self):
        directory = f'{self.account.mount}/FLUX/d{self.sent // BATCH:06}'
        os.mkdir(directory)
        for _ in range(BATCH):
            with open(f'{directory}/p{self.sent}.txt', 'w') as file:
                file.write(TEXT % self.sent)
            self.sent += 1
        self.made.append(directory)

    def remove(self):
        directory = self.made.pop(0)
        for path in glob.glob(directory + '/*.txt'):
            with open(path[:-4] + '.wait') as file:
                said = file.read()
            if '.png' not in said:
                raise RuntimeError(f'{path}: {said}')
            for result in glob.glob(path[:-4] + '.png'):
                with open(result, 'rb') as file:
                    self.read += len(file.read()) > 0
        shutil.rmtree(directory)

    def turn(self):
        self.make()
        if len(self.made) > self.ahead:
            self.remove()


def look(churn, began):
    account = churn.account
    with open(f'/proc/{account.pid}/status') as file:
        rss = next(int(line.split()[1]) for line in file if line.startswith('VmRSS')) / 1024
    size = sum(os.path.getsize(path) for path in glob.glob(account.state + '/weryaifs.db*') if path.endswith(('db', 'wal')))
    return {'seconds': time.time() - began, 'sent': churn.sent, 'rss': rss, 'fds': len(os.listdir(f'/proc/{account.pid}/fd')),
            'cpu': account.cpu(), 'size': size, 'data': len(os.listdir(account.state + '/data'))}


def show(row, before, log):
    sent = max(row['sent'] - before['sent'], 1)
    print(f"{row['seconds']:7.0f} s  {row['sent']:7} sent  RSS {row['rss']:6.1f} MiB  {row['fds']:3} descriptors  "
          f"CPU {(row['cpu'] - before['cpu']) / sent * 1e3:6.2f} ms each  database {row['size'] / 2**20:6.1f} MiB  "
          f"{row['data']:4} files in data", file=log, flush=True)


def half(rows, key):
    """What it was at the beginning, in the middle and at the end; the first tenth is left out."""
    return [rows[len(rows) * part // 10][key] for part in (1, 5)] + [rows[-1][key]]


def judge(rows, log):
    sent, cpu, size = half(rows, 'sent'), half(rows, 'cpu'), half(rows, 'size')
    rss, fds, data = half(rows, 'rss'), half(rows, 'fds'), half(rows, 'data')
    each = [(b - a) / max(y - x, 1) for a, b, x, y in zip(cpu, cpu[1:], sent, sent[1:])]
    grown = [(b - a) / max(y - x, 1) for a, b, x, y in zip(size, size[1:], sent, sent[1:])]
    print(f'halves: RSS {rss[0]:.1f}, {rss[1]:.1f}, {rss[2]:.1f} MiB; descriptors {fds}; CPU {each[0] * 1e3:.2f}, {each[1] * 1e3:.2f} ms each; '
          f'the ledger grew by {grown[0]:.0f}, {grown[1]:.0f} bytes each; files in data {data}', file=log)
    bad = [name for name, is_bad in (
        ('RSS', rss[2] > rss[1] * 1.05 + 1), ('descriptors', fds[2] > fds[1] + 8), ('CPU', each[1] > each[0] * 1.25),
        ('database', grown[1] > grown[0] * 1.1 + 50), ('files in data', data[2] > data[1] + 4 * BATCH)) if is_bad]
    print('not flat: ' + ', '.join(bad) if bad else 'flat', file=log)
    return not bad


def check(account, log):
    environment = {'PATH': os.environ['PATH'], 'HOME': account.directory + '/home', 'LC_ALL': 'C.UTF-8', 'WERYAI_API_KEY': 'sk-test',
                   'ASAN_OPTIONS': 'detect_leaks=0'}
    run = subprocess.run([BUILD + '/weryaifs', '--check'], env=environment, capture_output=True, text=True)
    print(f'--check: exit {run.returncode}\n{run.stdout}{run.stderr}', file=log)
    return run.returncode == 0


def reports_of(account, name, pid='*'):
    """What the sanitizers of the daemon, its keeper and the user's command have said, when they have ended."""
    return ''.join(open(path).read() for path in glob.glob(f'{account.directory}/{name}.{pid}'))


def end(account):
    pid = account.pid
    account.stop()
    while os.path.exists(f'/proc/{pid}'):
        time.sleep(0.1)
    account.pid = pid


def options_of_sanitizers(account, name):
    path = f'log_path={account.directory}/{name}'
    return {'ASAN_OPTIONS': f'detect_leaks=1:handle_abort=1:verify_asan_link_order=0:{path}', 'UBSAN_OPTIONS': f'print_stacktrace=1:{path}'}


def deaths(path):
    """What daemon and keeper said, where one of the daemons ended before the mount did: its signal, or a failed assertion."""
    with open(path, errors='replace') as file:
        said = [line for line in file if ' info ' not in line]
    return ''.join(said) if any('the next one goes on' in line for line in said) else ''


def plant_leak(account, service, log):
    library = account.directory + '/leak.so'
    subprocess.run(['cc', '-shared', '-fPIC', '-o', library, os.path.dirname(os.path.abspath(__file__)) + '/leak.c'], check=True)
    extra = options_of_sanitizers(account, 'planted')
    extra['ASAN_OPTIONS'] += ':exitcode=0'  # of the user's command, which leaks as well
    account.start(service.url, preload=library, extra=extra)
    end(account)
    seen = '1234 byte(s)' in reports_of(account, 'planted', account.pid)
    print('a leak that was planted is ' + ('seen' if seen else 'NOT seen'), file=log, flush=True)
    return seen


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(usage=__doc__.partition('usage: ')[2])
    parser.add_argument('--seconds', type=float, default=3600)
    parser.add_argument('--a-second', type=float, default=10)
    parser.add_argument('--sanitized', action='store_true')
    parser.add_argument('--account')
    parser.add_argument('--log', type=argparse.FileType('w'), default=sys.stdout)
    chosen = parser.parse_args()
    directory = chosen.account or tempfile.mkdtemp(prefix='weryaifs-churn.', dir=os.environ.get('SCALE_DIR'))
    account, service = Account(directory), Sandbox(directory, '--seconds', '0.05', '--credits', '1000000000')
    sees_leaks = not chosen.sanitized or plant_leak(account, service, chosen.log)
    foreground = directory + '/foreground.log'
    account.start(service.url, extra=options_of_sanitizers(account, 'sanitizer') if chosen.sanitized else None, log=foreground)
    churn, began, good = Churn(account, 3), time.time(), False
    rows = [look(churn, began)]
    try:
        while time.time() - began < chosen.seconds:
            churn.turn()
            if time.time() - began > (len(rows)) * MINUTE:
                rows.append(look(churn, began))
                show(rows[-1], rows[-2], chosen.log)
            time.sleep(max(0, began + churn.sent / chosen.a_second - time.time()))
        while churn.made:
            churn.remove()
        rows.append(look(churn, began))
        show(rows[-1], rows[0], chosen.log)
        print(f'{churn.sent} sent, {churn.read} results read', file=chosen.log)
        good = judge(rows, chosen.log) or chosen.sanitized  # the sanitizers keep what is freed for a while
    finally:
        end(account)
        print(f'the keeper ended with {account.keeper.wait(60)}; daemons that died: {deaths(foreground) or "none"}', file=chosen.log)
        service.stop()
        said = reports_of(account, 'sanitizer')
        if chosen.sanitized:
            print('sanitizers: ' + (said or 'nothing'), file=chosen.log)
        good = check(account, chosen.log) and good and sees_leaks and not said and not deaths(foreground)
        if not chosen.account:
            shutil.rmtree(directory)
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
