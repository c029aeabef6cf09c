#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures weryaifs beside libcurl and rclone on links of many kinds, and writes LINKS.md.

usage: tests/bench/matrix.py [--cells CELL,...] [--all] [--rounds 3] [--only NAME,...] [--steps S,...] [--raw FILE] [--keep]
       tests/bench/matrix.py --self-test            whether the links keep to their numbers
       tests/bench/matrix.py --report FILE          only the table

A cell is RTT_MS/MBIT_S/plain|tls, and after that loss=SHARE, jitter=MS, limit=MBIT_S (of each connection). Without --cells twelve
are measured, a round in about half an hour; --all are all of 5 to 200 ms x 20 to 1000 Mbit/s x plain and TLS. Needs what run.py needs.
"""
import argparse, glob, json, os, shutil, signal, statistics, subprocess, sys, time, zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault('BENCH_DIR', '/dev/shm/weryaifs-links')
import run
from run import CACHE, CLIENT, HERE, MNT, RUN, SERVER, WWW, call, quiet, say

TRIPS, RATES = (5, 25, 40, 100, 200), (20, 50, 100, 300, 1000)
CELLS = ('5/300/plain', '25/20/tls', '25/50/plain', '25/50/tls', '40/100/tls', '40/1000/plain', '100/100/tls', '200/50/tls',
         '25/50/tls/loss=0.005', '40/100/plain/loss=0.02', '40/100/tls/jitter=20', '40/300/tls/limit=16')
SECONDS = 3   # of the link: a whole file
BY_CHANCE = 3 # as many rounds of what chance decides: segments that get lost or come late, or what it takes to wake a processor
NEAR_MS = 10  # round trips no longer than this are not much more than that
PICTURES = 480
CARRIED = 'carried.mp4'  # by a connection that is there; of a picture's size, and no neighbour of the pictures: for a look at one
                         # rclone asks for each file beside it, over the connection that is measured
PORTS = {'plain': 'http://127.77.0.1:8590', 'tls': 'https://127.77.0.1:8591'}
STEPS = 'whole,mib,byte,one,8,32'  # and film
FILM_CELL = '25/50/tls'  # an ordinary home line
NAMES = {1: 'pictures, one after the other', 8: 'pictures, 8 readers', 32: 'pictures, 32 readers'}


class Cell:
    def __init__(self, text):
        self.name = text
        trip, rate, self.proto, *more = text.split('/')
        self.trip, self.rate = float(trip), float(rate)
        self.more = dict(option.split('=') for option in more)
        self.url = PORTS[self.proto]
        # where one connection gets a small share of the link, less is read, or it would take minutes
        size = {'loss': 20 if float(self.more.get('loss', 0)) > 0.01 else 50, 'limit': 100}
        self.mbit_of_file = min([self.rate] + [size[option] for option in self.more if option in size])
        self.big = f'big{int(self.mbit_of_file)}.mp4'
        # as many rounds of these as of others for one
        self.times = {**dict.fromkeys(STEPS.split(','), BY_CHANCE), 'mib': BY_CHANCE ** 2, 'byte': BY_CHANCE ** 2} if 'jitter' in self.more else \
                     dict.fromkeys(('mib', 'one', '8', '32'), BY_CHANCE) if 'loss' in self.more else \
                     {'byte': BY_CHANCE} if self.trip < NEAR_MS else {}
        self.capacity = self.rate / 8 * 1448 / 1500  # without the heads of its packets

    def last_pictures(self, at_once):
        """As many as one connection for each reader brings in two seconds, and the link in four: the last ones of their directory,
        as by who reads it to its end."""
        link = int(4 * self.mbit_of_file * 125000 / run.SMALL_SIZE)
        count = min(PICTURES, max(24, 3 * at_once, min(link, int(1000 / self.trip) * at_once)))
        return range(PICTURES - count, PICTURES)

    def name_of_net(self):
        return 'matrix-' + self.proto


class Bench(run.Bench):
    """As run.py's, with a link for each cell, and files that are as long as the links are fast."""

    def __init__(self, rates):
        self.rates = rates
        run.SMALL = PICTURES
        super().__init__()

    def make_data(self):
        super_fill = []
        for rate in self.rates:
            super_fill.append((f'{WWW}/big{int(rate)}.mp4', int(rate * 125000 * SECONDS), b'\0\0\0\x18ftypisom\0\0\0\0isommp42'))
        super_fill.append((f'{WWW}/{CARRIED}', run.SMALL_SIZE, b'\0\0\0\x18ftypisom\0\0\0\0isommp42'))
        for i in range(PICTURES):
            super_fill.append((f'{WWW}/small/f{i:04}.png', run.SMALL_SIZE, b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR'))
        for path, size, begin in super_fill:
            if not os.path.exists(path) or os.path.getsize(path) != size:
                with open(path, 'wb') as out:
                    out.write(begin + os.urandom(size - len(begin)))
        if shutil.which('ffmpeg') and not os.path.exists(WWW + '/film.mp4'):  # its index comes last, as encoders write it
            quiet('ffmpeg', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=24', '-t', '20', '-b:v', '6M',
                  WWW + '/film.mp4')

    def nginx(self, tag, addresses, inside):
        """Its log has the protocol as well; ports of its own, so that run.py can run beside this."""
        if tag == 'lo':
            return
        listen = ''.join(f'listen {a}:8590; listen {a}:8591 ssl http2;\n' for a in addresses)
        temp = ''.join(f'{k}_temp_path {RUN}/{tag}-{k};' for k in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        with open(f'{RUN}/nginx-{tag}.conf', 'w') as out:
            out.write(f'''worker_processes 2; pid {RUN}/nginx-{tag}.pid; error_log {RUN}/nginx-{tag}.err warn;
events {{ worker_connections 2048; }}
http {{
    sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_timeout 300s; keepalive_requests 1000000;
    default_type application/octet-stream; {temp}
    log_format b '$connection $request_method $status $body_bytes_sent "$http_range" $uri $msec $server_protocol';
    access_log {RUN}/access-{tag}.log b buffer=64k flush=100ms;
    server {{
        {listen} ssl_certificate {self.ca}; ssl_certificate_key {RUN}/key.pem;
        ssl_session_cache shared:S:4m; root {WWW}; autoindex on;
    }}
}}''')
        quiet(*inside, 'nginx', '-c', f'{RUN}/nginx-{tag}.conf')
        self.started.append(int(open(f'{RUN}/nginx-{tag}.pid').read()))

    def link(self, cell):
        # a fifth of a second of the link waits in front of it
        run.LINK = (str(cell.trip / 2), str(cell.rate), str(max(int(cell.rate * 25000), 256 << 10)),
                    *(f'{k}={v}' for k, v in cell.more.items()))
        super().link()
        # not every kernel has cubic; bbr, which may be the default, does not mind a loss, most servers do
        if 'loss' in cell.more and call(*self.inside(SERVER), 'sysctl', '-qw', 'net.ipv4.tcp_congestion_control=cubic').returncode != 0:
            quiet(*self.inside(SERVER), 'sysctl', '-qw', 'net.ipv4.tcp_congestion_control=reno')

    def unlink(self):
        super().close()
        self.started = []
        time.sleep(0.2)

    def seed(self, turn, step):
        """What chance decides is the same from here on for all who are measured in this, and another in the next round or step."""
        self.wire.stdin.write(f'{zlib.crc32(f"{turn} {step}".encode())}\n')
        self.wire.stdin.flush()
        assert self.wire.stdout.readline() == 'ready\n'

    @staticmethod
    def hang_up(cell):
        """All connections that rest are closed by the server: rclone asks for each file of a directory for a look at one, so that
        its connection would begin with a larger window than those of others."""
        master = int(open(f'{RUN}/nginx-wan.pid').read())
        workers = set(run.family(master)[1:])
        os.kill(master, signal.SIGHUP)
        end = time.time() + 10
        while workers & set(run.family(master)[1:]) and time.time() < end:
            time.sleep(0.02)
        time.sleep(2 * cell.trip / 1000)  # until the client knows


class Net(run.Net):
    def __init__(self, cell, front=False):
        self.name, self.url, self.far = cell.name_of_net(), cell.url, True
        self.prefix = [] if front else Bench.inside(CLIENT)
        self.log = f'{RUN}/access-{"front" if front else "wan"}.log'


class Weryaifs(run.Weryaifs):
    def __init__(self, bench):
        super().__init__(True)
        self.bench, self.port = bench, 8595

    def names(self):
        return [CARRIED[:-4]] + [f'big{int(rate)}' for rate in self.bench.rates] + (['film'] if os.path.exists(WWW + '/film.mp4') else [])

    def film(self, name):
        return f'{MNT}/VEO_3_1/{name}'

    def prepare(self, net):
        self.bench.nginx('front', ['127.77.0.1'], [])
        try:
            super().prepare(net)
        finally:
            self.bench.unlink()


class Rclone(run.Rclone):
    def __init__(self):
        super().__init__('full')
        self.name = 'rclone'

    def film(self, name):
        return f'{MNT}/{name}'

    def command(self, net):  # as its manual advises for media: more read-ahead, and connections of its own for each stream
        return super().command(net)[:-2] + ['--buffer-size', '32M', '--vfs-read-ahead', '32M', '--dir-cache-time', '1h', ':http:', MNT]


class Matrix:
    def __init__(self, raw, bench, steps):
        self.raw, self.bench, self.steps = raw, bench, steps

    def note(self, cell, turn, system, step, value, **more):
        row = {'cell': cell.name, 'round': turn, 'system': system, 'step': step, 'value': value, **more}
        self.raw.write(json.dumps(row) + '\n')
        self.raw.flush()
        say(f'{cell.name:24} {system:9} {step:14} {value:10.4g}', ' '.join(f'{k}={v}' for k, v in more.items()))

    def curl(self, cell, net, turn):
        def one(step, key, *probe, system='curl'):
            self.bench.seed(turn, step)
            result = net.probe(*probe, curl=True)
            if 'error' not in result and not result['errors']:
                self.note(cell, turn, system, step, result[key] * (1e3 if key == 'seconds' else 1))
        big, carried = f'{net.url}/{cell.big}', f'{net.url}/{CARRIED}'
        if 'whole' in self.steps:
            one('whole', 'mbps', 'curl-seq', big)
            if not cell.more:
                one('whole, connected', 'mbps', 'curl-seq', big, '-', carried)
        if 'mib' in self.steps:
            one('first MiB', 'seconds', 'curl-mib', big, 0)
            one('first MiB, connected', 'seconds', 'curl-mib', big, 0, carried)
        if 'byte' in self.steps:
            one('first byte, connected', 'first_ms', 'curl-head', big, 1 << 20, carried)
        for at_once, step in ((1, 'one'), (8, '8'), (32, '32')):
            if step not in self.steps:
                continue
            with open(RUN + '/urls', 'w') as urls:
                urls.writelines(f'{net.url}/small/f{i:04}.png\n' for i in cell.last_pictures(at_once))
            name = NAMES[at_once]
            # in the same protocol
            if cell.proto == 'tls':
                one(name, 'per_s', 'curl-multi', RUN + '/urls', at_once, carried, system='curl h2')
            else:
                one(name, 'per_s', 'curl-many', RUN + '/urls', at_once, carried)

    def filesystem(self, cell, net, turn, system):
        def measure(step, key, probe, before=None, listed=None):
            system.start(net)
            try:
                self.bench.seed(turn, step)
                looked = time.time()
                os.stat(system.film(cell.big))
                looked = time.time() - looked
                mark = net.mark()
                if listed is not None:
                    net.probe('list', listed)
                if before is not None:
                    self.bench.hang_up(cell)
                    self.bench.seed(turn, step)
                    # no rest behind it, since libcurl has none: TCP begins anew after one (RFC 5681 4.1)
                    net.probe(*before)
                cpu = run.usage(system.process.pid)
                result = probe()
                seen, after = net.since(mark, besides='/' + CARRIED), run.usage(system.process.pid)
                if result.get('error') or result.get('errors'):
                    say(f'{cell.name} {system.name} {step}: {result}')
                    return
                if before is None:  # whoever asks for the file's length first has to wait for it
                    result['seconds'] += looked
                    result['mbps'] = result.get('bytes', 0) / result['seconds'] / 1e6
                self.note(cell, turn, system.name, step, result[key] * (1e3 if key == 'seconds' else 1), requests=seen['requests'],
                          connections=seen['connections'], sent=seen['sent'], cpu_s=round(after[0] - cpu[0], 3),
                          rss_mib=round(after[1], 1))
            finally:
                system.stop()

        big = system.film(cell.big)
        picture = 'seq', system.film(CARRIED)

        def pictures(at_once):
            with open(RUN + '/paths', 'w') as paths:
                paths.writelines(f'{system.small}/f{i:04}.png\n' for i in cell.last_pictures(at_once))
            return net.probe('many', RUN + '/paths', at_once)

        def film():
            begin = time.time()
            ran = call('ffprobe', '-loglevel', 'error', '-show_format', system.film('film.mp4'), timeout=120)
            return {'seconds': time.time() - begin, 'errors': ran.returncode}

        def seek():
            begin = time.time()
            ran = call('ffmpeg', '-loglevel', 'error', '-ss', '15', '-i', system.film('film.mp4'), '-frames:v', '1', '-f', 'null', '-', timeout=120)
            return {'seconds': time.time() - begin, 'errors': ran.returncode}

        if 'whole' in self.steps:
            measure('whole', 'mbps', lambda: net.probe('seq', big))
            if not cell.more:
                measure('whole, connected', 'mbps', lambda: net.probe('seq', big), picture)
        if 'mib' in self.steps:
            measure('first MiB', 'seconds', lambda: net.probe('mib', big, 0))
            measure('first MiB, connected', 'seconds', lambda: net.probe('mib', big, 0), picture)
        if 'byte' in self.steps:
            measure('first byte, connected', 'first_ms', lambda: net.probe('head', big, 1 << 20), picture)
        # a player's start and seek
        if ('film' in self.steps or cell.name == FILM_CELL) and os.path.exists(WWW + '/film.mp4'):
            measure('film opened (ffprobe)', 'seconds', film)
            measure('film, its picture at 15 s (ffmpeg)', 'seconds', seek)
        for at_once, step in ((1, 'one'), (8, '8'), (32, '32')):
            if step in self.steps:
                measure(NAMES[at_once], 'per_s', lambda: pictures(at_once), picture, system.small)


def self_test(bench):
    """Round trip, rate, limit and loss as TCP sees them, within a tenth."""
    wrong = []

    def near(cell, what, value, wanted, slack=0.1):
        good = abs(value - wanted) <= slack * wanted
        say(f'{cell.name:24} {what}: {value:.4g}, wanted {wanted:.4g}{"" if good else "   WRONG"}')
        if not good:
            wrong.append(cell.name)

    for text in ('40/100/plain', '100/20/plain', '40/100/plain/limit=16', '25/50/plain/loss=0.02', '40/100/plain/jitter=20'):
        cell = Cell(text)
        bench.link(cell)
        net = Net(cell)
        small = [net.probe('curl-head', f'{net.url}/{cell.big}', 0, f'{net.url}/small/f0000.png', curl=True)['first_ms'] for _ in range(15)]
        if 'jitter' in cell.more:
            say(f'{cell.name:24} round trips {min(small):.1f} to {max(small):.1f} ms')
            if max(small) - min(small) < float(cell.more['jitter']) / 2:
                wrong.append(cell.name)
        else:
            near(cell, 'round trip, ms', min(small), cell.trip + 1, 0.15)
        rate = net.probe('curl-seq', f'{net.url}/{cell.big}', curl=True)['mbps'] * 8
        if 'limit' in cell.more:
            near(cell, 'one connection, Mbit/s', rate, float(cell.more['limit']), 0.12)
        elif 'loss' in cell.more:
            say(f'{cell.name:24} one connection: {rate:.1f} Mbit/s of {cell.rate:.0f}')
            if rate > 0.6 * cell.rate:
                wrong.append(cell.name)
        elif 'jitter' not in cell.more:
            near(cell, 'rate, Mbit/s', rate, cell.rate, 0.25)
        bench.unlink()
    return wrong


def spread(values, digits=2):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f'{middle:.{digits}f}x' + (f' ({low:.{digits}f}-{high:.{digits}f})' if len(values) > 1 else '')


def is_reached(cell, step, value, one, peer):
    """What is asked of every link; one and peer: medians of the ratios, None where that was not measured."""
    best = min(r for r in (one, peer, 9) if r is not None)
    if step.startswith('whole'):
        return value >= 0.97 * cell.capacity or round(best, 2) >= 1
    if step.startswith('first MiB'):
        return one is None or one <= 1.15
    if step.startswith('first byte'):
        return value <= 1.2 * cell.trip
    if step.startswith('pictures'):  # who fills the link cannot be told from another who does
        return value * run.SMALL_SIZE / 1e6 >= 0.97 * cell.capacity or round(best, 2) >= 1
    return True


def report(raw, path):
    rows = [json.loads(line) for line in open(raw)]
    by = {(r['cell'], r['step'], r['system'], r['round']): r for r in rows if 'step' in r}
    loads = [r['load'] for r in rows if 'load' in r]
    cells = list(dict.fromkeys(r['cell'] for r in rows if 'step' in r))
    lower = ('first MiB', 'first MiB, connected', 'first byte, connected', 'film opened (ffprobe)', 'film, its picture at 15 s (ffmpeg)')
    steps = list(dict.fromkeys(r['step'] for r in rows if 'step' in r))
    lines = ['# Links', '', f'By `tests/bench/matrix.py` on {time.strftime("%Y-%m-%d")}, one run; README.md says how. Each ratio is of two '
             'measurements of the same round, one after the other; the median, and the least and greatest of all rounds. "one" is one '
             'libcurl connection (a new one, or for "connected" one that is there); for pictures the better one of libcurl over '
             'HTTP/1.1 and over HTTP/2.', '']
    import report as tables
    lines.append(f'- congestion control of the server: {open("/proc/sys/net/ipv4/tcp_congestion_control").read().strip()}; with loss '
                 'cubic, or reno where the kernel has no cubic')
    lines += [f'- {line}' for line in tables.machine() if not line.startswith(('httpdirfs', 'nbdkit'))]
    lines.append(f'- load average of the machine when the rounds began: {min(loads):.1f} to {max(loads):.1f}'
                 + (' - it had other work to do' if max(loads) > 2 else ''))
    reached = asked = 0
    for step in steps:
        unit = 'ms' if step in lower else 'MB/s' if step.startswith('whole') else '/s'
        lines += ['', f'## {step}', '', f'| link | weryaifs {unit} | to one | to rclone | requests | connections | bytes sent, MiB | reached |', '|---' * 8 + '|']
        for cell in cells:
            ours = [r for r in rows if r.get('cell') == cell and r.get('step') == step and r.get('system') == 'weryaifs']
            if not ours:
                continue
            to, middles = {}, {}
            for other, systems in (('one', ('curl', 'curl h2')), ('rclone', ('rclone',))):
                found = []
                for r in ours:
                    values = [by[cell, step, s, r['round']]['value'] for s in systems if (cell, step, s, r['round']) in by]
                    if values:
                        found.append(r['value'] / (min if step in lower else max)(values))
                to[other] = spread(found) if found else '-'
                middles[other] = statistics.median(found) if found else None
            middle = lambda key: statistics.median(r[key] for r in ours)
            good = is_reached(Cell(cell), step, middle('value'), middles['one'], middles['rclone'])
            asked += 1
            reached += good
            lines.append(f"| {cell} | {middle('value'):.3g} | {to['one']} | {to['rclone']} | {middle('requests'):.0f} | "
                         f"{middle('connections'):.0f} | {middle('sent') / (1 << 20):.2f} | {'yes' if good else '**no**'} |")
    lines[3:3] = [f'{reached} of {asked} rows are reached: a whole file at 0.97 of what the link can carry or as fast as the best of one and rclone, the first MiB in 1.15 of '
                  'what one takes, a first byte in 1.2 round trips, pictures as fast as the best or at 0.97 of what the link can carry.', '']
    with open(path, 'w') as out:
        out.write('\n'.join(lines) + '\n')
    say(path)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--cells', default=','.join(CELLS))
    options.add_argument('--all', action='store_true')
    options.add_argument('--rounds', type=int, default=3)
    options.add_argument('--only')
    options.add_argument('--steps', default=STEPS)
    options.add_argument('--raw')
    options.add_argument('--keep', action='store_true')
    options.add_argument('--self-test', action='store_true')
    options.add_argument('--report')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was begun is ended
    given = options.parse_args()
    if given.report:
        return report(given.report, HERE + '/LINKS.md')
    cells = [Cell(f'{t}/{r}/{p}') for t in TRIPS for r in RATES for p in PORTS] if given.all else \
            [Cell(text) for text in given.cells.split(',')]
    bench = Bench(sorted(set(RATES) | {cell.mbit_of_file for cell in cells}))
    raw = given.raw or RUN + '/links.jsonl'
    try:
        if given.self_test:
            wrong = self_test(bench)
            say('wrong: ' + ', '.join(wrong) if wrong else 'the links keep to their numbers')
            return 1 if wrong else 0
        with open(raw, 'w') as out:
            matrix = Matrix(out, bench, given.steps.split(','))
            systems = [Weryaifs(bench)] + ([Rclone()] if shutil.which('rclone') else [])
            systems = [s for s in systems if not given.only or s.name in given.only.split(',')]
            for proto in {cell.proto: cell for cell in cells}.values():
                for system in systems:
                    if isinstance(system, Weryaifs):
                        system.prepare(Net(proto, front=True))
            for cell in cells:
                bench.link(cell)
                net = Net(cell)
                try:
                    for turn in range(given.rounds * max(cell.times.values(), default=1)):
                        matrix.steps = [s for s in given.steps.split(',') if turn < given.rounds * cell.times.get(s, 1)]
                        out.write(json.dumps({'load': os.getloadavg()[0]}) + '\n')
                        if not given.only or 'curl' in given.only.split(','):
                            matrix.curl(cell, net, turn)
                        for system in systems:
                            matrix.filesystem(cell, net, turn, system)
                finally:
                    bench.unlink()
                report(raw, HERE + '/LINKS.md')  # so that it can be ended early
        return 0
    finally:
        bench.close()
        if not given.keep:
            shutil.rmtree(run.DIR, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
