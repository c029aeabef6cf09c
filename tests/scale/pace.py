#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""So many prompts, written by a loop, against a service with twenty places and a rate that it does not tell.

usage: tests/scale/pace.py [PROMPTS [RATE [SECONDS]]]      10000 prompts, 6000/60s, 0.1 s a job

Prints how long it took beside the best that places and rate allow, how many POSTs were refused, whether each model's were sent in
order, and for how many results inotify told of exactly one IN_CREATE.
"""
import collections, json, os, shutil, signal, subprocess, sys, tempfile, time

from account import Account, Sandbox

MODELS = ('FLUX', 'GEMINI_2_5_FLASH')


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    rate = sys.argv[2] if len(sys.argv) > 2 else '6000/60s'
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 0.1
    number, _, per = rate.rstrip('s').partition('/')
    directory = tempfile.mkdtemp(prefix='weryaifs-pace.', dir=os.environ.get('SCALE_DIR'))
    account, service = Account(directory), Sandbox(directory, '--rate', rate, '--seconds', str(seconds))
    account.start(service.url, '-o', 'submit_gap_min=0.005,first_poll=0.05,poll_interval=0.05,slow_poll_interval=0.05',
                  adapts=True)
    models = [model for model in MODELS if os.path.isdir(f'{account.mount}/{model}')]
    events = open(directory + '/events', 'w')
    watch = subprocess.Popen(['inotifywait', '-q', '-m', '-e', 'create', '--format', '%f',
                              *(f'{account.mount}/{model}' for model in models)], stdout=events)
    time.sleep(1)
    began = time.time()
    for i in range(count):
        with open(f'{account.mount}/{models[i % len(models)]}/p{i:06}.txt', 'w') as file:
            file.write(f'fox {i:06} [[bytes=20000]]\n')  # the service need not compute them
    try:
        while True:
            time.sleep(1)
            with open(account.mount + '/.weryaifs/stats') as file:
                stats = dict(line.strip().split(': ', 1) for line in file)
            if int(stats.get('jobs SUCCESS', 0)) >= count or time.time() - began > 20 * count * seconds + 600:
                break
        time.sleep(2)
        posts = [json.loads(line) for line in open(service.log) if '"method":"POST"' in line]
        sent = [post for post in posts if post['code'] == 200]
        took = sent[-1]['time'] - sent[0]['time']
        best = max((count - float(number)) * float(per) / float(number), count * seconds / 20, count * 0.005)
        order = collections.defaultdict(list)
        for post in sent:
            order[post['body']['model']].append(post['body']['prompt'])
        told = collections.Counter(line.strip() for line in open(directory + '/events') if line.strip().endswith('.png'))
        print(f"{count} prompts, {rate}, {seconds} s a job: sent in {took:.1f} s, best {best:.1f} s ({took / best * 100 - 100:+.1f} %); "
              f"{len(posts)} POSTs, {len(posts) - len(sent)} refused ({(len(posts) - len(sent)) / len(posts) * 100:.2f} %); "
              f"in order: {all(prompts == sorted(prompts) for prompts in order.values())}; "
              f"{sum(n == 1 for n in told.values())} results with one IN_CREATE, {sum(n > 1 for n in told.values())} with more; "
              f"CPU {account.cpu():.1f} s, RSS {account.rss():.1f} MiB, longest way between submissions {stats.get('time between submissions')}")
    finally:
        watch.kill()
        account.stop()
        service.stop()
        shutil.rmtree(directory)


if __name__ == '__main__':
    main()
