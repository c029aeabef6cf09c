#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# What happens while daemons die is told once, neither more nor less: by inotify (each result's CREATE and CLOSE_WRITE), and in
# the stream of .weryaifs/events (each change of a state, and each one goes on where the one before it has ended).
. "$(dirname "$0")/../lib/mount.sh"

start_sandbox --seconds 0.2
weryaifs -o "$FAST,keeper,max_active=20" "$M" || fail "weryaifs ended with $?"
keeper=$(keeper_of "$(find_daemon)")
inotifywait -q -m --format '%e %f' -e create -e close_write "$M/FLUX" >"$TEST_TMP/inotify" 2>"$TEST_TMP/watch.err" &
watch=$!
timeout 200 python3 - "$M" "$keeper" "${TOLD_KILLS:-12}" "$TEST_TMP/inotify" <<'END' || fail "see above"
import collections, contextlib, json, os, random, signal, subprocess, sys, threading, time

mount, keeper, kills, inotify = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
place = os.path.join(mount, "FLUX")
stream = os.open(os.path.join(mount, ".weryaifs/events"), os.O_RDONLY)
lines, final = [], collections.Counter()

def read_stream():
    rest = b""
    while True:
        rest += os.read(stream, 65536)
        *whole, rest = rest.split(b"\n")
        for line in whole:
            event = json.loads(line)
            lines.append(event)
            final[event["path"]] += event["to"] in ("SUCCESS", "UNKNOWN")

def await_that(what, condition):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"never: {what()}")
        time.sleep(0.05)

threading.Thread(target=read_stream, daemon=True).start()
prompts, killed = [], 0
while killed < kills:
    prompts.append(f"fox-{len(prompts)}")
    with open(os.path.join(place, prompts[-1] + ".txt"), "w") as file:
        file.write(f"a fox, {prompts[-1]}\n")
    time.sleep(random.uniform(0.0, 0.3)) # a random moment
    if len(prompts) % 2 == 0:
        for daemon in subprocess.run(["pgrep", "-P", keeper], capture_output=True, text=True).stdout.split():
            with contextlib.suppress(ProcessLookupError): # the publisher ends by itself when its daemon has been killed
                os.kill(int(daemon), signal.SIGKILL)
        killed += 1

# how each of them has ended, by its status
made, unknown = set(), set()
for prompt in prompts:
    try:
        with open(os.path.join(place, prompt + ".wait")) as file:
            made.update(file.read().split())
    except OSError:
        unknown.add(prompt)
paths = {f"FLUX/{prompt}.txt" for prompt in prompts}
await_that(lambda: f"{sorted(paths - set(final))} in the stream", lambda: set(final) >= paths)

def told():
    with open(inotify) as file:
        return collections.Counter(tuple(line.split()) for line in file if line.endswith(".png\n"))
wanted = {(event, name): 1 for name in made for event in ("CREATE", "CLOSE_WRITE,CLOSE")}
await_that(lambda: f"{sorted(set(wanted) - set(told()))} of inotify", lambda: set(told()) >= set(wanted))
time.sleep(0.5) # for what must not come

problems = [f"{what}: {count} times" for what, count in told().items() if count != 1 or what not in wanted]
last = {}
for event in lines:
    path = event["path"]
    if event["from"] != last.get(path):
        problems.append(f"{path}: from {event['from']}, and it was {last.get(path)}")
    last[path] = event["to"]
    if event["to"] == "SUCCESS" and event["results"] != [path.replace(".txt", ".png")]:
        problems.append(f"{path}: {event['results']}")
problems += [f"{path}: {count} ends" for path, count in final.items() if count != 1]
print(f"{killed} kills, {len(prompts)} prompts, {len(unknown)} UNKNOWN, {len(lines)} lines")
sys.exit("\n".join(problems) or 0)
END
kill "$watch"
unknown=$({ grep -l '^state: UNKNOWN' "$M"/FLUX/fox-*.status || true; } | wc -l) # of these some were never sent
prompts=$(ls "$M/FLUX" | grep -c 'fox-.*\.txt$')
[ "$(posts)" -le "$prompts" ] && [ "$(posts)" -ge $((prompts - unknown)) ] || fail "$(posts) posts of $prompts prompts"
await 10 timeout -k 5 20 fusermount3 -u -q "$M" || fail "cannot unmount"
wait_gone "$keeper" 30 || fail "the keeper goes on after the unmount"
