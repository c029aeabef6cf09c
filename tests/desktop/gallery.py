#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The gallery in headless Chromium, on a real mount of an account of any size: what is painted when, what it takes, what it asks for, and
whether hostile prompts are text.

usage: tests/desktop/gallery.py DIRECTORY RESULTS [SCREENSHOT.png]

Talks to Chromium over a pipe (--remote-debugging-pipe: JSON, each message ended by a NUL).
"""
import base64, glob, json, os, subprocess, sys, time, urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/../scale')
import account as scale  # noqa: E402

HOSTILE = {
    'script': '<script>window.caught = 1</script>',
    'quotes': '"><img src=x onerror="window.caught = 1"> \' " `',
    'cdata': ']]> --> </figure></main><h1>out</h1> &lt;b&gt; &amp;',
    'link': '<a href="javascript:window.caught=1">here</a> http://example.org/ <base href="//example.org/">',
    'emoji': '\U0001f98a' * 2000,
}


class Chromium:
    def __init__(self, directory):
        ours, theirs = os.pipe(), os.pipe()  # commands, answers

        def take_pipes():
            os.dup2(ours[0], 100)
            os.dup2(theirs[1], 101)
            os.dup2(100, 3)
            os.dup2(101, 4)

        self.directory = directory
        self.process = subprocess.Popen(
            ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
             '--allow-file-access-from-files', '--window-size=1280,900', '--remote-debugging-pipe', '--user-data-dir=' + directory + '/chromium', 'about:blank'],
            preexec_fn=take_pipes, close_fds=False, stderr=subprocess.DEVNULL)
        os.close(ours[0])
        os.close(theirs[1])
        self.commands, self.answers = os.fdopen(ours[1], 'wb'), os.fdopen(theirs[0], 'rb')
        self.number, self.rest, self.events = 0, b'', []
        target = self.ask('Target.createTarget', url='about:blank')['targetId']
        self.session = self.ask('Target.attachToTarget', targetId=target, flatten=True)['sessionId']

    def next(self):
        while b'\0' not in self.rest:
            more = os.read(self.answers.fileno(), 1 << 20)
            if not more:
                raise EOFError('Chromium has ended')
            self.rest += more
        message, self.rest = self.rest.split(b'\0', 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if getattr(self, 'session', None):
            message['sessionId'] = self.session
        self.commands.write(json.dumps(message).encode() + b'\0')
        self.commands.flush()
        while True:
            answer = self.next()
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["error"]}')
                return answer['result']
            self.events.append(answer)

    def wait_event(self, method):
        while not any(event.get('method') == method for event in self.events):
            self.events.append(self.next())

    def value(self, expression):
        result = self.ask('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(f'{expression}: {result["exceptionDetails"]}')
        return result['result'].get('value')

    def memory(self):
        """MiB that all its processes have for themselves (Pss: what is shared is divided)."""
        total = 0
        for path in glob.glob('/proc/[0-9]*/smaps_rollup'):
            try:
                with open(path.replace('smaps_rollup', 'cmdline'), 'rb') as file:
                    if self.directory.encode() + b'/chromium' not in file.read():
                        continue
                with open(path) as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith('Pss:'))
            except OSError:
                pass
        return total / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def check(condition, words):
    if not condition:
        sys.exit('FAILED: ' + words)


def write_prompts(mount):
    for name, words in HOSTILE.items():
        with open(f'{mount}/FLUX/{name}.txt', 'w') as file:
            file.write(f'\\{words}\n')
    for name in HOSTILE:
        with open(f'{mount}/FLUX/{name}.wait') as file:
            file.read()


def look(chromium, page):
    for domain in ('Page', 'Network', 'Runtime'):
        chromium.ask(domain + '.enable')
    chromium.ask('Page.navigate', url='file://' + urllib.parse.quote(page))
    chromium.wait_event('Page.loadEventFired')
    for _ in range(600):
        paint = chromium.value("(performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime")
        if paint:
            break
        time.sleep(0.1)
    check(paint, 'nothing is painted')
    return paint, chromium.value('document.querySelectorAll("figure").length'), chromium.memory()


def check_text(chromium):
    text = chromium.value('document.body.textContent')
    for name, words in HOSTILE.items():
        check(words in text, f'{name}: it is not shown as it was written')
    check(chromium.value('document.querySelectorAll("base, img[src=x], a[href^=javascript]").length') == 0, 'a prompt has become a part of the page')
    check(chromium.value('window.caught === undefined'), 'a prompt has run')
    check(chromium.value('document.scripts.length') == 1, 'there is another script than the page\'s own')


def check_requests(chromium, mount):
    """Of what belongs to the page: nothing leaves the mount."""
    urls = [event['params']['request']['url'] for event in chromium.events if event.get('method') == 'Network.requestWillBeSent']
    check(urls, 'no request was seen')
    for url in urls:
        check(url.startswith('file://' + urllib.parse.quote(mount)) or url.startswith('data:'), f'a request for {url}')
    return len(urls)


def main():
    directory, results = sys.argv[1], int(sys.argv[2])
    service = scale.Sandbox(directory, '--seconds', '0.2')
    account = scale.Account(directory)
    chromium = None
    try:
        scale.generate(account, service, done=max(results - len(HOSTILE) - 1, 0))
        account.start(service.url)
        write_prompts(account.mount)
        page = account.mount + '/.weryaifs/gallery.html'
        began = time.monotonic()
        with open(page, 'rb') as file:
            size = len(file.read())
        made = time.monotonic() - began
        chromium = Chromium(directory)
        idle = chromium.memory()
        paint, figures, memory = look(chromium, page)
        check_text(chromium)
        requests = check_requests(chromium, account.mount)
        if len(sys.argv) > 3:
            with open(sys.argv[3], 'wb') as file:
                file.write(base64.b64decode(chromium.ask('Page.captureScreenshot', format='png')['data']))
        print(f'{results} results: page of {size} bytes made in {made:.2f} s, {figures} figures on it; first contentful paint after {paint:.0f} ms; '
              f'Chromium {memory:.0f} MiB ({idle:.0f} before); {requests} requests, all of them files of the mount')
    finally:
        if chromium:
            chromium.stop()
        account.stop()
        service.stop()


if __name__ == '__main__':
    main()
