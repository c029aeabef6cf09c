#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""weryaifs-sandbox from end to end: its dialects, its strictness, every fault, downloads, options.

    tests/sandbox/check.py [WORD...]      only the checks with one of these words in their names

The program is $BUILD_DIR/weryaifs-sandbox; $BUILD_DIR is build/ where it is not set.
"""
import concurrent.futures
import http.client
import http.server
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
import check_service
from checklib import KEY, Answer, Server, await_true, ok, urls

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
Server.program = os.path.join(os.environ.get("BUILD_DIR", ROOT + "/build"), "weryaifs-sandbox")

PNG = b"\x89PNG"
IMAGE = {"model": "FLUX", "prompt": "x", "aspect_ratio": "1:1"}
VIDEO = {"model": "VEO_3_1", "prompt": "x", "aspect_ratio": "16:9", "duration": 8}
FROM_IMAGE = {**VIDEO, "image": "https://example.org/a.png"}
FROM_IMAGES = {**VIDEO, "images": ["https://example.org/a.png"] * 3}
REFERENCES = {"model": "WERYDANCE_2_0", "prompt": "x", "duration": 5,
              "images": ["https://example.org/a.png"]}


def without(fields, key):
    return {k: v for k, v in fields.items() if k != key}


class Dialect:
    """The codes of one wire."""

    def __init__(self, wire):
        self.live = wire != "seed"
        self.arrays = {"seed": {False}, "live": {False, True}, "live-arrays": {True}}[wire]
        self.http = 200 if self.live else 400
        self.success = 200 if self.live else 0
        self.parameter = 1002 if self.live else 1001
        self.model = 1006 if self.live else 1001
        self.format = 2004 if self.live else 1001

    def refused(self, server, endpoint, fields, code=None):
        answer = server.submit(endpoint, fields)
        ok(answer.code == (code or self.parameter) and answer.http == self.http,
           endpoint, "takes", str(fields)[:200], answer)

    def taken(self, server, endpoint, fields):
        answer = Answer()

        def has_room():
            nonlocal answer
            answer = server.submit(endpoint, fields)
            return answer.code != 6010

        ok(await_true(30, has_room) and answer.code == self.success,
           endpoint, "refuses", str(fields)[:200], answer)
        return answer


def check_answers(wire):
    dialect = Dialect(wire)
    live = dialect.live
    with Server("--wire", wire, "--seconds", "0.9") as server:
        submitted = server.image("hello")
        data = submitted.json["data"]
        ok(submitted.http == 200 and submitted.code == dialect.success, "submission", submitted)
        ok(("success" in submitted.json) == live, "success", submitted)
        ok(data["batch_id"] > 2**53 and len(submitted.ids[0]) == 11, "ids", data)

        states, arrays = [], set()
        while True:
            answer = server.status(submitted.ids[0])
            arrays.add(isinstance(answer.json["data"], list))
            if answer.state not in states:
                states.append(answer.state)
            if answer.state in ("succeed", "SUCCESS"):
                break
            time.sleep(0.03)
        ok(arrays == dialect.arrays, "an array", arrays)
        ok(states == (["waiting", "processing", "succeed"] if live
                      else ["PENDING", "PROCESSING", "SUCCESS"]), "states", states)

        shapes = set()
        for _ in range(20):
            task = server.status(submitted.ids[0]).task
            ok(len(urls(task)) == 1, "one URL", task)
            inner = next(place["images"] for place in
                         (task, task.get("output") or {}, task.get("task_result") or {})
                         if place.get("images"))
            shapes |= {tuple(sorted(task)), type(inner[0])}
        ok(len(shapes) == (5 if live else 2), "shapes of a result", wire, shapes)

        batch = server.batch(data["batch_id"])
        ok(isinstance(batch.json["data"], list) and len(batch.json["data"]) == 1, "batch", batch)
        unknown = server.status("nosuchtask")
        ok((unknown.http, unknown.code) == ((200, 1002) if live else (404, 1003)), unknown)
        ok(server.batch(12345).code == (1002 if live else 1003), "unknown batch")


def check_account(wire):
    live = wire != "seed"
    with Server("--wire", wire) as server:
        answer = server.balance(key=None)
        ok(answer.http == 401 and answer.json, "no key", answer)
        answer = server.balance(key="sk-bad1")
        ok((answer.http, answer.code) == ((401, 401) if live else (200, 1002)), "bad key", answer)
        ok(server.balance(key="xx").code in (401, 1002), "another bad key")
        ok(server.balance().json["data"] == 100000, "balance")
        server.image()
        ok(server.balance().json["data"] == 99999, "balance after a picture")
        for kind in ("image", "video"):
            path = f"/growthai/v1/{kind}/models"
            answer = server.request("GET", path)
            ok(answer.http == 200 and len(answer.json["data"]["text_to_" + kind]) > 10, answer)
            same = server.request("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
            ok(same.http == 304 and same.data == b"", "not modified", same)


BAD_BODIES = [
    [], "x", b"{", b"", b"[" * 3000, b'{"a":' * 90000,
    b'{"model":"FLUX","prompt":"\xff","aspect_ratio":"1:1"}',
    b'{"model":"FLUX","model":"FLUX","prompt":"a","aspect_ratio":"1:1"}',
    *(without(IMAGE, key) for key in IMAGE),
]
BAD_IMAGES = [
    {"model": 5}, {"extra": 1}, {"aspect_ratio": "21:9"}, {"aspect_ratio": ""}, {"aspect_ratio": 1},
    {"aspect_ratio": None}, {"prompt": ""}, {"prompt": " \n"}, {"prompt": "é" * 2001},
    {"prompt": ["a"]}, {"prompt": "x" * 5000000}, {"prompt": "a [[bytes=zz]]"},
    {"prompt": "a [[submit-slow]]"}, {"negative_prompt": "n" * 1001}, {"negative_prompt": 3},
    *({"image_number": n} for n in (0, 5, "2", 2.0, True)),
    {"model": "WERYAI_IMAGE_1_0", "image_number": 1}, {"quality": "low"},
    {"model": "GPT_IMAGE_2", "quality": "best"}, {"model": "DREAMINA_3", "resolution": "4k"},
    {"use_web_search": True}, {"model": "GEMINI_3_1_FLASH_IMAGE", "use_web_search": "true"},
    {"webhook_url": "ftp://x"}, {"caller_id": "1"}, {"duration": 5},
]
BAD_VIDEOS = [
    {"duration": 5}, {"duration": "8"}, {"duration": 8.0}, {"generate_audio": "true"},
    {"generate_audio": 1}, {"negative_prompt": "x"}, {"video_number": 5}, {"resolution": "480p"},
    {"image_number": 1}, {"model": "SORA_2_PRO", "duration": 4, "generate_audio": True},
    {"model": "KLING_V3_0_PRO", "duration": 5, "resolution": "720p"},
    {"model": "PIKA_2_2", "duration": 5},
]
BAD_FIRST_FRAMES = [
    ["https://example.org/a.png"], "/etc/passwd", "file:///etc/passwd", "data:image/png;base64,aa",
    "https://", "https://a b",
]
BAD_REFERENCES = [
    {"images": []}, {"generate_audio": True}, {"duration": 3}, {"duration": 16},
    {"images": ["https://example.org/a.png"] * 10}, {"videos": ["https://example.org/a.mp4"] * 4},
    {"images": ["https://example.org/a.png"] * 9, "videos": ["https://example.org/a.mp4"] * 3,
     "audios": ["https://example.org/a.mp3"]},
    {"model": "SEEDANCE_2_0", "aspect_ratio": "21:9"},
]


def check_refuses(wire):
    dialect = Dialect(wire)
    with Server("--wire", wire) as server:
        def refused(endpoint, fields, code=None):
            dialect.refused(server, endpoint, fields, code)

        for body in BAD_BODIES:
            refused("text-to-image", body)
        for fields in BAD_IMAGES:
            refused("text-to-image", {**IMAGE, **fields})
        for model in ("NOPE", "VEO_3_1", "FLUX_PRO"):
            refused("text-to-image", {**IMAGE, "model": model}, dialect.model)
        refused("image-to-video", {**IMAGE, "image": "http://example.org/c.png"}, dialect.model)
        for key in VIDEO:
            refused("text-to-video", without(VIDEO, key))
        for fields in BAD_VIDEOS:
            refused("text-to-video", {**VIDEO, **fields})
        refused("image-to-video", VIDEO)
        for image in (*BAD_FIRST_FRAMES, server.base + "/cdn/0-0/xxxxxxxxxxx/0.png"):
            refused("image-to-video", {**VIDEO, "image": image})
        for images in (["https://example.org/a.png"] * 4, [], "https://example.org/a.png"):
            refused("multi-image-to-video", {**VIDEO, "images": images})
        everything = "almighty-reference-to-video"
        for fields in BAD_REFERENCES:
            refused(everything, {**REFERENCES, **fields})
        alone = without(REFERENCES, "images")
        refused(everything, alone)
        refused(everything, {**alone, "audios": ["https://example.org/a.mp3"]})

        answer = server.request("POST", "/v1/generation/text-to-image", b"{}",
                                {"Content-Type": "text/plain"})
        ok(answer.code == dialect.parameter, "content type", answer)
        ok(server.stats()["created"] == 0, "refused ones have made tasks")
        ok(server.request("GET", "/nothing").http == 404, "unknown path")
        ok(server.request("DELETE", "/v1/generation/balance").http == 405, "method")
        ok(server.request("POST", "/v1/generation/nope", b"{}").http == 404, "unknown endpoint")


def check_takes(wire):
    dialect = Dialect(wire)
    with Server("--wire", wire) as server:
        def taken(endpoint, fields):
            return dialect.taken(server, endpoint, fields)

        for fields in (
                {"prompt": "é" * 2000}, {"resolution": "2k"},
                {"model": "GPT_IMAGE_2", "aspect_ratio": "16:9(4k)", "quality": "low",
                 "prompt": "p" * 10000},
                {"model": "GEMINI_3_1_FLASH_IMAGE", "resolution": "4k", "use_web_search": True},
                {"negative_prompt": "n" * 1000, "image_number": 4, "caller_id": -2**63,
                 "webhook_url": "https://example.org/z"},
                {"model": "SEEDREAM_4_5", "aspect_ratio": "2k"}):
            taken("text-to-image", {**IMAGE, **fields})
        for fields in (
                {**VIDEO, "generate_audio": True, "resolution": "4k", "video_number": 2},
                {"model": "PIKA_2_2", "prompt": "x", "duration": 5, "negative_prompt": "n"},
                {**VIDEO, "model": "KLING_V3_0_PRO", "duration": 15, "negative_prompt": "n"}):
            taken("text-to-video", fields)
        taken("image-to-video", FROM_IMAGE)
        taken("multi-image-to-video", FROM_IMAGES)
        everything = "almighty-reference-to-video"
        data = taken(everything, {
            **REFERENCES, "generate_audio": "true", "audios": ["https://example.org/a.mp3"],
            "videos": ["https://example.org/a.mp4"], "aspect_ratio": "9:16",
            "resolution": "720p"}).json["data"]
        ok("task_id" in data and "task_ids" not in data, "a single id", data)
        taken(everything, without(REFERENCES, "prompt"))

        fixed = taken("text-to-image", {**IMAGE, "model": "WERYAI_IMAGE_1_0"})
        ok(len(server.results(fixed)) == 4, "four pictures")
        three = taken("text-to-image", {**IMAGE, "image_number": 3})
        ok(len(three.ids) == 1 and len(server.results(three)) == 3, "one task, three URLs", three)
        split = taken("text-to-image", {**IMAGE, "image_number": 3, "prompt": "[[split]]"})
        ok(len(split.ids) == 3 and len(server.results(split)) == 1, "three tasks", split)
        batch = server.batch(split.json["data"]["batch_id"])
        ok(len(batch.json["data"]) == 3, "batch of three", batch)


def check_toolkits(wire):
    dialect = Dialect(wire)
    with Server("--wire", wire) as server:
        picture, film = server.result("a"), server.result("a", video=True)

        def taken(endpoint, **fields):
            return dialect.taken(server, endpoint, fields)

        def refused(endpoint, **fields):
            dialect.refused(server, endpoint, fields)

        for name in ("image-bg-remove", "image-repair", "image-upscale", "image-text-erase"):
            ok("task_id" in taken(name, img_url=picture).json["data"], name)
        ok(taken("image-to-prompt", img_url=picture, image_size=10).json["data"]["prompt"], "prompt")
        taken("image-bg-change", img_url=picture, bg_color="#00ff00")
        refused("image-bg-change", img_url=picture)
        refused("image-bg-change", img_url=picture, bg_color="green")
        places = {"canvas_size": "20x20", "original_image_location": "0,0"}
        taken("image-expand", img_url=picture, original_image_size="10x10", **places)
        refused("image-expand", img_url=picture, original_image_size="10", **places)
        taken("image-reframe", img_url=picture, aspect_ratio="9:21")
        refused("image-reframe", img_url=picture, aspect_ratio="5:4")
        taken("video-extend", video_url=film, prompt="x", duration=8)
        area = {"lt_x": 0, "lt_y": 0, "rb_x": 1, "rb_y": 0.5}
        taken("video-subtitle-erase", video_url=film, rect_vo_list=[area])
        refused("video-subtitle-erase", video_url=film, rect_vo_list=[{**area, "lt_x": 2}])
        taken("effect-template", template_config_id=5, image_url=[picture])
        music = server.results(taken("music/generate", type="ONLY_MUSIC", description="calm"))
        ok(server.get(music[0]).data[:4] == b"RIFF", "WAV")
        refused("music/generate", type="ONLY_MUSIC")
        for words, want in ({}, "[Verse]\na song\n"), ({"lyrics": "la\nla"}, "la\nla"):
            song = server.end_of(taken("music/generate", type="VOCAL_SONG", description="a song", **words))
            song = {**song, **song.get("output", {}), **song.get("task_result", {})}
            ok(song["lyrics"] == want, "lyrics", song)
            ok(server.get(song["cover_url"]).data[:4] == PNG, "cover", song)
            ok(server.get(song["cover_url"].replace("/1.png", "/2.png")).http == 404, "behind the cover")
            taken("image-repair", img_url=song["cover_url"])
        server_task = server.end_of(taken("music/generate", type="ONLY_MUSIC", description="calm"))
        ok("cover_url" not in str(server_task) and "lyrics" not in str(server_task), "no song", server_task)


def check_inputs(wire):
    dialect = Dialect(wire)
    with Server("--wire", wire) as server:
        def made_from(url):
            submitted = dialect.taken(server, "image-to-image", {**IMAGE, "images": [url]})
            ok(server.get(server.results(submitted)[0]).data[:4] == PNG, "made from", url)

        def wrong_kind(url):
            dialect.refused(server, "image-to-image", {**IMAGE, "images": [url]}, dialect.format)

        picture = server.result("a")
        made_from(picture)
        made_from(picture.replace("127.0.0.1", "localhost"))
        wrong_kind(server.result("a", video=True))
        vector = server.results(server.image(model="RECRAFT_V4_TO_VECTOR"))[0]
        answer = server.get(vector)
        ok(vector.endswith(".svg") and answer.headers["Content-Type"] == "image/svg+xml"
           and b"<svg" in answer.data, "vector", vector, answer)
        wrong_kind(vector)

        png = server.get(picture).data
        part = '--BOUND\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        answer = server.upload("a.png", "image/png", png,
                               part.format("batch_no", "x-1") + part.format("fixed", "false"))
        ok(answer.code == dialect.success, "upload", answer)
        url = answer.json["data"]["object_url_list"][0]
        answer = server.get(url)
        ok(answer.data == png and answer.headers["Content-Type"] == "image/png", "uploaded", answer)
        made_from(url)
        answer = server.upload("a.png", "image/png", png, path="/growthai/v1/generation/upload-file")
        ok(answer.code == dialect.success, "upload where the official tools send it", answer)
        text = server.upload("a.png", "image/png", b"I am not what I am called")
        wrong_kind(text.json["data"]["object_url_list"][0])
        film = server.upload("a.mp4", "video/mp4", b"abc")
        film = film.json["data"]["object_url_list"][0]
        wrong_kind(film)
        dialect.refused(server, "almighty-reference-to-video",
                        {**REFERENCES, "videos": [film]}, dialect.format)
        for name, kind, data, rest, code in (
                ("a.exe", "image/png", png, "", dialect.format),
                ("a.png", "text/plain", png, "", dialect.format),
                ("a.png", "image/png", b"", "", dialect.parameter),
                ("a.png", "image/png", png, part.format("zzz", "1"), dialect.parameter),
                ("a.png", "image/png", b"x" * 10000001, "", 1014),
                ("a.mp4", "video/mp4", b"x" * 50000001, "", 1014)):
            answer = server.upload(name, kind, data, rest)
            ok(answer.code == code, "upload of", name, kind, len(data), answer)
        answer = server.request("POST", "/v1/generation/upload-file", b"{}",
                                {"Content-Type": "application/json"})
        ok(answer.code == dialect.parameter, "not multipart", answer)
        server.control("fault=upload-1015:1:1")
        codes = [server.upload("a.png", "image/png", png).code for _ in range(2)]
        ok(codes == [1015, dialect.success], "upload-1015 once", codes)


def check_durations(wire):
    dialect = Dialect(wire)
    with Server("--wire", wire) as server:
        def sound(seconds):
            data = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0, b"WAVE", b"fmt ", 16, 1, 1, 1000,
                               1000, 1, 8, b"data", int(seconds * 1000)) + b"\x80" * int(seconds * 1000)
            return server.upload("a.wav", "audio/wav", data).json["data"]["object_url_list"][0]

        film = dialect.taken(server, "text-to-video",
                             {**VIDEO, "model": "KLING_V3_0_PRO", "duration": 10})
        film = server.results(film)[0]
        everything = "almighty-reference-to-video"
        for seconds in ([2], [15.04], [7, 8.04], [1.96]):
            dialect.taken(server, everything, {**REFERENCES, "audios": [sound(s) for s in seconds]})
        for seconds in ([1.9], [15.1], [7, 8.1], [14, 2]):
            dialect.refused(server, everything, {**REFERENCES, "audios": [sound(s) for s in seconds]})
        dialect.taken(server, everything, {**REFERENCES, "videos": [film, "https://example.org/a.mp4"]})
        dialect.refused(server, everything, {**REFERENCES, "videos": [film, film]})


def check_drawing():
    sizes = (
        ({"aspect_ratio": "16:9"}, (1024, 576)), ({"aspect_ratio": "9:16"}, (576, 1024)),
        ({"model": "GEMINI_3_1_FLASH_IMAGE", "aspect_ratio": "8:1"}, (1024, 128)),
        ({"model": "GEMINI_3_1_FLASH_IMAGE", "resolution": "2k"}, (2048, 2048)),
        ({"model": "GPT_IMAGE_2", "aspect_ratio": "16:9(4k)"}, (4096, 2304)),
        ({"model": "SEEDREAM_4_5", "aspect_ratio": "4k"}, (4096, 4096)),
        ({"model": "DREAMINA_4", "aspect_ratio": "21:9"}, (1024, 438)))
    texts = ("w" * 2000, "word " * 380, "日本語のプロンプト" * 100, "a\x01b\tc\r\nd\n\n\ne", "🎨" * 50, "x")
    with Server() as server:
        for fields, size in sizes:
            data = server.get(server.results(server.image(**fields))[0]).data
            ok(struct.unpack(">II", data[16:24]) == size, "size of", fields, data[16:24])
        for text in texts:
            ok(server.get(server.results(server.image(text))[0]).data[:4] == PNG, "drawing", text)


def check_limits():
    with Server("--max-active", "2", "--credits", "13", "--seconds", "2") as server:
        first, second = server.image(), server.image()
        ok(server.image().code == 6010, "a third task")
        server.end_of(first), server.end_of(second)
        film = server.video()
        ok(film.code == 200, "10 credits of 11", film)
        ok(server.video().code == 1011, "10 credits of 1")
        last = server.image()
        ok(last.code == 200, "the last credit", last)
        server.end_of(film), server.end_of(last)
        ok(server.image().code == 1011, "no credit")
        server.control("credits=5")
        ok(server.image().code == 200, "new credits")
        ok(server.stats()["active_peak"] == 2, "two tasks at once", server.stats())
    with Server("--min-gap", "1", "--daily-limit", "2", "--credits-hidden") as server:
        ok(server.image().code == 200, "the first one")
        answer = server.image()
        ok(answer.code == 1001 and answer.http == 200, "too fast", answer)
        time.sleep(1.05)
        ok(server.image().code == 200, "after the gap")
        time.sleep(1.05)
        ok(server.image().code == 6101, "the day's limit")
        ok(server.balance().http == 404, "hidden balance")
    with Server("--min-gap", "5", "--wire", "seed") as server:
        ok([server.image().http for _ in range(2)] == [200, 429], "too fast, seed")
    with Server("--rate", "2/1s") as server:
        ok([server.image().code for _ in range(3)] == [200, 200, 1001], "a burst, then too fast")
        time.sleep(0.6)
        ok(server.image().code == 200, "the bucket fills")
    with Server("--delay", "0.5") as server, \
            concurrent.futures.ThreadPoolExecutor(8) as pool:
        begin = time.monotonic()
        list(pool.map(lambda _: server.image(), range(8)))
        ok(0.5 <= time.monotonic() - begin < 3, "one delay holds up another")


def check_submit_faults():
    with Server("--max-active", "1000") as server:
        def codes(marker, times=2):
            return [server.image(f"p [[{marker}]]") for _ in range(times)]

        for marker, code, status in (
                ("submit-1001", 1001, 200), ("submit-1001-empty", 1001, 200),
                ("submit-6010", 6010, 200), ("submit-1007", 1007, 200), ("submit-6002", 6002, 200),
                ("submit-429", 429, 429)):
            first, second = codes(marker)
            ok((first.code, first.http, second.code) == (code, status, 200), marker, first, second)
        answers = codes("submit-429=7*2", 3)
        ok([a.http for a in answers] == [429, 429, 200]
           and answers[1].headers.get("Retry-After") == "7", "submit-429=7*2", *answers)
        for marker, code, status in (
                ("submit-1001-param", 1001, 200), ("submit-6101", 6101, 200),
                ("submit-1004", 1004, 200), ("submit-1011", 1011, 200), ("submit-1017", 1017, 200),
                ("submit-1002-auth", 1002, 200), ("submit-moderation", 2003, 200),
                ("submit-401", 401, 401), ("submit-403", 403, 403)):
            for answer in codes(marker):
                ok(answer.code == code and answer.http == status, marker, answer)

        created = server.stats()["created"]
        ok(server.image("[[submit-reject-drop]]").http == 0, "submit-reject-drop")
        ok(server.stats()["created"] == created, "submit-reject-drop makes a task")
        for marker, holds in {
                "submit-drop": lambda a: a.http == 0,
                "submit-500": lambda a: a.http == 500,
                "submit-html": lambda a: a.http == 200 and b"<html" in a.data,
                "submit-truncated": lambda a: not a.json and not a.cut and a.data[:1] == b"{",
                "submit-truncated=cut": lambda a: a.cut and len(a.data) > 10,
                "submit-no-id": lambda a: a.json["data"] == {},
                "submit-garbage": lambda a: a.http == 200 and not a.json,
                "submit-huge": lambda a: len(a.data) > 8 << 20 and a.ids,
                "submit-deep": lambda a: a.data.count(b"[") == 100000}.items():
            created = server.stats()["created"]
            answer = server.image(f"q [[{marker}]]")
            ok(holds(answer), marker, answer)
            ok(server.stats()["created"] == created + 1, marker, "makes no task")
        begin = time.monotonic()
        ok(server.image("[[submit-slow=0.4]]").code == 200, "submit-slow")
        ok(time.monotonic() - begin >= 0.4, "submit-slow is fast")
        lines = [line for line in server.log() if line.get("fault") == "submit-drop"]
        ok(len(lines) == 1 and lines[0]["http"] == 0 and lines[0]["task"], "log of a drop", lines)

        server.control("fault=submit-1007:1:2")
        ok([server.image("z").code for _ in range(3)] == [1007, 1007, 200], "twice, for everything")
        server.control("fault=submit-500&fault=submit-slow=0.1")
        ok(server.image().http == 500, "two faults")
        server.control("clear=1")
        ok(server.image().http == 200, "clear")
        ok(server.control("fault=nope").http == 400, "unknown fault")
        server.control("down=1")
        ok(server.image().http == 0, "down")
        server.control("down=0")
        ok(server.image().http == 200, "up")
        server.control("fault=submit-1007:0.5")
        often = sum(server.image().code == 1007 for _ in range(60))
        ok(12 < often < 48, "half of 60:", often)


def check_status_faults():
    with Server("--max-active", "1000") as server:
        def ended(marker):
            """A task that has ended, since one that was submitted later has."""
            task = server.image(f"s [[{marker}]]").ids[0]
            server.end_of(server.image())
            return task

        def statuses(marker, times=1):
            task = ended(marker)
            return [server.status(task) for _ in range(times)]

        def status(marker):
            return statuses(marker)[0]

        ok(status("status-drop").http == 0, "status-drop")
        ok(status("status-500").http == 500, "status-500")
        ok([a.http for a in statuses("status-500*2", 3)] == [500, 500, 200], "status-500*2")
        ok(b"<html" in status("status-html").data, "status-html")
        for marker in ("status-truncated", "status-garbage"):
            ok(not status(marker).json, marker)
        ok(status("status-1003").code == 1003, "status-1003")
        answer = status("status-notexist")
        ok(answer.code == 1002 and b"task not exist" in answer.data, "status-notexist", answer)
        ok([a.state for a in statuses("status-weird", 2)] == ["warming_up", "succeed"], "weird")
        ok([a.state for a in statuses("status-flip", 2)] == ["processing", "succeed"], "flip")
        flips = server.image("[[status-flip]] [[seconds=60]]").ids[0]
        states = [server.status(flips).state for _ in range(4)]
        ok(states == ["processing", "waiting"] * 2, "status-flip while it runs", states)
        slow = ended("status-slow=0.3")
        begin = time.monotonic()
        server.status(slow)
        ok(time.monotonic() - begin >= 0.3, "status-slow")

        task = status("task-fail").task
        ok(task["task_status"] == "failed" and ("msg" in task or "task_result" in task), task)
        ok("moderation" in str(status("task-fail-moderation").task), "task-fail-moderation")
        ok(status("task-canceled").state == "canceled", "task-canceled")
        task = status("task-empty").task
        ok(task["task_status"] == "succeed" and urls(task) == [], "task-empty", task)
        ok(len(urls(status("images=7").task)) == 7, "images")
        gone = server.image("[[lifetime=1]]").ids[0]
        ok(server.status(gone).code == 200, "lifetime")
        ok(await_true(10, lambda: server.status(gone).code == 1002), "after the lifetime")
        ok(urls(status("bad-url").task)[0].startswith("ftp://"), "bad-url")
        url = urls(status("long-url").task)[0]
        ok(len(url) > 10000 and server.get(url).http == 200, "long-url")
        server.control("fault=task-fail:1:1")
        ok([status("x").state for _ in range(2)] == ["failed", "succeed"], "fails once")
        ok([status("task-fail*2").state for _ in range(3)] == ["failed", "failed", "succeed"], "task-fail*2")


def check_spoiled():
    holds = {
        "drop": lambda a: a.http == 0,
        "cut": lambda a: a.http == 200 and a.cut and len(a.data) > 5,
        "half": lambda a: a.http == 200 and not a.cut and not a.json and a.data[:1] == b"{",
        "garbage": lambda a: a.http == 200 and not a.json,
        "type": lambda a: a.json and a.headers["Content-Type"] == "text/html",
        "empty": lambda a: a.http == 200 and a.data == b"",
        "500": lambda a: a.http == 500 and not a.json,
        "502": lambda a: a.http == 502 and b"<html" in a.data,
        "429": lambda a: a.http == 429 and "Retry-After" not in a.headers,
        "429--5": lambda a: a.http == 429 and a.headers["Retry-After"] == "-5",
        "429-@100": lambda a: a.headers["Retry-After"].endswith(" GMT"),
        "401": lambda a: a.http == 401 and a.json,
        "1004": lambda a: a.http == 200 and a.code == 1004}
    with Server("--max-active", "1000") as server:
        submitted = server.image(image_number=2)
        server.end_of(submitted)
        batch = submitted.json["data"]["batch_id"]
        ask = {"submit": server.image, "status": lambda: server.status(submitted.ids[0]),
               "batch": lambda: server.batch(batch), "balance": server.balance,
               "models": lambda: server.request("GET", "/growthai/v1/image/models"),
               "upload": lambda: server.upload("a.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"x" * 100)}
        for name, call in ask.items():
            for way, right in holds.items():
                created = server.stats()["created"]
                server.control(f"clear=1&fault=answer-{name}={way}:1:1")
                answer = call()
                ok(right(answer), name, way, answer)
                ok(call().code == 200, name, way, "once")
                if name == "submit":
                    ok(server.stats()["created"] - created == 1 + (way[0] not in "41"), way, "tasks")
        server.control("fault=answer-balance=slow:1:1")
        try:
            ok(False, "slow", server.balance(timeout=0.4))
        except TimeoutError:
            pass
        ok(server.control("fault=answer-submit=nope").http == 400, "no such way")
        marked = server.image("[[answer-status=500*2]]").ids[0]
        ok([server.status(marked).http for _ in range(3)] == [500, 500, 200], "answer-status as a marker")
        url = server.result("cdn-http=503-7*1")
        first = server.get(url)
        ok(first.http == 503 and first.headers["Retry-After"] == "7", "cdn-http", first)
        ok(server.get(url).http == 200, "cdn-http once")
        urls_of = server.results(server.image("[[cdn-404=2]]", image_number=3))
        ok([server.get(url).http for url in urls_of] == [200, 404, 200], "cdn-404 of one")


def check_ranges():
    size = 1000003
    with Server() as server:
        url = server.result(f"bytes={size}")
        whole = server.get(url)
        full = whole.data
        ok(len(full) == size and full[:4] == PNG and server.get(url).data == full, "bytes")
        for _ in range(40):
            first = random.randrange(size)
            last = min(size - 1, first + random.choice([0, 1, 7, 8, 9, 100, 70000, 600000]))
            answer = server.get(url, {"Range": f"bytes={first}-{last}"})
            ok(answer.http == 206 and answer.data == full[first:last + 1] and
               answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}", first, last)
        for value, status, data in (
                ("bytes=-5", 206, full[-5:]), ("bytes=999999-", 206, full[999999:]),
                ("bytes=0-99999999", 206, full), ("bytes=-99999999", 206, full),
                ("bytes=5-3", 200, full), ("bytes=a-", 200, full), ("bytes=0-1,4-5", 200, full),
                ("items=0-1", 200, full), (f"bytes={size}-", 416, b""), ("bytes=-0", 416, b""),
                ("bytes=-", 200, full), ("bytes=99999999999999999999-", 200, full)):
            answer = server.get(url, {"Range": value})
            ok(answer.http == status and answer.data == data, value, answer)
        etag = whole.headers["ETag"]
        for value, status in ((etag, 206), (whole.headers["Last-Modified"], 206), ('"x"', 200),
                              ("W/" + etag, 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)):
            answer = server.get(url, {"Range": "bytes=0-3", "If-Range": value})
            ok(answer.http == status, "If-Range", value, answer)
        answer = server.get(url, method="HEAD")
        ok(answer.http == 200 and answer.headers["Content-Length"] == str(size) and
           answer.data == b"", "HEAD", answer)
        ok(server.get(url, method="POST").http == 405, "POST")
        ok(server.get(url.replace(".png", ".gif")).http == 404, "another suffix")
        ok(server.get(re.sub("/cdn/[^/]*", "/cdn/0-0", url)).http == 403, "a bad token")
        ok(server.request("GET", "/cdn/zzz", key=None).http == 404, "no URL of ours")
        server.get(url, key=KEY)
        ok(server.stats()["counters"]["leaked-keys"] == 1, "a leaked key")
        ok(any(line.get("leaked_key") for line in server.log()), "a leaked key in the log")
        for length in (0, 1, 7, 8, 40):
            ok(len(server.get(server.result(f"bytes={length}")).data) == length, length, "bytes")
        answer = server.get(server.result("bytes=200000000", video=True))
        ok(len(answer.data) == 200000000 and answer.data[4:8] == b"ftyp", "200 MB")
        answer = server.get(server.result("bytes=9000000000", video=True),
                            {"Range": "bytes=8999999990-"})
        ok(len(answer.data) == 10, "the end of 9 GB", answer)


def receive(connection):
    """(how it ends, the body so far)."""
    data, end = b"", "end"
    with connection:
        try:
            while piece := connection.recv(65536):
                data += piece
        except ConnectionResetError:
            end = "reset"
        except TimeoutError:
            end = "stall"
    return end, data.partition(b"\r\n\r\n")[2]


def check_download_faults():
    with Server("--max-active", "1000") as server:
        answer = server.get(server.result("cdn-norange"), {"Range": "bytes=0-3"})
        ok(answer.http == 200 and "Accept-Ranges" not in answer.headers, "cdn-norange", answer)
        answer = server.get(server.result("cdn-nolength"), {"Range": "bytes=0-3"})
        ok(answer.http == 200 and "Content-Length" not in answer.headers and
           answer.data[:4] == PNG and answer.data[-8:-4] == b"IEND", "cdn-nolength", answer)
        answer = server.get(server.result("bytes=100000", "cdn-badlength"))
        ok(answer.cut and len(answer.data) == 100000, "cdn-badlength", answer)
        answer = server.get(server.result("bytes=100000", "cdn-shortlength"))
        ok(answer.headers["Content-Length"] == "50000" and len(answer.data) == 50000, "shortlength")

        for count in (0, 1, 70001):
            end, data = receive(server.begin(server.result("bytes=1000000", f"cdn-reset={count}")))
            ok(end == "reset" and len(data) == count, "cdn-reset", count, end, len(data))
        url = server.result("bytes=100000", "cdn-reset-once=500")
        end, data = receive(server.begin(url))
        ok(end == "reset" and len(data) == 500, "cdn-reset-once", end, len(data))
        ok(len(server.get(url).data) == 100000, "after cdn-reset-once")
        for marker in ("cdn-stall", "cdn-stall-once"):
            url = server.result("bytes=100000", marker + "=500")
            connection = server.begin(url)
            connection.settimeout(0.7)
            end, data = receive(connection)
            ok(end == "stall" and len(data) == 500, marker, end, len(data))
        ok(len(server.get(url).data) == 100000, "after cdn-stall-once")

        def stalls():
            return [line["bytes"] for line in server.log() if line.get("fault") == "cdn-stall"]

        ok(await_true(10, lambda: stalls() == [500]), "log of a stall", stalls())
        for marker, statuses in (
                ("cdn-404", [404, 404]), ("cdn-403", [403, 403]), ("cdn-404-once", [404, 200]),
                ("cdn-500-once", [500, 200]), ("cdn-403*1", [403, 200])):
            url = server.result(marker)
            ok([server.get(url).http for _ in range(2)] == statuses, marker)
        answer = server.get(server.result("cdn-redirect"))
        ok(answer.http == 302 and server.get(answer.headers["Location"]).http == 200, "redirect")
        answer = server.get(server.result("cdn-redirect-file"))
        ok(answer.headers["Location"].startswith("file:"), "cdn-redirect-file", answer)
        answer = server.get(server.result("cdn-html"))
        ok(answer.http == 200 and b"<html" in answer.data, "cdn-html", answer)
        answer = server.get(server.result("cdn-empty"))
        ok(answer.http == 200 and answer.data == b"", "cdn-empty", answer)
        for markers in (["cdn-changed"], ["bytes=5000", "cdn-changed"]):
            url = server.result(*markers)
            first, second, third = (server.get(url) for _ in range(3))
            ok(first.headers["ETag"] != second.headers["ETag"] and first.data != second.data and
               second.data == third.data, markers)
        url = server.result("cdn-lying-suffix")
        ok(url.endswith(".jpg") and server.get(url).data[:4] == PNG, "cdn-lying-suffix", url)
        ok("ETag" not in server.get(server.result("no-etag")).headers, "no-etag")
        begin = time.monotonic()
        server.get(server.result("bytes=50000", "cdn-slow=50000"))
        ok(0.9 < time.monotonic() - begin < 10, "cdn-slow")


def probe(source, *arguments):
    return subprocess.run(["ffprobe", "-v", "error", *arguments, "-of", "csv=p=0", source],
                          capture_output=True, text=True)


def check_videos():
    with Server() as server, tempfile.NamedTemporaryFile(suffix=".mp4") as film:
        data = server.get(server.result("moov-last=3", video=True)).data
        film.write(data)
        film.flush()
        ok(data.rfind(b"moov") > 3 << 20, "moov is not at the end")
        seen = probe(film.name, "-count_frames", "-show_entries", "stream=nb_read_frames")
        ok(seen.stdout.strip() == "96" and seen.stderr == "", "frames", seen)
        url = server.result("moov-last=5000", video=True)
        answer = server.get(url, {"Range": "bytes=-2000"})
        ok(answer.http == 206 and
           int(answer.headers["Content-Range"].split("/")[1]) > 5000 << 20, "5 GB", answer)
        seen = probe(url, "-show_entries", "format=duration")
        ok(seen.stdout.startswith("8.0"), "duration over HTTP", seen)


def check_connections():
    with Server() as server:
        url = server.result("bytes=500000000")
        with server.begin(url) as connection:
            connection.recv(1000)

        def sent():
            return [line["bytes"] for line in server.log() if line["path"] == server.path(url)]

        ok(await_true(10, sent) and sent()[0] < 20000000, "a reader who left", sent())
        url = server.result("a")
        kept = http.client.HTTPConnection(server.host)
        for _ in range(50):
            kept.request("GET", server.path(url), headers={"Range": "bytes=0-9"})
            response = kept.getresponse()
            ok(response.status == 206 and len(response.read()) == 10, "a kept connection")
        kept.close()
        # neither who stalls, nor half a request, nor who does not read holds up the end
        stalled = server.begin(server.result("cdn-stall=10"))
        unread = server.begin(server.result("bytes=500000000"))
        stalled.recv(1)
        unread.recv(1)
    stalled.close()
    unread.close()


def check_renewal():
    with Server("--cdn-expire", "1.5", "--cdn-fresh-404", "2", "--cdn-latency", "0.05",
                "--cdn-rate", "100000000") as server:
        submitted = server.image()
        url = server.results(submitted)[0]
        ok([server.get(url).http for _ in range(3)] == [404, 404, 200], "cdn-fresh-404")
        ok(await_true(10, lambda: server.get(url).http == 403), "expiry")
        fresh = server.results(submitted)[0]
        ok(fresh != url and [server.get(fresh).http for _ in range(3)][-1] == 200, "renewal", fresh)
        answer = server.submit("image-to-image", {**without(IMAGE, "aspect_ratio"), "images": [url]})
        ok(answer.code == 1002, "an expired input", answer)
    base = "http://127.0.0.1:1/z"
    with Server("--cdn-base", base) as server:
        ok(server.result("file=a/b.png") == base + "/a/b.png", "file=")
        ok(server.result("a").startswith(base + "/cdn/"), "cdn-base")


def check_concurrency():
    with Server("--max-active", "1000") as server:
        def work(worker):
            for turn in range(6):
                url = server.results(server.image(f"{worker} {turn}"))[0]
                ok(server.get(url).data[:4] == PNG, "a picture among many")

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            list(pool.map(work, range(12)))
        ok(server.stats()["created"] == 72, "72 tasks", server.stats())
        ok(sum(line["method"] == "POST" for line in server.log()) == 72, "72 lines in the log")


def check_command_line():
    def run(*arguments):
        return subprocess.run([Server.program, *arguments], capture_output=True, text=True,
                              timeout=20)

    for arguments in (
            ["--nope"], ["--wire", "x"], ["--seconds", "x"], ["--port", "70000"], ["--fault", "zz"],
            ["--fault", "submit-500:2"], ["extra"], ["--catalogue", "/nonexistent"],
            ["--log", "/nonexistent/x"], ["--catalogue", "/dev/null"], ["--strict", "x"],
            ["--answers", "/nonexistent"]):
        ended = run(*arguments)
        ok(ended.returncode in (1, 2) and ended.stderr and not ended.stdout, arguments, ended)
    ended = run("--help")
    ok(ended.returncode == 0 and "submit-drop" in ended.stdout and not ended.stderr, "help", ended)
    ok(all(len(line) <= 100 for line in ended.stdout.split("\n")), "width of the help")
    ok(run("--version").returncode == 0, "version")


def check_parent_death():
    with subprocess.Popen(["sh", "-c", '"$0" --parent-death & echo $!; read end', Server.program],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        server = int(parent.stdout.readline())
        ok(parent.stdout.readline().startswith("listening"), "the child of a shell listens")
        parent.stdin.close()

    def is_gone():
        try:
            with open(f"/proc/{server}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    ok(await_true(10, is_gone), "the server outlives its parent")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Notes the callbacks that it gets."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def check_callbacks(wire):
    dialect = Dialect(wire)
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    receiver.calls = []
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    port = receiver.server_address[1]
    with Server("--wire", wire) as server:
        def calls(word):
            return [call for call in receiver.calls if call[0] == "/in?" + word]

        def image(word, markers="", host="127.0.0.1", **fields):
            return server.image("x " + markers, webhook_url=f"http://{host}:{port}/in?{word}#end", **fields)

        made = image("made")
        image("failed", "[[task-fail]]", "localhost")
        ok(await_true(10, lambda: calls("made") and calls("failed")), "called", receiver.calls)
        path, kind, body = calls("made")[0]
        ok(kind == "application/json" and body["status"] == dialect.success, "callback", kind, body)
        task = body["data"][0] if isinstance(body["data"], list) else body["data"]
        ok(isinstance(body["data"], list) in dialect.arrays, "an array", body)
        ok(task["task_id"] == made.ids[0] and task["task_status"].upper() in ("SUCCEED", "SUCCESS"), task)
        ok(server.get(urls(task)[0]).data[:4] == PNG, "its picture", task)
        ok("generation failed" in str(calls("failed")[0][2]), "of a failure", calls("failed"))
        split = image("split", "[[split]]", image_number=3)
        image("early", "[[webhook-early]]")
        image("twice", "[[webhook-twice]]")
        image("lost", "[[webhook-lost]]")
        ok(await_true(10, lambda: len(receiver.calls) >= 9), "all of them", receiver.calls)
        ok(len(split.ids) == 3 and len(calls("split")) == 3, "each task is told of", calls("split"))
        ok([len(calls(word)) for word in ("early", "twice", "lost")] == [2, 2, 0], "faults", receiver.calls)
        ok(server.image(webhook_url="https://192.0.2.1/x").code == dialect.success, "elsewhere")
        server.image(webhook_url=f"http://127.0.0.1:{port}")
        ok(await_true(10, lambda: receiver.calls[-1][0] == "/"), "without a path")
        server.image(webhook_url="http://127.0.0.1:1/gone")
        ok(await_true(10, lambda: server.stats()["counters"]["callbacks"] == 11), "callbacks", server.stats())
        lines = [line for line in server.log() if line["method"] == "CALLBACK"]
        ok([line["http"] for line in lines].count(204) == 10 and lines[-1]["http"] == 0 and
           lines[-1]["path"] == "/gone", "log", lines)
        # one that does not answer keeps nobody from ending
        with socket.create_server(("127.0.0.1", 0)) as silent:
            server.image(webhook_url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
            silent.settimeout(10)
            silent.accept()
    receiver.shutdown()
    receiver.server_close()


BOTH = (check_answers, check_account, check_refuses, check_takes, check_toolkits, check_inputs,
        check_callbacks, check_durations, check_service.check_endpoints)
ONCE = (check_submit_faults, check_status_faults, check_spoiled, check_download_faults, check_limits,
        check_drawing, check_ranges, check_videos, check_connections, check_renewal,
        check_concurrency, check_command_line, check_parent_death, check_service.check_strict,
        check_service.check_refusals, check_service.check_answers_table, check_service.check_gzip)


def run(check, *arguments):
    name = " ".join((check.__name__.removeprefix("check_"), *arguments))
    begin = time.monotonic()
    try:
        check(*arguments)
    except Exception:
        ok(False, name + ":", traceback.format_exc())
    return f"{time.monotonic() - begin:6.1f} s  {name}"


def main(words):
    checks = [(check,) for check in ONCE] + [(c, w) for c in BOTH for w in ("live", "live-arrays", "seed")]
    checks = [c for c in checks if not words or any(word in c[0].__name__ for word in words)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for line in pool.map(lambda check: run(*check), checks):
            print(line, flush=True)
    print(f"{ok.done} checks, {ok.failed} failed")
    return 1 if ok.failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
