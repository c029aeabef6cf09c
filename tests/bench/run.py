#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures weryaifs beside libcurl, its peers and a native file, and writes RESULTS.md.

usage: tests/bench/run.py [--rounds 3] [--nets lo,tls,wan,wan2] [--only NAME,...] [--steps S,...] [--raw FILE] [--keep]
       tests/bench/run.py --report FILE...          only the table, from what --raw has kept

Needs root (mounts, network namespaces), nginx, gcc, libcurl, openssl and 4 GiB in /dev/shm; rclone, httpdirfs,
nbdfuse and nbdkit where they are to be compared. README.md says what is measured and how.
"""
import argparse, glob, json, os, platform, re, shutil, signal, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('BUILD_DIR', ROOT + '/build')
DIR = os.environ.get('BENCH_DIR', '/dev/shm/weryaifs-bench')
WWW, RUN, MNT, CACHE = DIR + '/www', DIR + '/run', DIR + '/mnt', DIR + '/cache'
SERVER, CLIENT = 'weryb-srv', 'weryb-cli'  # network namespaces
BIG, MID, SMALL, SMALL_SIZE = 1 << 30, 64 << 20, 2000, 100 << 10
# plain http is taken from loopback alone; the address on the delayed link is one of loopback's, too
NETS = {'lo': 'http://127.0.0.1:8490', 'tls': 'https://127.0.0.1:8491',
        'wan': 'http://127.77.0.1:8490', 'wan2': 'https://127.77.0.1:8491'}
STEPS = 'seq,mid,first,random,list,small,stat'
LINK = ('20', '1000', str(16 << 20))  # ms one way, Mbit/s, bytes of its queue, and what more link.c takes
FIRST_TIMES = 3  # in each round: one read of a new mount is a single short measurement


def say(*words):
    print(*words, flush=True)


def call(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, **how)


def quiet(*command):
    r = call(*command)
    if r.returncode != 0:
        raise RuntimeError(' '.join(command) + ': ' + r.stderr.strip())


class Bench:
    """The data, the servers, the delayed link; ended by close()."""

    def __init__(self):
        self.started = []
        for directory in (WWW + '/small', RUN, MNT, CACHE):
            os.makedirs(directory, exist_ok=True)
        self.make_data()
        for name, libraries in (('probe', ['-lcurl']), ('link', [])):
            quiet('gcc', '-D_GNU_SOURCE', '-O2', '-o', f'{RUN}/{name}', f'{HERE}/{name}.c', *libraries, '-lpthread')
        self.ca = RUN + '/cert.pem'
        if not os.path.exists(self.ca):
            quiet('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', RUN + '/key.pem', '-out',
                  self.ca, '-days', '30', '-subj', '/CN=localhost', '-addext',
                  'subjectAltName=IP:127.0.0.1,IP:127.77.0.1')
        os.environ['CURL_CA_BUNDLE'] = os.environ['SSL_CERT_FILE'] = self.ca
        self.nginx('lo', ['127.0.0.1', '127.77.0.1'], [])

    def make_data(self):
        def fill(path, size, begin):
            if os.path.exists(path) and os.path.getsize(path) == size:
                return
            with open(path, 'wb') as out:
                out.write(begin)
                left = size - len(begin)
                while left > 0:
                    out.write(os.urandom(min(left, 1 << 20)))
                    left -= 1 << 20
                out.truncate(size)
        video = b'\0\0\0\x18ftypisom\0\0\0\0isommp42'
        fill(WWW + '/big.mp4', BIG, video)
        fill(WWW + '/mid.mp4', MID, video)
        for i in range(SMALL):
            fill(f'{WWW}/small/f{i:04}.png', SMALL_SIZE, b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR')

    def nginx(self, tag, addresses, inside):
        listen = ''.join(f'listen {a}:8490; listen {a}:8491 ssl http2;\n' for a in addresses)
        temp = ''.join(f'{k}_temp_path {RUN}/{tag}-{k};' for k in
                       ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        conf = f'{RUN}/nginx-{tag}.conf'
        with open(conf, 'w') as out:
            out.write(f'''worker_processes 2; pid {RUN}/nginx-{tag}.pid; error_log {RUN}/nginx-{tag}.err warn;
events {{ worker_connections 2048; }}
http {{
    sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_timeout 300s; keepalive_requests 1000000;
    default_type application/octet-stream; {temp}
    log_format b '$connection $request_method $status $body_bytes_sent "$http_range" $uri $msec $request_time';
    access_log {RUN}/access-{tag}.log b buffer=64k flush=100ms;
    server {{
        {listen} ssl_certificate {self.ca}; ssl_certificate_key {RUN}/key.pem;
        ssl_session_cache shared:S:4m; root {WWW}; autoindex on;
    }}
}}''')
        quiet(*inside, 'nginx', '-c', conf)
        self.started.append(int(open(f'{RUN}/nginx-{tag}.pid').read()))

    def link(self):
        """127.77.0.1 behind 40 ms and 1 Gbit/s, for what runs in CLIENT."""
        quiet('ip', 'netns', 'add', SERVER)
        quiet('ip', 'netns', 'add', CLIENT)
        self.wire = link = subprocess.Popen([RUN + '/link', SERVER, 'wl0', CLIENT, 'wl1', *LINK],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started.append(link.pid)
        assert link.stdout.readline() == 'ready\n'
        for space, device, own, other in ((SERVER, 'wl0', '10.77.0.1', '10.77.0.2'),
                                          (CLIENT, 'wl1', '10.77.0.2', '10.77.0.1')):
            quiet('ip', '-n', space, 'link', 'set', 'lo', 'up')
            quiet('ip', '-n', space, 'addr', 'add', own, 'peer', other, 'dev', device)
            quiet('ip', '-n', space, 'link', 'set', device, 'mtu', '1500', 'txqueuelen', '10000', 'up')
            for setting in ('tcp_wmem=4096 65536 16777216', 'tcp_rmem=4096 131072 16777216',
                            'tcp_slow_start_after_idle=0', 'tcp_no_metrics_save=1', 'conf.all.rp_filter=0',
                            f'conf.{device}.rp_filter=0', f'conf.{device}.route_localnet=1',
                            'tcp_congestion_control=cubic'):
                call(*self.inside(space), 'sysctl', '-qw', 'net.ipv4.' + setting)
        quiet('ip', '-n', SERVER, 'addr', 'add', '127.77.0.1/32', 'dev', 'lo')
        quiet('ip', '-n', CLIENT, 'addr', 'del', '127.0.0.1/8', 'dev', 'lo')
        quiet('ip', '-n', CLIENT, 'addr', 'add', '127.0.0.1/32', 'dev', 'lo')
        quiet('ip', '-n', CLIENT, 'route', 'add', '127.77.0.1/32', 'via', '10.77.0.1', 'dev', 'wl1', 'src', '10.77.0.2')
        self.nginx('wan', ['127.77.0.1'], self.inside(SERVER))

    @staticmethod
    def inside(space):
        return ['nsenter', f'--net=/var/run/netns/{space}']

    def close(self):
        for pid in self.started:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for space in (SERVER, CLIENT):
            call('ip', 'netns', 'del', space)


class Net:
    """One way to the files: where probes and systems run, and the server's log."""

    def __init__(self, name):
        self.name, self.url = name, NETS[name]
        self.far = name.startswith('wan')
        self.prefix = Bench.inside(CLIENT) if self.far else []
        self.log = f'{RUN}/access-{"wan" if self.far else "lo"}.log'

    def probe(self, *arguments, curl=False, timeout=240):
        r = call(*(self.prefix if curl else []), RUN + '/probe', *map(str, arguments), timeout=timeout)
        if r.returncode != 0 or not r.stdout:
            return {'error': r.stderr.strip() or f'probe ended with {r.returncode}'}
        return json.loads(r.stdout)

    def mark(self):
        time.sleep(0.25)
        return os.path.getsize(self.log)

    def since(self, mark, besides=None):
        time.sleep(0.25)
        seen = {'requests': 0, 'heads': 0, 'sent': 0, 'connections': set()}
        with open(self.log) as log:
            log.seek(mark)
            for line in log:
                part = line.split()
                if len(part) > 4 and not (besides and besides in line):
                    seen['requests'] += 1
                    seen['heads'] += part[1] == 'HEAD'
                    seen['sent'] += int(part[3])
                    seen['connections'].add(part[0])
        seen['connections'] = len(seen['connections'])
        return seen


def family(pid):
    found = [pid]
    for path in glob.glob(f'/proc/{pid}/task/*/children'):
        try:
            for child in open(path).read().split():
                found += family(int(child))
        except OSError:
            pass
    return found


def usage(pid):
    """CPU seconds, greatest RSS in MiB, system calls that wrote (an answer to the kernel is one)."""
    cpu = rss = writes = 0
    for each in family(pid):
        try:
            fields = open(f'/proc/{each}/stat').read().rsplit(')', 1)[1].split()
            cpu += (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
            rss += int(re.search(r'VmHWM:\s*(\d+)', open(f'/proc/{each}/status').read())[1]) / 1024
            writes += int(re.search(r'syscw: (\d+)', open(f'/proc/{each}/io').read())[1])
        except (OSError, TypeError):
            pass
    return cpu, rss, writes


def switches(pid):
    return sum(int(n) for process in family(pid) for each in glob.glob(f'/proc/{process}/task/*/status')
               for n in re.findall(r'ctxt_switches:\s*(\d+)', open(each).read()))


def rss_now(pid):
    return sum(int(re.search(r'VmRSS:\s*(\d+)', open(f'/proc/{each}/status').read())[1]) / 1024 for each in family(pid))


class System:
    """A filesystem under test. start() mounts it with nothing cached unless it is to keep that."""
    steps = STEPS.split(',')
    persistent = False
    connected = True  # has a connection by the time that a file's name is known
    slow_far = []
    big, mid, small = MNT + '/big.mp4', MNT + '/mid.mp4', MNT + '/small'

    def command(self, net):
        raise NotImplementedError

    def prepare(self, net):
        pass

    def start(self, net, keep=False):
        if not keep:
            shutil.rmtree(CACHE, ignore_errors=True)
        os.makedirs(CACHE, exist_ok=True)
        begin = time.time()
        self.log = open(f'{RUN}/{self.name}.log', 'ab')
        self.process = subprocess.Popen(net.prefix + self.command(net), stdout=self.log, stderr=self.log)
        while not os.path.ismount(MNT):
            if self.process.poll() is not None or time.time() - begin > 30:
                raise RuntimeError(f'{self.name} does not mount, see {RUN}/{self.name}.log')
            time.sleep(0.005)

    def stop(self):
        for _ in range(25):
            if call('fusermount3', '-u', MNT).returncode == 0:
                break
            time.sleep(0.2)
        else:
            call('umount', '-l', MNT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Weryaifs(System):
    persistent, connected = True, False
    options = ''
    big, mid, small = MNT + '/VEO_3_1/big.mp4', MNT + '/VEO_3_1/mid.mp4', MNT + '/FLUX/small'

    def __init__(self, cache):
        self.cache = cache
        self.name = 'weryaifs' if cache else 'weryaifs uncached'
        self.slow_far = [] if cache else ['seq', 'random', 'list', 'small']
        self.port = 8495

    def environment(self, net):
        home = f'{DIR}/account-{net.name}'
        os.environ.update(HOME=home, XDG_STATE_HOME=home + '/state', XDG_CACHE_HOME=CACHE,
                          XDG_CONFIG_HOME=home + '/config', WERYAI_API_KEY='sk-bench',
                          WERYAI_BASE_URL=f'http://127.0.0.1:{self.port}',
                          WERYAI_MODELS_BASE_URL=f'http://127.0.0.1:{self.port}')
        return home

    def command(self, net, *more):
        self.environment(net)
        return [BUILD + '/weryaifs', '-f', '-o',
                f'cache={"yes" if self.cache else "no"},ca_file={RUN}/cert.pem{self.options}', *more, MNT]

    def names(self):
        return ['big', 'mid']

    def start(self, net, keep=False):
        """keep: False, nothing is in the cache, and nothing known of what was measured before; 'published', as the daemon has left it
        when the results appeared, with their first bytes; True, as it is."""
        home = f'{DIR}/account-{net.name}'
        state = {False: '/evicted-state', 'published': '/published-state'}.get(keep)
        if state is not None and os.path.exists(home + state):
            shutil.rmtree(home + '/state')
            quiet('cp', '-a', home + state, home + '/state')
        if keep == 'published':
            shutil.rmtree(CACHE, ignore_errors=True)
            quiet('cp', '-a', '--sparse=always', home + '/published', CACHE)
        super().start(net, keep)

    def evict(self, net, home):
        """The ledger without the first bytes of the results: an emptied cache alone would be looked for each of them."""
        command = self.command
        self.command = lambda net: command(net, '-o', 'cache_size=1')
        quiet('cp', '-a', '--sparse=always', home + '/published', CACHE)
        self.start(net, True)
        try:
            net.probe('head', f'{self.small}/f0000.png', 0)  # what is too much goes when something was read
            deadline = time.time() + 120
            while any(name.isdigit() for _, _, names in os.walk(CACHE) for name in names):
                if time.time() > deadline:
                    raise RuntimeError(f'the cache is not evicted, see {RUN}/{self.name}.log')
                time.sleep(0.2)
        finally:
            self.stop()
            del self.command
        quiet('cp', '-a', home + '/state', home + '/evicted-state')

    def prepare(self, net):
        """An account whose finished jobs have the files as results; made once, in front of the link."""
        home = self.environment(net)
        if os.path.exists(home + '/done'):
            return
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home + '/config')
        sandbox = subprocess.Popen([BUILD + '/weryaifs-sandbox', '--port', str(self.port), '--seconds', '0',
                                    '--max-active', '100', '--cdn-base', net.url], stdout=subprocess.PIPE, text=True)
        sandbox.stdout.readline()
        prefix, net.prefix = net.prefix, []
        fast = 'settle=0,submit_gap=0,first_poll=0,poll_interval=0.05,slow_poll_interval=0.1,max_active=100,' \
               'submissions_per_day=0'
        command = self.command
        self.command = lambda net: command(net, '-o', fast)
        self.start(net)
        try:
            os.mkdir(self.small)
            films = [f'{MNT}/VEO_3_1/{name}.mp4' for name in self.names()]
            for name in self.names():
                with open(f'{MNT}/VEO_3_1/{name}.txt', 'w') as prompt:
                    prompt.write(f'a fox [[file={name}.mp4]]')
            for i in range(SMALL):
                with open(f'{self.small}/f{i:04}.txt', 'w') as prompt:
                    prompt.write(f'fox {i} [[file=small/f{i:04}.png]]')
            deadline = time.time() + 300
            while len(glob.glob(self.small + '/*.png')) < SMALL or not all(map(os.path.exists, films)):
                if time.time() > deadline:
                    raise RuntimeError(f'the results do not come, see {RUN}/{self.name}.log')
                time.sleep(0.5)
            self.measure_fresh(net, home)
            # as it is for who has just made them, with prompts and statuses
            self.listed = [net.probe('list', self.small) for _ in range(2)]
            self.note_kept(home)
            # what stays is what a directory of pictures looks like; 2000 prompts are no part of the others' trees
            for path in glob.glob(self.small + '/*.txt'):
                os.unlink(path)
        finally:
            self.stop()
            del self.command
            sandbox.terminate()
            sandbox.wait()
        os.rename(CACHE, home + '/published')
        quiet('cp', '-a', home + '/state', home + '/published-state')
        self.evict(net, home)
        net.prefix = prefix
        open(home + '/done', 'w').close()


    def measure_fresh(self, net, home):
        """The first read of pictures that have just appeared."""
        before = usage(self.process.pid)
        while True:  # until inotify has been told of all of them, and nothing is left to be done
            time.sleep(1.5)
            now = usage(self.process.pid)
            if now[2] == before[2]:
                break
            before = now
        seen = []
        for i in range(SMALL - 50, SMALL):
            seen.append(net.probe('head', f'{self.small}/f{i:04}.png', 0)['first_ms'])
        answers = usage(self.process.pid)[2] - before[2]
        self.kept = {'first_ms': statistics.median(seen), 'answers': answers / len(seen)}

    def note_kept(self, home):
        self.kept.update(names=self.listed[0]['items'], list_ms=self.listed[0]['seconds'] * 1e3,
                         list_again_ms=self.listed[1]['seconds'] * 1e3)
        with open(home + '/fresh.json', 'w') as out:
            json.dump(self.kept, out)

    def fresh(self, net):
        with open(f'{DIR}/account-{net.name}/fresh.json') as kept:
            return json.load(kept)


class Rclone(System):
    def __init__(self, mode):
        self.mode, self.name, self.persistent = mode, f'rclone {mode}', mode == 'full'
        self.slow_far = ['small', 'list'] if mode == 'off' else []

    def command(self, net):
        return ['rclone', '--config', '/dev/null', 'mount', '--ca-cert', RUN + '/cert.pem', '--read-only',
                '--vfs-cache-mode', self.mode, '--cache-dir', CACHE, '--http-url', net.url + '/', ':http:', MNT]


class Httpdirfs(System):
    name = 'httpdirfs'

    def command(self, net):
        return ['httpdirfs', '-f', '--insecure-tls', net.url + '/', MNT]


class Nbdfuse(System):
    name, steps = 'nbdfuse', ['seq', 'first', 'random']
    slow_far = ['seq']

    def command(self, net):
        return ['nbdfuse', self.big, '[', 'nbdkit', '--exit-with-parent', '-r', 'curl', f'url={net.url}/big.mp4',
                'sslverify=false', ']']


class Measure:
    def __init__(self, raw, rounds):
        self.raw, self.rounds, self.broken = raw, rounds, set()

    def note(self, net, system, step, result):
        self.raw.write(json.dumps({'net': net.name, 'system': system, 'step': step, **result}) + '\n')
        self.raw.flush()
        shown = ' '.join(f'{k}={v}' for k, v in result.items() if v not in (0, None))
        say(f'{net.name:5} {system:20} {step:14} {shown}')

    def load(self, net, system, step, *probe):
        mark, before = net.mark(), usage(system.process.pid)
        result = net.probe(*probe)
        after = usage(system.process.pid)
        result.update(net.since(mark), cpu_s=round(after[0] - before[0], 3), rss_mib=round(after[1], 1),
                      answers=after[2] - before[2])
        self.note(net, system.name, step, result)

    def curl(self, net, steps, seed):
        def one(step, *probe):
            self.note(net, 'curl', step, net.probe(*probe, curl=True))
        big = net.url + '/big.mp4'
        if 'seq' in steps:
            one('seq', 'curl-seq', big)
            if not net.far:
                one('seq to file', 'curl-seq', big, DIR + '/out')
                os.unlink(DIR + '/out')
        if 'mid' in steps:
            one('mid', 'curl-seq', net.url + '/mid.mp4')
        for _ in range(FIRST_TIMES if 'first' in steps else 0):
            one('first', 'curl-head', big, 0)
            one('first warm', 'curl-head', big, 0, net.url + '/small/f0000.png')
        if 'random' in steps:
            one('random', 'curl-random', big, BIG, 100 if net.far else 400, seed)
        if 'small' in steps:
            with open(RUN + '/urls', 'w') as urls:
                urls.writelines(f'{net.url}/small/f{i:04}.png\n' for i in range(SMALL))
            # in the protocol that weryaifs speaks there
            for threads in (8, 32):
                one(f'small {threads}', 'curl-multi' if net.url.startswith('https') else 'curl-many', RUN + '/urls', threads)

    def native(self, net, steps):
        if 'seq' in steps:
            for step in ('seq', 'seq again'):
                self.note(net, 'native', step, net.probe('seq', WWW + '/big.mp4'))
        if 'list' in steps:
            self.note(net, 'native', 'list again', net.probe('list', WWW + '/small'))
        if 'small' in steps:
            with open(RUN + '/paths', 'w') as paths:
                paths.writelines(f'{WWW}/small/f{i:04}.png\n' for i in range(SMALL))
            self.note(net, 'native', 'small again', net.probe('many', RUN + '/paths', 32))

    def mounted(self, net, system, work, keep=False):
        if system.name in self.broken:
            return
        try:
            system.start(net, keep)
            try:
                work()
            finally:
                system.stop()
        except Exception as error:
            if system.name == 'httpdirfs':  # 1.2.5 ends at its first read from nginx
                self.broken.add(system.name)
            self.note(net, system.name, 'failed', {'error': str(error)})

    def system(self, net, system, steps, seed):
        load = lambda *what: self.load(net, system, *what)
        steps = [s for s in steps if s in system.steps]
        if net.far:  # one request for each read takes minutes there, and says nothing new
            steps = [s for s in steps if s not in system.slow_far]

        def seq():
            os.stat(system.big)
            load('seq', 'seq', system.big)
            load('seq again', 'seq', system.big)
            if system.persistent:
                net.probe('pin', system.big)
                load('seq from disk', 'seq', system.big)

        def remounted():
            os.stat(system.big)
            load('seq remounted', 'seq', system.big)

        def mid():
            os.stat(system.mid)
            load('mid', 'seq', system.mid, 128 << 10)

        def first():
            os.stat(system.big)
            load('first connected' if system.connected else 'first', 'head', system.big, 0)
            load('first warm', 'head', system.big, BIG // 2)

        def connected():
            os.stat(system.big)
            net.probe('seq', system.small + '/f0000.png')
            load('first connected', 'head', system.big, 0)

        def published():
            os.stat(system.big)
            load('first published', 'head', system.big, 0)

        def idle():
            os.stat(system.small)
            mark, before = net.mark(), [usage(system.process.pid), switches(system.process.pid)]
            time.sleep(3)
            self.note(net, system.name, 'idle', {**net.since(mark), 'wake_ups': switches(system.process.pid) - before[1],
                                                 'rss_mib': round(rss_now(system.process.pid), 1)})

        def random():
            os.stat(system.big)
            load('random', 'random', system.big, 100 if net.far else 400, seed, 1)
            load('random 8', 'random', system.big, 25 if net.far else 100, seed + 1, 8)

        def listing():
            load('list', 'list', system.small)
            load('list again', 'list', system.small)

        def small(threads, again):
            net.probe('list', system.small)
            with open(RUN + '/paths', 'w') as paths:
                paths.writelines(p + '\n' for p in sorted(glob.glob(system.small + '/*.png')))
            load(f'small {threads}', 'many', RUN + '/paths', threads)
            if again:
                load('small again', 'many', RUN + '/paths', threads)

        def stat():
            readers = [subprocess.Popen(['dd', 'if=' + system.big, 'of=/dev/null', 'bs=1M', f'skip={i * 250}',
                                         'count=250'], stderr=subprocess.DEVNULL) for i in range(4)]
            load('stat', 'stat', os.path.dirname(system.small), 0.6)
            for reader in readers:
                reader.kill()
                reader.wait()

        if 'seq' in steps:
            self.mounted(net, system, seq)
            if system.persistent and not net.far and getattr(system, 'cache', True):
                self.mounted(net, system, remounted, keep=True)
        if 'first' in steps and system.name == 'weryaifs':
            self.note(net, system.name, 'first fresh', system.fresh(net))
            for _ in range(FIRST_TIMES):
                shutil.rmtree(CACHE, ignore_errors=True)
                self.mounted(net, system, published, keep='published')
            if not net.far:
                system.options = ',results=lazy-only'  # or what nobody has read is brought in meanwhile
                self.mounted(net, system, idle)
                del system.options
        for _ in range(FIRST_TIMES if 'first' in steps else 0):
            self.mounted(net, system, first)
            if not system.connected:
                self.mounted(net, system, connected)
        for name, work in (('mid', mid), ('random', random), ('list', listing),
                           ('small', lambda: small(8, False)), ('small', lambda: small(32, True)), ('stat', stat)):
            if name in steps:
                self.mounted(net, system, work)


def systems():
    found = [Weryaifs(True), Weryaifs(False)]
    if shutil.which('rclone'):
        found += [Rclone('off'), Rclone('full')]
    if shutil.which('httpdirfs'):
        found.append(Httpdirfs())
    if shutil.which('nbdfuse') and shutil.which('nbdkit'):
        found.append(Nbdfuse())
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--rounds', type=int, default=3)
    options.add_argument('--nets', default=','.join(NETS))
    options.add_argument('--steps')
    options.add_argument('--only')
    options.add_argument('--raw', default=DIR + '/raw.jsonl')
    options.add_argument('--keep', action='store_true', help='leave the data for the next run')
    options.add_argument('--report', nargs='+')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was begun is ended
    given = options.parse_args()
    sys.path.insert(0, HERE)
    import report
    if given.report:
        return report.write(given.report, HERE + '/RESULTS.md')
    tested = [s for s in systems() if not given.only or s.name in given.only.split(',')]
    bench = Bench()
    try:
        if 'wan' in given.nets:
            bench.link()
        with open(given.raw, 'w') as raw:
            measure = Measure(raw, given.rounds)
            nets = [Net(name) for name in given.nets.split(',')]
            for net in nets:
                for system in tested:
                    system.prepare(net)
            for turn in range(given.rounds):
                for net in nets:
                    # what the others cannot do better over TLS than without it is not measured twice
                    steps = (given.steps or {'tls': 'seq,small', 'wan': 'seq,mid,first,random,list,small',
                                             'wan2': 'small'}.get(net.name, STEPS)).split(',')
                    measure.note(net, 'machine', 'load', {'load': os.getloadavg()[0]})
                    if not given.only or 'curl' in given.only:
                        measure.curl(net, steps, turn)
                    if not net.far:
                        measure.native(net, steps)
                    for system in tested:
                        measure.system(net, system, steps, turn)
        report.write([given.raw], HERE + '/RESULTS.md')
    finally:
        bench.close()
        if not given.keep:
            shutil.rmtree(DIR, ignore_errors=True)


if __name__ == '__main__':
    main()
