#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Would the sanitizers, and the capture of packets, say anything? A leak, an overflow, a race and a way into private networks are planted,
one at a time, and each has to be reported by a mount against tests/hostile; and nothing is, without them.

    tests/planted.py [TREE]

Works in a copy of the sources. TREE: in that one, which has its builds in build-asan and build-tsan already; its files are put back. By
hand, some ten minutes. The exit code is 0 when each was seen."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

import mutants

BUILDS = {'build-asan': 'address,undefined', 'build-tsan': 'thread'}


class Plant:
    """`old` becomes `new` in `file`; what is printed or reported then has `sign` in it."""

    def __init__(self, what, build, sign, file='', old='', new='', test='hostile'):
        self.what, self.build, self.sign, self.file, self.old, self.new, self.test = what, build, sign, file, old, new, test


PLANTS = [
    Plant('nothing', 'build-asan', None),
    Plant('a leak', 'build-asan', 'LeakSanitizer: detected memory leaks', 'fs/base/buf.c',
          'if (buf->capacity > 0)\n\t\tfree(buf->data);', ''),
    Plant('an overflow', 'build-asan', 'heap-buffer-overflow', 'fs/base/buf.c',
          'size_t capacity = needed + needed / 2 + BUF_FIRST;', 'size_t capacity = needed;'),
    Plant('an overflow of a number', 'build-asan', 'runtime error: signed integer overflow', 'fs/base/worker.c',
          'worker->unwoken++;', 'worker->unwoken++;\n\tvolatile int last = INT32_MAX;\n\tlast = last + (int)worker->unwoken;'),
    Plant('a way into private networks', 'build-asan', 'a connection was tried to 10.0.0.5 port 443', 'fs/net/http_policy.c',
          'return http->any_address || ', 'return http != NULL || ', 'capture'),
    Plant('nothing', 'build-tsan', None),
    Plant('a race', 'build-tsan', 'ThreadSanitizer: data race', 'fs/base/worker.c',
          'pthread_mutex_lock(&worker->lock);\n\tlist_append(&worker->queue, &job->link);\n\tpthread_mutex_unlock(&worker->lock);',
          'list_append(&worker->queue, &job->link);'),
]


def build(tree, name):
    directory = os.path.join(tree, name)
    if not os.path.exists(os.path.join(directory, 'build.ninja')):
        mutants.run(['meson', 'setup', '-Db_sanitize=' + BUILDS[name], '-Db_lundef=false', '-Dsandbox=disabled', '-Dfuzz=disabled',
                     directory], tree)
    made = mutants.run(['ninja', '-C', directory, 'weryaifs', 'weryaifs-keeper'], tree, timeout=3600)
    if made.returncode != 0:
        raise SystemExit(made.stdout[-2000:])


def mount(tree, plant):
    """All that was printed and reported."""
    with tempfile.TemporaryDirectory(prefix='weryaifs-planted.') as directory:
        report = f'log_path={directory}/report'
        environment = dict(os.environ, ASAN_OPTIONS='detect_leaks=1:' + report, TSAN_OPTIONS=report,
                           UBSAN_OPTIONS='print_stacktrace=1:halt_on_error=1:' + report)
        program = os.path.join(tree, plant.build, 'weryaifs')
        # TSan 12 does not find its memory where addresses are too random
        command = ['setarch', '-R', sys.executable, os.path.join(tree, 'tests/hostile/hostile.py'), '--sample', '--endpoint', 'cdn']
        if plant.test == 'capture':
            # without the mounts of others, which would live on in there
            command = ['unshare', '-n', '-m', 'sh', '-c', 'umount -a -l -t fuse.weryaifs; exec "$@"', 'sh', sys.executable, os.path.join(tree, 'tests/hostile/capture.py')]
        ended = subprocess.run(command + [program, directory + '/m'], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               timeout=600, check=False, text=True, errors='replace')
        text = ended.stdout
        for path in glob.glob(directory + '/report.*'):
            with open(path, encoding='utf-8', errors='replace') as file:
                text += file.read()
        if plant.sign is None:
            return text if ended.returncode != 0 or glob.glob(directory + '/report.*') else ''
        return text


def try_plant(tree, plant):
    path = os.path.join(tree, plant.file)
    text = None
    if plant.file:
        with open(path, encoding='utf-8') as file:
            text = file.read()
        if text.count(plant.old) != 1:
            return 'STALE'
    try:
        if plant.file:
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text.replace(plant.old, plant.new))
        build(tree, plant.build)
        said = mount(tree, plant)
    finally:
        if plant.file:
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
    if plant.sign is None:
        return 'silence' if not said else 'NOISE\n' + said[-3000:]
    return 'seen' if plant.sign in said else 'NOT SEEN\n' + said[-3000:]


def main():
    tree = os.path.realpath(sys.argv[1]) if len(sys.argv) > 1 else tempfile.mkdtemp(prefix='weryaifs-planted.')
    results = []
    try:
        if len(sys.argv) == 1:
            mutants.copy_sources(tree)
        for plant in PLANTS:
            results.append(try_plant(tree, plant))
            print(f'{plant.build:10}  {plant.what}: {results[-1]}', flush=True)
    finally:
        if len(sys.argv) == 1:
            shutil.rmtree(tree, ignore_errors=True)
    return 0 if all(result in ('seen', 'silence') for result in results) else 1


if __name__ == '__main__':
    sys.exit(main())
