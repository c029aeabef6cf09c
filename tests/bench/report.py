# SPDX-License-Identifier: MIT
"""From what run.py has measured to RESULTS.md: medians, ratios to the curl of the same run, the best peer, the goals.

NOTES.md, where there is one, is put behind the tables: what bounds a row that is not reached."""
import json, os, platform, statistics, subprocess, time
from collections import defaultdict

PEERS = ('rclone off', 'rclone full', 'httpdirfs', 'nbdfuse')
US, BARE = 'weryaifs', 'weryaifs uncached'


class Data:
    def __init__(self, files):
        self.values, self.failed = defaultdict(list), defaultdict(set)
        for path in files:
            for line in open(path):
                row = json.loads(line)
                key = row['net'], row['system'], row['step']
                if row.get('error') or row.get('errors'):
                    self.failed[row['net'], row['system']].add(str(row.get('error', f"{row.get('errors')} errors in {row['step']}")))
                    continue
                for name, value in row.items():
                    if isinstance(value, (int, float)):
                        self.values[(*key, name)].append(value)

    def median(self, net, system, step, name):
        found = self.values.get((net, system, step, name))
        return statistics.median(found) if found else None

    def ratio(self, net, system, step, name, to='curl', to_step=None, to_name=None):
        a, b = self.median(net, system, step, name), self.median(net, to, to_step or step, to_name or name)
        return a / b if a is not None and b else None

    def best(self, net, step, name, say, low=False):
        """The best peer: what `say` makes of its median, and its name."""
        found = [(self.median(net, p, step, name), p) for p in PEERS
                 if self.median(net, p, step, name) is not None and (net, p) not in self.failed]
        if not found:
            return '-'
        value, peer = (min if low else max)(found)
        return f'{say(value)} ({peer})'


def number(value):
    if value is None:
        return '-'
    return f'{value:.0f}' if value >= 100 else f'{value:.3g}'


def times(value):
    return '-' if value is None else f'{value:.2f}x'


def mbps(value):
    return f'{number(value)} MB/s'


def per_s(value):
    return f'{number(value)}/s'


def ms(value):
    return f'{number(value)} ms'


def mark(reached):
    return '-' if reached is None else 'yes' if reached else '**no**'


def goals(d):
    """Rows: number, measure, ours, best peer, goal, reached."""
    rows = []

    def add(row, what, ours, peer, goal, reached):
        rows.append((row, what, ours, peer, goal, reached))

    def speed(row, what, net, system, step, goal, least):
        r = d.ratio(net, system, step, 'mbps')
        base = d.median(net, 'curl', step, 'mbps')
        add(row, what, f'{times(r)} of curl ({mbps(d.median(net, system, step, "mbps"))})',
            d.best(net, step, 'mbps', lambda v: times(v / base if base else None)), goal, None if r is None or not goal else r >= least)

    speed('G1a', 'cold 1 GiB, loopback, no cache', 'lo', BARE, 'seq', '>= 0.50x', .5)
    speed('G1b', 'the same, writing the cache', 'lo', US, 'seq', '>= 0.33x', .33)
    add('', 'curl -o on the same disk', times(d.ratio('lo', 'curl', 'seq to file', 'mbps', to_step='seq')), '', '', None)
    speed('G1c', 'cold 1 GiB, TLS, no cache', 'tls', BARE, 'seq', '>= 0.80x', .8)
    speed('', 'the same, writing the cache', 'tls', US, 'seq', '', 0)
    speed('G1d', '1 GiB at 40 ms, 1 Gbit/s, cache on', 'wan', US, 'seq', '>= 0.98x', .98)
    speed('G1e', '64 MiB at 40 ms', 'wan', US, 'mid', '>= 1.15x, never < 0.95x', 1.15)
    again, native = d.median('lo', US, 'seq again', 'mbps'), d.ratio('lo', US, 'seq again', 'mbps', to='native')
    add('G2a', 'second read, same mount', f'{mbps(again)}, {times(native)} of native, '
        f'{number(d.median("lo", US, "seq again", "answers"))} answers of ours', d.best('lo', 'seq again', 'mbps', mbps),
        '>= 0.6 of native, 0 reads', None if native is None else native >= .6)
    remount = d.median('lo', US, 'seq remounted', 'mbps')
    add('G2b', 'after a remount, from our cache', mbps(remount), d.best('lo', 'seq remounted', 'mbps', mbps),
        '>= 2200 MB/s', None if remount is None else remount >= 2200)

    def first(row, what, net, step, goal, reached, to='first'):
        ours, base = d.median(net, US, step, 'first_ms'), d.median(net, 'curl', to, 'first_ms')
        asked = f"{number(d.median(net, US, step, 'requests'))} requests, {number(d.median(net, US, step, 'heads'))} HEAD"
        add(row, what, f'{ms(ours)} ({asked}); curl {"with one " if to != "first" else ""}{ms(base)}',
            d.best(net, step, 'first_ms', ms, low=True), goal, None if ours is None or base is None else reached(ours, base))
    first('G3a', 'first byte, loopback, as published', 'lo', 'first published', '<= curl + 0.25 ms', lambda a, b: a <= b + .25)
    first('', 'nothing cached, a connection there, as curl and the peers have one', 'lo', 'first connected', '<= curl + 0.25 ms',
          lambda a, b: a <= b + .25, to='first warm')
    first('', 'nothing cached, no connection yet, nor has curl', 'lo', 'first', '<= curl + 0.25 ms', lambda a, b: a <= b + .25)
    first('G3b', 'first byte, 40 ms, as published', 'wan', 'first published', '<= 45 ms', lambda a, b: a <= 45)
    first('', 'nothing cached, a connection there, as curl has one', 'wan', 'first connected', '<= 45 ms', lambda a, b: a <= 45,
          to='first warm')
    first('', 'nothing cached, no connection yet', 'wan', 'first', '<= 1.05x curl', lambda a, b: a <= 1.05 * b)
    fresh, answers = d.median('lo', US, 'first fresh', 'first_ms'), d.median('lo', US, 'first fresh', 'answers')
    add('G3c', 'a picture that has just appeared, first read', f'{ms(fresh)}, {number(answers)} answers of ours (look-up, open, release)', '-',
        '<= 1 ms, no read, no request', None if fresh is None else fresh <= 1 and answers < 4)
    names = d.median('lo', US, 'first fresh', 'names')
    if names:
        add('', f'ls -l of that directory, with its prompts and statuses: {number(names)} names',
            f'{ms(d.median("lo", US, "first fresh", "list_ms"))}, again {ms(d.median("lo", US, "first fresh", "list_again_ms"))}', '-', '', None)
    for net, what, slack in (('lo', 'random 4 KiB, loopback', lambda a, b: a <= b + .05), ('wan', 'the same at 40 ms', lambda a, b: a <= 1.05 * b)):
        p50, p99 = d.median(net, US, 'random', 'p50_ms'), d.median(net, US, 'random', 'p99_ms')
        base, sent, read = d.median(net, 'curl', 'random', 'p50_ms'), d.median(net, US, 'random', 'sent'), d.median(net, US, 'random', 'bytes')
        add('G4' if net == 'lo' else '', what, f'p50 {ms(p50)}, p99 {ms(p99)}, {times(sent / read if sent and read else None)} the bytes; curl p50 {ms(base)}',
            d.best(net, 'random', 'p50_ms', lambda v: f'p50 {ms(v)}', low=True), 'curl + 0.05 ms / 1.05x; p99 <= 2 p50; <= 16x',
            None if p50 is None or not read or not base else slack(p50, base) and p99 <= 2 * p50 and sent <= 16 * read)
    for net, what, least in (('lo', 'loopback', None), ('wan', '40 ms', 6)):
        one, eight = d.median(net, US, 'random', 'per_s'), d.median(net, US, 'random 8', 'per_s')
        r = eight / one if one and eight else None
        add('', f'eight readers at random, to one, {what}', times(r), '', f'>= {least}x' if least else '',
            None if r is None or least is None else r >= least)
    for net in ('lo', 'wan'):
        cold, again = d.median(net, US, 'list', 'seconds'), d.median(net, US, 'list again', 'seconds')
        if cold is None:
            continue
        add('G5' if net == 'lo' else '', f'ls -l of 2000, {"loopback" if net == "lo" else "40 ms"}',
            f'{cold * 1e3:.0f} ms, again {again * 1e3:.0f} ms, {number(d.median(net, US, "list", "requests"))} requests',
            d.best(net, 'list', 'seconds', lambda v: f'{v * 1e3:.0f} ms', low=True), '0 requests, <= 100 ms, again <= 6 ms', cold <= .1 and again <= .006)
    for row, net, what, least in (('G6a', 'lo', 'loopback', .3), ('G6b', 'wan', '40 ms, HTTP/1.1', 1), ('', 'wan2', '40 ms, HTTP/2', 1.35)):
        for threads in (8, 32):
            r = d.ratio(net, US, f'small {threads}', 'per_s')
            base = d.median(net, 'curl', f'small {threads}', 'per_s')
            add(row, f'2000 small files, {threads} readers, {what}',
                f'{times(r)} of curl {"h2" if net == "wan2" else "h1"} ({per_s(d.median(net, US, f"small {threads}", "per_s"))})',
                d.best(net, f'small {threads}', 'per_s', lambda v: times(v / base if base else None)), f'>= {least}x', None if r is None else r >= least)
            row = ''
    value = d.median('lo', US, 'small again', 'per_s')
    add('G6c', 'small files again', per_s(value), d.best('lo', 'small again', 'per_s', per_s), '>= 30000/s', None if value is None else value >= 30000)
    for system in (US, BARE):
        cpu, warm, rss = (d.median('lo', system, 'seq', 'cpu_s'), d.median('lo', system, 'seq again', 'cpu_s'), d.median('lo', system, 'seq', 'rss_mib'))
        add('G7' if system == US else '', f'CPU s a GiB cold, warm; greatest RSS ({system})', f'{number(cpu)}, {number(warm)}; {number(rss)} MiB',
            d.best('lo', 'seq', 'cpu_s', number, low=True), '<= 0.9, <= 0.02; <= 64 MiB', None if cpu is None else cpu <= .9 and warm <= .02 and rss <= 64)
    idle = d.median('lo', US, 'idle', 'wake_ups')
    add('', '3 s of nothing', f'{number(idle)} wake-ups, {number(d.median("lo", US, "idle", "requests"))} requests, {number(d.median("lo", US, "idle", "rss_mib"))} MiB',
        '', '0, 0, <= 32 MiB', None if idle is None else idle == 0)
    p50, p99 = d.median('lo', US, 'stat', 'p50_ms'), d.median('lo', US, 'stat', 'p99_ms')
    add('', 'stat of a directory while four readers saturate the machine', f'p50 {ms(p50)}, p99 {ms(p99)}, RSS {number(d.median("lo", US, "stat", "rss_mib"))} MiB',
        d.best('lo', 'stat', 'p99_ms', lambda v: f'p99 {ms(v)}', low=True), 'p50 <= 0.2, p99 <= 5 ms', None if p50 is None else p50 <= .2 and p99 <= 5)
    return rows


def version(*command):
    try:
        r = subprocess.run(command, capture_output=True, text=True)
        return (r.stdout + r.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return 'not there'


def machine():
    cpu = next((l.split(':')[1].strip() for l in open('/proc/cpuinfo') if l.startswith('model name')), '?')
    memory = int(open('/proc/meminfo').readline().split()[1]) >> 20
    lines = [f'{os.cpu_count()} x {cpu}, {memory} GiB; Linux {platform.release()}; cache and files in tmpfs']
    for command in (('fusermount3', '--version'), ('curl', '--version'), ('nginx', '-v'), ('rclone', '--version'),
                    ('httpdirfs', '--version'), ('nbdkit', '--version')):
        lines.append(f'{command[0]}: {version(*command)}')
    return lines


def table(d, net):
    """Everything that was measured on one net, as medians."""
    names = {'mbps': 'MB/s', 'first_ms': 'first ms', 'p50_ms': 'p50 ms', 'p99_ms': 'p99 ms', 'per_s': '/s', 'requests': 'requests',
             'connections': 'connections', 'cpu_s': 'CPU s', 'rss_mib': 'RSS MiB'}
    steps = sorted({(k[2], k[1]) for k in d.values if k[0] == net and k[1] != 'machine'})
    lines = ['| load | system | n | ' + ' | '.join(names.values()) + ' |', '|---' * (len(names) + 3) + '|']
    for step, system in steps:
        count = max(len(v) for k, v in d.values.items() if k[:3] == (net, system, step))
        lines.append(f'| {step} | {system} | {count} | ' + ' | '.join(number(d.median(net, system, step, n)) for n in names) + ' |')
    return lines


def write(files, path):
    d = Data(files)
    loads = [v for k, found in d.values.items() if k[1] == 'machine' for v in found]
    lines = ['# What was measured', '', f'By `tests/bench/run.py` on {time.strftime("%Y-%m-%d")}; README.md says how. Medians; a ratio is to the '
             'curl (libcurl alone, to nothing) of the same run.', '']
    lines += [f'- {line}' for line in machine()]
    if loads:
        lines.append(f'- load average of the machine when the rounds began: {min(loads):.1f} to {max(loads):.1f}'
                     + (' - it had other work to do, so that these are lower bounds' if max(loads) > 2 else ''))
    lines += ['', '## Goals', '', '| # | measure | weryaifs | best peer | goal | reached |', '|---|---|---|---|---|---|']
    for row, what, ours, peer, goal, reached in goals(d):
        lines.append(f'| {row} | {what} | {ours} | {peer} | {goal} | {mark(reached)} |')
    for (net, system), why in sorted(d.failed.items()):
        lines += ['', f'{system} on {net}: {"; ".join(sorted(why))[:300]}']
    notes = os.path.join(os.path.dirname(path), 'NOTES.md')
    if os.path.exists(notes):
        lines += ['', open(notes).read().rstrip()]
    for net, what in (('lo', 'loopback, plain HTTP'), ('tls', 'loopback, TLS'), ('wan', '40 ms, 1 Gbit/s, plain HTTP'), ('wan2', '40 ms, 1 Gbit/s, TLS and HTTP/2')):
        if any(k[0] == net for k in d.values):
            lines += ['', f'## {what}', ''] + table(d, net)
    with open(path, 'w') as out:
        out.write('\n'.join(lines) + '\n')
    print(path)
