# SPDX-License-Identifier: MIT
"""More of check.py: the endpoints without a model of their own, strictness, refusals on order, answers from a table."""
import gzip
import tempfile

from checklib import Server, ok

PICTURE = "https://example.org/a.png"
FILM = "https://example.org/a.mp4"


def taken(server, endpoint, **fields):
    answer = server.submit(endpoint, fields)
    ok(answer.http == 200 and answer.code in (0, 200), endpoint, fields, answer)
    return answer


def refused(server, endpoint, word, **fields):
    answer = server.submit(endpoint, fields)
    text = str(answer.json and (answer.json.get("msg") or answer.json.get("message")))
    ok(answer.code not in (0, 200) and word in text, endpoint, fields, answer)


def check_endpoints(wire):
    with Server("--wire", wire, "--seconds", "0.2") as server:
        ends = {"model": "KLING_V3_0_PRO", "prompt": "x", "aspect_ratio": "16:9", "duration": 5,
                "first_pic_url": PICTURE, "end_pic_url": PICTURE}
        ok(taken(server, "first-last-image-to-video", **ends).json["data"]["task_ids"], "ids")
        refused(server, "first-last-image-to-video", "end_pic_url is required",
                **{k: v for k, v in ends.items() if k != "end_pic_url"})
        refused(server, "first-last-image-to-video", "FLUX", **{**ends, "model": "FLUX"})
        refused(server, "first-last-image-to-video", "images", **ends, images=[PICTURE, PICTURE])

        merged = taken(server, "video-merge", video_urls=[FILM, FILM])
        ok("task_id" in merged.json["data"], "one id", merged)
        ok(server.get(server.results(merged)[0]).data[4:8] == b"ftyp", "a film")
        refused(server, "video-merge", "cannot be empty", video_urls=[FILM])
        refused(server, "video-merge", "exceeds", video_urls=[FILM] * 31)
        refused(server, "video-merge", "webhook_url", video_urls=[FILM, FILM], webhook_url=PICTURE)

        speech = taken(server, "text-to-audio", text="hello", voice_id=85, speed="1.0", vol="4.0")
        ok(server.get(server.results(speech)[0]).data[:4] == b"RIFF", "a sound")
        taken(server, "text-to-audio", text="hello", voice_id=85, trace_id="abc")
        refused(server, "text-to-audio", "speed", text="hello", voice_id=85, speed=1)
        refused(server, "text-to-audio", "voice_id", text="hello", voice_id="85")
        refused(server, "text-to-audio", "500", text="x" * 501, voice_id=85)

        heard = server.end_of(taken(server, "speech-recognize", audio_url="https://example.org/a.mp3"))
        heard = {**heard, **heard.get("output", {}), **heard.get("task_result", {})}
        ok(heard["speech_text"] == "what somebody said\n", "words", heard)
        taken(server, "speech-recognize", audio_base64="data:audio/wav;base64,UklGRg==")
        refused(server, "speech-recognize", "audio_url or audio_base64", language="en")

        # official tools leave the name that a person used beside the one that they made of it
        taken(server, "image-translate", img_url=PICTURE, target_lang="de", target_language="de")
        taken(server, "image-bg-change", img_url=PICTURE, bg_color="#00ff00", background_color="#00ff00")
        taken(server, "video-anime-replace", video_url=FILM, image_url=PICTURE, type="move", mode="move")
        area = [{"lt_x": 0, "lt_y": 0, "rb_x": 1, "rb_y": 1}]
        taken(server, "video-watermark-remove", video_url=FILM, rect_vo_list=area, rects=area)
        refused(server, "video-watermark-remove", "rects", video_url=FILM, rects=area)
        refused(server, "video-extend", "webhook_url", video_url=FILM, prompt="x", webhook_url=PICTURE)
        taken(server, "music/generate", type="ONLY_MUSIC", styles={"JAZZ": "slow"})
        refused(server, "music/generate", "styles", type="ONLY_MUSIC", styles={"JAZZY": "slow"})


def check_strict():
    film = {"model": "VEO_3_1", "prompt": "x", "aspect_ratio": "16:9", "duration": 8}
    with Server() as server:
        taken(server, "text-to-video", **film, caller_id=7)
        taken(server, "video-upscaler", video_url=FILM)
    with Server("--strict", "resolution,caller,defaults") as server:
        refused(server, "text-to-video", "resolution cannot be empty", **film)
        taken(server, "text-to-video", **film, resolution="720p")
        refused(server, "text-to-video", "callerid not exist", **film, resolution="720p", caller_id=7)
        taken(server, "text-to-image", model="FLUX", prompt="x", aspect_ratio="1:1")
        taken(server, "almighty-reference-to-video", model="WERYDANCE_2_0", prompt="x", duration=5,
              images=[PICTURE])
        refused(server, "video-upscaler", "resolution", video_url=FILM)
        taken(server, "video-upscaler", video_url=FILM, resolution="1080p")
        refused(server, "video-magic", "video_style", video_url=FILM)
        refused(server, "image-translate", "type", img_url=PICTURE, target_lang="de")


def check_refusals():
    with Server("--fault", "refuse-model=1007@FLUX", "--fault", "refuse-prompt=1009@secret:1:2") as server:
        ok(server.image("x").code == 1007, "a model")
        ok(server.image("x", model="QWEN").code == 200, "another one")
        ok(server.image("a secret", model="QWEN").code == 1009, "a prompt")
        ok(server.image("a secret", model="QWEN").code == 1009, "twice")
        ok(server.image("a secret", model="QWEN").code == 200, "and no more")
        ok(server.image("[[submit-code=8001*1]] x", model="QWEN").code == 8001, "a code")
        ok(server.image("[[submit-code=8001*1]] x", model="QWEN").code == 200, "once")


def check_answers_table():
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
        table.write('# what\tHTTP\tbody\nsubmit\t418\t{"status":7777}\tx\nstatus\t200\t-\n')
        table.flush()
        with Server("--answers", table.name) as server:
            answer = server.image("[[answer=2]] x")
            ok(answer.http == 418 and answer.data == b'{"status":7777}', "of a submission", answer)
            ok(server.image("[[answer=9]] x").http == 500, "no such line")
            made = server.image("[[status-answer=3*1]] x")
            ok(server.status(made.ids[0]).data == b"", "of a status")
            ok(server.status(made.ids[0]).code == 200, "and then the right one")


def check_gzip():
    with Server() as server:
        picture = server.results(server.image("[[cdn-gzip]] x"))[0]
        answer = server.get(picture)
        ok(answer.headers.get("Content-Encoding") == "gzip", "compressed", answer)
        ok(gzip.decompress(answer.data)[:4] == b"\x89PNG", "a picture")
    with Server("--fault", "answer-submit=gzip") as server:
        answer = server.image("x")
        ok(b'"task_ids"' in gzip.decompress(answer.data), "an answer", answer)
