#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a person waits for: from a prompt that is written to its picture, one and a hundred, beside a script with curl that asks
every three seconds. Appends a table to the file that is named, or prints it.

usage: tests/bench/person.py [--seconds 8] [--rounds 3] [FILE]

The service is the sandbox, whose pictures take --seconds, with at most 20 tasks at once; all settings of weryaifs are their defaults.
"""
import argparse, glob, json, os, shutil, signal, statistics, subprocess, sys, tempfile, time

BUILD = os.environ.get('BUILD_DIR', os.path.dirname(os.path.abspath(__file__)) + '/../../build')
SCRIPT = '''set -e -o pipefail
ask() { curl -sf -H "Authorization: Bearer sk-bench" "$@"; }
id=$(ask -H "Content-Type: application/json" -d '{"model":"FLUX","prompt":"a fox","aspect_ratio":"1:1"}' \
    "$BASE/v1/generation/text-to-image" | grep -o '"task_ids":\\["[^"]*' | cut -d'"' -f4)
url=
while [ -z "$url" ]; do
    sleep 3
    url=$(ask "$BASE/v1/generation/$id/status" | { grep -o 'http[^"]*' || true; } | head -1)
done
curl -sf -o "$1" "$url"
'''


def await_true(what, seconds=300):
    end = time.time() + seconds
    while not what():
        if time.time() > end:
            raise RuntimeError('it does not come')
        time.sleep(0.01)


def readable(path):
    try:
        with open(path, 'rb') as file:
            return len(file.read()) > 0
    except FileNotFoundError:
        return False


def by_files(mount, count, turn):
    model = glob.glob(mount + '/FLUX*')[0]
    begin = time.time()
    for i in range(count):
        with open(f'{model}/p{turn}-{count}-{i}.txt', 'w') as prompt:
            prompt.write(f'a fox, number {i} of {turn}')
    await_true(lambda: len(glob.glob(f'{model}/p{turn}-{count}-*.png')) == count)
    assert all(readable(path) for path in glob.glob(f'{model}/p{turn}-{count}-*.png'))
    return time.time() - begin


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--seconds', default='8')
    options.add_argument('--rounds', type=int, default=3)
    options.add_argument('file', nargs='?')
    given = options.parse_args()
    home = tempfile.mkdtemp(prefix='weryaifs-person.')
    mount = home + '/mnt'
    os.makedirs(mount)
    sandbox = subprocess.Popen([BUILD + '/weryaifs-sandbox', '--seconds', given.seconds, '--parent-death'], stdout=subprocess.PIPE, text=True)
    base = [word for word in sandbox.stdout.readline().split() if word.startswith('http')][0].rstrip('/')
    os.environ.update(HOME=home, XDG_STATE_HOME=home + '/state', XDG_CACHE_HOME=home + '/cache', XDG_CONFIG_HOME=home + '/config',
                      WERYAI_API_KEY='sk-bench', WERYAI_BASE_URL=base, WERYAI_MODELS_BASE_URL=base, BASE=base)
    daemon = subprocess.Popen([BUILD + '/weryaifs', '-f', mount], stderr=subprocess.DEVNULL)
    try:
        await_true(lambda: os.path.ismount(mount))
        ours, script, many = [], [], []
        for turn in range(given.rounds):
            ours.append(by_files(mount, 1, turn))
            begin = time.time()
            subprocess.run(['bash', '-c', SCRIPT, 'script', f'{home}/{turn}.png'], check=True)
            script.append(time.time() - begin)
        many.append(by_files(mount, 100, 0))
    finally:
        subprocess.run(['fusermount3', '-u', mount])
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
        sandbox.terminate()
        shutil.rmtree(home, ignore_errors=True)
    least = float(given.seconds)
    lines = ['', '## What a person waits for', '', f'A picture takes the service {given.seconds} s; at most 20 tasks at once.', '',
             '| what | weryaifs s | a script with curl that asks every 3 s | least possible |', '|---|---|---|---|',
             f'| a prompt is written, its picture is readable | {statistics.median(ours):.1f} | {statistics.median(script):.1f} | {least:.0f} |',
             f'| 100 prompts, all pictures readable | {many[0]:.1f} | | {5 * least:.0f} |']
    text = '\n'.join(lines) + '\n'
    if given.file:
        with open(given.file, 'a') as out:
            out.write(text)
    print(text)


if __name__ == '__main__':
    sys.exit(main())
