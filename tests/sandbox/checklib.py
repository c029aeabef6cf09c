# SPDX-License-Identifier: MIT
"""A running weryaifs-sandbox and its client, for check.py."""
import http.client
import json
import os
import socket
import subprocess
import tempfile
import threading
import time

KEY = "sk-test-SECRETSECRET"
ENDS = {"succeed", "SUCCESS", "failed", "FAILED", "canceled", "CANCELED"}


class Checks:
    """Counts what was checked, and says what was wrong."""

    def __init__(self):
        self.lock = threading.Lock()
        self.done = self.failed = 0

    def __call__(self, right, *what):
        with self.lock:
            self.done += 1
            if not right:
                self.failed += 1
                print("FAILED:", *(str(part)[:600] for part in what), flush=True)


ok = Checks()


class Answer:
    """http 0: the connection was reset. cut: fewer bytes came than were announced."""

    def __init__(self, http_status=0, headers=None, data=b"", cut=False):
        self.http, self.headers, self.data, self.cut = http_status, headers or {}, data, cut
        try:
            self.json = json.loads(data)
        except (ValueError, RecursionError):
            self.json = None

    @property
    def code(self):
        return self.json["status"] if self.json else None

    @property
    def ids(self):
        data = self.json["data"]
        return data.get("task_ids") or [data["task_id"]]

    @property
    def task(self):
        """Of a status: the task, whether it stands alone or in an array."""
        data = self.json["data"]
        return data[0] if isinstance(data, list) else data

    @property
    def state(self):
        return self.task["task_status"]

    def __str__(self):
        return f"HTTP {self.http}{' cut' if self.cut else ''}: {self.data[:300]!r}"


def urls(task):
    """Of a task's results, in whichever of its shapes."""
    for key in ("output", "task_result"):
        if isinstance(task.get(key), dict):
            task = {**task, **task[key]}
    results = [r for key in ("images", "videos", "audios") for r in task.get(key) or []]
    return [r if isinstance(r, str) else next(iter(r.values())) for r in results]


def await_true(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Server:
    """One server, ended by `with`; its end is checked as well."""

    program = "weryaifs-sandbox"

    def __init__(self, *arguments):
        self.directory = tempfile.TemporaryDirectory(prefix="sandbox-check.")
        self.log_path = os.path.join(self.directory.name, "log")
        self.errors = open(os.path.join(self.directory.name, "errors"), "w+")
        self.process = subprocess.Popen(
            [self.program, "--parent-death", "--log", self.log_path, "--seconds", "0.15", *arguments],
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        greeting = self.process.stdout.readline()
        ok(greeting.startswith("listening on http://127.0.0.1:"), "greeting", repr(greeting))
        self.base = greeting.split()[-1]
        self.host = self.base.removeprefix("http://")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        begin = time.monotonic()
        self.process.terminate()
        code = self.process.wait(30)
        seconds = time.monotonic() - begin
        self.process.stdout.close()
        self.errors.seek(0)
        text = self.errors.read()
        self.errors.close()
        if kind is None:
            ok(code == 0, "exit code", code)
            ok(text == "", "standard error:", text)
            ok(seconds < 5, "it took", seconds, "s to end")
        if os.path.exists(self.log_path):
            with open(self.log_path) as log:
                ok("SECRETSECRET" not in log.read(), "the key is in the log")
        self.directory.cleanup()

    def request(self, method, path, body=None, headers=None, key=KEY, timeout=30):
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        headers = dict(headers or {})
        if key:
            headers["Authorization"] = "Bearer " + key
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            try:
                data, cut = response.read(), False
            except http.client.IncompleteRead as error:
                data, cut = error.partial, True
            return Answer(response.status, dict(response.getheaders()), data, cut)
        except (ConnectionResetError, http.client.RemoteDisconnected, BrokenPipeError):
            return Answer()
        finally:
            connection.close()

    def submit(self, endpoint, fields):
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return self.request("POST", "/v1/generation/" + endpoint, body,
                            {"Content-Type": "application/json"})

    def image(self, prompt="a fox", **fields):
        return self.submit("text-to-image", {"model": "FLUX", "prompt": prompt,
                                             "aspect_ratio": "1:1", **fields})

    def video(self, prompt="a fox", **fields):
        return self.submit("text-to-video", {"model": "VEO_3_1", "prompt": prompt, "duration": 8,
                                             "aspect_ratio": "16:9", **fields})

    def upload(self, name, kind, data, rest="", path="/v1/generation/upload-file"):
        body = (f'--BOUND\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                f"Content-Type: {kind}\r\n\r\n").encode() + data + f"\r\n{rest}--BOUND--\r\n".encode()
        return self.request("POST", path, body,
                            {"Content-Type": "multipart/form-data; boundary=BOUND"})

    def status(self, task):
        return self.request("GET", f"/v1/generation/{task}/status")

    def batch(self, batch):
        return self.request("GET", f"/v1/generation/batch/{batch}/status")

    def balance(self, **arguments):
        return self.request("GET", "/v1/generation/balance", **arguments)

    def end_of(self, submitted):
        """The task when it has ended."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            answer = self.status(submitted.ids[0])
            if answer.json and answer.json.get("data") and answer.state in ENDS:
                return answer.task
            time.sleep(0.03)
        raise TimeoutError(f"{submitted} does not end: {answer}")

    def results(self, submitted):
        return urls(self.end_of(submitted))

    def result(self, *markers, video=False):
        """The URL of a job with these markers."""
        prompt = " ".join(f"[[{marker}]]" for marker in markers)
        return self.results((self.video if video else self.image)("x " + prompt))[0]

    def path(self, url):
        return url.removeprefix(self.base)

    def get(self, url, headers=None, key=None, method="GET", timeout=30):
        return self.request(method, self.path(url), None, headers, key, timeout)

    def begin(self, url):
        """Asks for a result, and leaves the answer to the caller: the socket."""
        host, port = self.host.split(":")
        connection = socket.create_connection((host, int(port)), timeout=20)
        connection.sendall(f"GET {self.path(url)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return connection

    def control(self, query):
        return self.request("GET", "/_control?" + query, key=None)

    def stats(self):
        return self.request("GET", "/_stats", key=None).json

    def log(self):
        with open(self.log_path) as log:
            return [json.loads(line) for line in log]
