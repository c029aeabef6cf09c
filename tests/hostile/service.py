#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A service that means harm: every endpoint, and the CDN, in some forty ways. See tests/README.md.

A prompt says which way and where: "b-NAME e-ENDPOINT". All else is answered well."""
import gzip
import itertools
import json
import re
import socket
import struct
import threading
import time

SIZE = 200000
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0) + b"\0\0\0\0"


def picture(version=0):
    return PNG + bytes((i * 31 + (i >> 8) + 97 * version) & 255 for i in range(SIZE - len(PNG)))


PICTURES = [picture(0), picture(1)]
NASTY = "\x1b[31m\x07\u009b31m\u202eexe\u2028x\nstate: SUCCESS\n"


class Request:
    """One request on its connection, with the good answer to it."""

    def __init__(self, connection, method, path, fields, body):
        self.connection, self.method, self.path, self.fields, self.body = connection, method, path, fields, body
        self.status, self.extra, self.answer, self.version = 200, [], b"", 0

    def good(self, answer):
        self.answer = answer

    def send(self, data):
        self.connection.sendall(data)

    def head(self, status=None, length=None, extra=()):
        lines = [f"HTTP/1.1 {status or self.status} X"]
        if length is not False:
            lines.append(f"Content-Length: {len(self.answer) if length is None else length}")
        return ("\r\n".join(lines + list(self.extra) + list(extra)) + "\r\n\r\n").encode("latin-1", "replace")

    def send_good(self, answer=None, **how):
        if answer is not None:
            self.answer = answer
        self.send(self.head(**how) + self.answer)

    def edit(self, change):
        """The good answer's JSON, changed; of what is none, the answer as it is."""
        try:
            value = json.loads(self.answer)
        except ValueError:
            return self.send_good()
        self.send_good(json.dumps(change(value)).encode("utf-8", "surrogatepass"))

    def close(self):
        raise ConnectionError

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def drip(self, data, each=0.2, most=60):
        for _ in range(int(most / each)):
            self.send(data)
            time.sleep(each)

    def flood(self, data, most=64 << 20):
        for _ in range(most // len(data)):
            self.send(data)


def deep(value, change):
    if isinstance(value, dict):
        return {key: deep(inner, change) for key, inner in value.items()}
    return [deep(inner, change) for inner in value] if isinstance(value, list) else change(value)


def strings(change):
    return lambda value: deep(value, lambda inner: change(inner) if isinstance(inner, str) else inner)


def numbers_to(new):
    return lambda value: deep(value, lambda inner: new if isinstance(inner, (int, float)) and inner not in (0, 200) else inner)


def address(new):
    """Every address of a result is this one."""
    return strings(lambda text: new if text.startswith("http") else text)


def redirect(where):
    return lambda r: r.send(r.head(302, 0, [f"Location: {where}"]))


BEHAVIOURS = {
    "silence": lambda r: time.sleep(60),
    "close": lambda r: r.close(),
    "reset": lambda r: r.reset(),
    "reset-in-head": lambda r: (r.send(b"HTTP/1.1 200 X\r\nContent-Le"), r.reset()),
    "reset-in-body": lambda r: (r.send(r.head() + r.answer[:len(r.answer) // 2]), r.reset()),
    "drip-head": lambda r: (r.send(b"HTTP/1.1 200 X\r\n"), r.drip(b"X-A: b\r\n")),
    "drip-head-bytes": lambda r: r.drip(b"H"),
    "drip-body": lambda r: (r.send(r.head()), r.drip(b" ")),
    "drip-chunks": lambda r: (r.send(r.head(length=False, extra=["Transfer-Encoding: chunked"])), r.drip(b"1\r\n \r\n")),
    "flood-100": lambda r: r.drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "endless-head": lambda r: (r.send(b"HTTP/1.1 200 X\r\n"), r.flood(b"X-A: " + b"b" * 1000 + b"\r\n")),
    "endless-line": lambda r: (r.send(b"HTTP/1.1 200 X\r\nX-A: "), r.flood(b"b" * 1000)),
    "endless-body": lambda r: (r.send(r.head(length=False)), r.flood(b" " * 65536, 1 << 30)),
    "endless-chunks": lambda r: (r.send(r.head(length=False, extra=["Transfer-Encoding: chunked"])),
                                 r.flood(b"10000\r\n" + b" " * 65536 + b"\r\n", 1 << 30)),
    "length-4.6-EB": lambda r: (r.send(r.head(length=4611686018427387904) + r.answer), time.sleep(60)),
    "length-overflow": lambda r: (r.send(r.head(length="99999999999999999999999") + r.answer), r.close()),
    "length-negative": lambda r: (r.send(r.head(length=-1) + r.answer), r.close()),
    "length-too-long": lambda r: (r.send(r.head(length=len(r.answer) + 1000) + r.answer), r.close()),
    "length-too-short": lambda r: (r.send(r.head(length=max(0, len(r.answer) - 10)) + r.answer), r.close()),
    "no-http": lambda r: (r.send(b"\0\xff\xfe garbage \r\n\r\n" * 50), r.close()),
    "http-0.9": lambda r: (r.send(r.answer), r.close()),
    "nul-in-head": lambda r: r.send_good(extra=["X-A: a\0b", "Content-Type: \0"]),
    "gzip-bomb": lambda r: r.send_good(gzip.compress(b" " * (32 << 20)), extra=["Content-Encoding: gzip"]),
    "gzip-garbage": lambda r: r.send_good(b"\x1f\x8b garbage", extra=["Content-Encoding: gzip"]),
    "429-retry-1e17": lambda r: r.send_good(b"{}", status=429, extra=["Retry-After: 100000000000000000"]),
    "500": lambda r: r.send_good(b"{}", status=500),
    "503-retry-1e17": lambda r: r.send_good(b"{}", status=503, extra=["Retry-After: 100000000000000000"]),
    "404": lambda r: r.send_good(b"{}", status=404),
    "empty": lambda r: r.send_good(b""),
    "html": lambda r: r.send_good(b"<!DOCTYPE html><html><body>Sign in</body></html>" * 5),
    "half": lambda r: r.send_good(r.answer[:len(r.answer) // 2]),
    "deep-json": lambda r: r.send_good(b"[" * 500000 + b"]" * 500000),
    "huge-json": lambda r: r.send_good(b'{"a":"' + b"x" * (6 << 20) + b'"}'),
    "bad-utf-8": lambda r: r.send_good(r.answer.replace(b'"', b'"\xff\xc3', 6)),
    "types": lambda r: r.edit(lambda v: deep(v, lambda inner: [inner])),
    "numbers-huge": lambda r: r.edit(numbers_to(10 ** 30)),
    "numbers-negative": lambda r: r.edit(numbers_to(-7)),
    "words": lambda r: r.edit(strings(lambda text: NASTY + r.fields.get("authorization", ""))),
    "long-strings": lambda r: r.edit(strings(lambda text: text + "x" * 300000)),
    "ids-as-paths": lambda r: r.edit(strings(lambda text: text if text.startswith("http") else "../../" + text)),
    "many-addresses": lambda r: r.edit(lambda v: json.loads(json.dumps(v).replace('["http', '[' + '"http://x/",' * 9999 + '"http'))),
    "address-file": lambda r: r.edit(address("file:///etc/passwd")),
    "address-private": lambda r: r.edit(address("https://169.254.169.254/latest/meta-data")),
    "address-10": lambda r: r.edit(address("https://10.0.0.5/")),
    "redirect-loop": lambda r: redirect(r.path)(r),
    "redirect-file": redirect("file:///etc/passwd"),
    "redirect-private": redirect("https://10.0.0.5/x"),
    "redirect-metadata": redirect("https://169.254.169.254/x"),
    # two files of one length at one address: never a bit of each
    "versions-etag": lambda r: versions(r, lambda n: f'ETag: "{n}"'),
    "versions-modified": lambda r: versions(r, lambda n: f"Last-Modified: Fri, 2{n} Nov 2026 10:00:00 GMT"),
}
requests_of = {}


def versions(r, field):
    count = requests_of[r.path] = requests_of.get(r.path, -1) + 1
    if not r.path.startswith("/cdn/"):
        return r.send_good()
    r.version = min(count, 1)
    ranged(r)
    r.extra.append(field(r.version))
    return r.send_good()


def ranged(r):
    data = PICTURES[r.version]
    match = re.match(r"bytes=(\d+)-(\d*)", r.fields.get("range", ""))
    r.status, r.extra = 200, []
    if match:
        start, end = int(match[1]), min(int(match[2] or SIZE), SIZE - 1)
        r.status, r.extra = 206, [f"Content-Range: bytes {start}-{end}/{SIZE}"]
        data = data[start:end + 1]
    r.good(data)


class Service:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.batches = {}
        self.posts, self.counter, self.lock = {}, itertools.count(), threading.Lock()
        self.everywhere = None  # NAME: of balance and models
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        file = connection.makefile("rb")
        try:
            while (line := file.readline()):
                method, path, _ = line.decode("latin-1").split(" ", 2)
                fields = {}
                while (line := file.readline().strip()):
                    name, _, value = line.decode("latin-1").partition(":")
                    fields[name.lower()] = value.strip()
                body = file.read(int(fields.get("content-length", 0)))
                self.answer(Request(connection, method, path, fields, body))
        except (OSError, ValueError):
            pass
        finally:
            file.close()
            connection.close()

    def answer(self, r):
        way = self.prepare(r)
        (BEHAVIOURS[way] if way else Request.send_good)(r)

    def done(self, task):
        return {"task_id": task, "task_status": "succeed", "images": [f"{self.url}/cdn/{task}.png"]}

    def prepare(self, r):
        """Makes the good answer; returns the way that is wished instead."""
        if r.path.endswith("/upload-file"):
            match = re.search(rb"b-(\S+) e-upload", r.body)
            name = match[1].decode() if match else None
            r.good(json.dumps({"status": 200, "data": {"object_url_list": [f"{self.url}/uploaded/{name}.png"]}}).encode())
            return name
        if r.method == "POST":
            match = re.search(r"b-(\S+) e-(\w+)", r.body.decode("utf-8", "replace"))
            name, endpoint = match.groups() if match else ("good", "none")
            with self.lock:
                self.posts[name, endpoint] = self.posts.get((name, endpoint), 0) + 1
            task = f"{endpoint}.{name}.{next(self.counter)}"
            tasks, batch = [task], 7
            if endpoint == "batch":
                tasks, batch = [task, f"{endpoint}.{name}.{next(self.counter)}"], next(self.counter)
                self.batches[batch] = name, tasks
            r.good(json.dumps({"status": 200, "data": {"task_ids": tasks, "batch_id": batch}}).encode())
            return name if endpoint == "submit" else None
        match = re.match(r"/v1/generation/batch/(\d+)/status", r.path)
        if match:
            name, tasks = self.batches[int(match[1])]
            r.good(json.dumps({"status": 200, "data": [self.done(task) for task in tasks]}).encode())
            return name
        match = re.match(r"/v1/generation/(\w+)\.([^/]+)\.\d+/status", r.path)
        if match:
            task = r.path.split("/")[3]
            r.good(json.dumps({"status": 200, "data": self.done(task)}).encode())
            return match[2] if match[1] == "status" else None
        match = re.match(r"/cdn/(\w+)\.(.+)\.\d+\.png", r.path)
        if match:
            ranged(r)
            return match[2] if match[1] == "cdn" else None
        if "balance" in r.path:
            r.good(json.dumps({"status": 200, "data": 100}).encode())
            return self.everywhere
        r.good(json.dumps({"status": 200, "data": []}).encode())
        return self.everywhere
