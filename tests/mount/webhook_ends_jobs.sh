#!/bin/bash
# SPDX-License-Identifier: MIT
# With polls an hour apart, the service's callbacks alone bring jobs to their end; who forges callbacks does not.
# wires: live seed
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.5
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf" <<CONF
[webhook]
listen = 127.0.0.1:$port
public_url = http://127.0.0.1:$port/in
CONF
never=first_poll=3600,poll_interval=3600,slow_poll_interval=3600
mount_fs -o $never
cd "$M"
callbacks() { requests CALLBACK '^/in$'; }
questions() { requests GET '/status$'; }

# a picture, several of one request, a video, a tool, a song, and one that fails
echo "a fox" >FLUX/fox.txt
printf 'two [[split]]\nnumber: 2\n' >FLUX/two.txt
echo "waves" >VEO_3_1/sea.txt
printf 'type: vocal_song\na shanty\n' >MUSIC/song.txt
echo "no luck [[task-fail]]" >FLUX/bad.txt
for prompt in FLUX/fox FLUX/two VEO_3_1/sea MUSIC/song; do
    wait_state $prompt SUCCESS
done
wait_state FLUX/bad FAILED
echo "image: /FLUX/fox.png" >IMAGE_UPSCALE/fox.txt
wait_state IMAGE_UPSCALE/fox SUCCESS
assert_eq "$(type_of FLUX/fox.png) $(type_of VEO_3_1/sea.mp4) $(type_of MUSIC/song.wav)" "image/png video/mp4 audio/x-wav" types
assert_eq "$(cd FLUX && echo two-*)" "two-1.png two-2.png" "results of a batch"
# each task once; the second of a batch may come when nobody waits for it any more
assert_eq "$(callbacks)" 7 callbacks
answers=$(jq -sc 'map(select(.method == "CALLBACK") | .http) | sort' "$REQUESTS")
[[ $answers =~ ^\[200(,200){5},(200|404)\]$ ]] || fail "answers to them: $answers"
assert_eq "$(posts)" 6 posts

# early, twice, and one that comes before its submission was answered
echo "early [[webhook-early]]" >FLUX/early.txt
echo "twice [[webhook-twice]]" >FLUX/twice.txt
echo "at once [[submit-slow=1]] [[seconds=0.3]]" >FLUX/once.txt
for prompt in early twice once; do
    wait_state FLUX/$prompt SUCCESS
done
assert_eq "$(posts)" 9 posts

# one that runs while all this happens to the receiver
echo "patience [[seconds=6]]" >FLUX/slow.txt
wait_state FLUX/slow PENDING
token=$(jq -rs 'map(select((.body.prompt // "") | startswith("patience")))[0].body.webhook_url' "$REQUESTS" | sed 's/.*weryaifs=//')
before=$(questions)
end=$(($(clock_ms) + 6000))
forge() { # QUERY [CURL-ARGUMENT...]
    local query=$1
    shift
    curl -s -m 3 -o /dev/null -w '%{http_code}' -X POST "$@" "http://127.0.0.1:$port/in?$query" || true
}
assert_eq "$(forge "weryaifs=0000000000000000" -d '{"data": {"task_status": "FAILED"}}')" 404 "an unknown word"
assert_eq "$(forge "weryaifs=$(tr '0-9a-f' '1-9a-f0' <<<"$token")")" 404 "a near one"
head -c 3000000 /dev/zero >"$TEST_TMP/zeros"
forge "weryaifs=0000000000000000" --data-binary @"$TEST_TMP/zeros" >/dev/null
forge "weryaifs=0000000000000000" --data-binary @"$TEST_TMP/zeros" -H 'Transfer-Encoding: chunked' >/dev/null
head -c 100000 /dev/urandom >"/dev/tcp/127.0.0.1/$port" 2>/dev/null || true
for text in '' '\r\n\r\n' 'POST / HTTP/1.1\r\n\r\n' 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' '\x16\x03\x01\x02\x00' 'POST /?weryaifs=\0 HTTP/1.1\r\n\r\n'; do
    printf "$text" >"/dev/tcp/127.0.0.1/$port" 2>/dev/null || true
done
# some hundred that hold a connection and say little
python3 - "$port" <<'PYTHON' &
import socket, sys, time
held = []
for i in range(300):
    try:
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)
        s.send(b"POST /in?weryaifs=")
        held.append(s)
    except OSError:
        pass
until = time.monotonic() + 8
while time.monotonic() < until:
    for s in held:
        try:
            s.send(b"x")
        except OSError:
            pass
    time.sleep(0.2)
PYTHON
holder=$!
# meanwhile the mount is as quick as ever, and nothing was asked for them
echo "meanwhile" >FLUX/meanwhile.txt
wait_state FLUX/meanwhile SUCCESS 5
for i in $(seq 20); do
    timeout 2 ls -l FLUX >/dev/null || fail "the mount hangs"
done
[ "$(clock_ms)" -gt "$end" ] || assert_eq "$(state_of FLUX/slow)" PENDING "the one that runs"
assert_eq "$(questions)" $((before + 1)) "questions, but that for the other one"
wait_state FLUX/slow SUCCESS 10
wait $holder
assert_eq "$(posts)" 11 posts

# a callback that is lost is made up for by the poll, and one that came while nobody listened by that after the next mount
echo "lost [[webhook-lost]]" >FLUX/lost.txt
wait_state FLUX/lost PENDING
cd /
umount_fs
mount_fs
wait_state "$M/FLUX/lost" SUCCESS
assert_eq "$(posts)" 12 posts
umount_fs
