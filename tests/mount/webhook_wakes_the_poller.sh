#!/bin/bash
# SPDX-License-Identifier: MIT
# A callback makes the next question come at once, and nothing in it is believed; wrong ones do nothing.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.5
# a port that is free now
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$XDG_CONFIG_HOME/weryaifs/weryaifs.conf" <<CONF
[webhook]
listen = 127.0.0.1:$port
public_url = https://hooks.example.org/in
CONF
mount_fs -o first_poll=600,poll_interval=600,slow_poll_interval=600
cd "$M"
hook() { # QUERY [CURL-ARGUMENT...]: the HTTP status
    local query=$1
    shift
    curl -s -m 10 -o /dev/null -w '%{http_code}' -X POST -d '{"data": {"task_status": "FAILED", "images": ["http://evil/"]}}' "$@" "http://127.0.0.1:$port/in?$query" || true
}
webhook_of() { # PROMPT-TEXT
    jq -rs --arg text "$1" 'map(select(.body.prompt == $text))[0].body.webhook_url' "$REQUESTS"
}

echo "a fox" >FLUX/fox.txt
printf 'an owl\nwebhook: https://mine.example.org/#end\n' >FLUX/owl.txt
wait_state FLUX/fox "PENDING PROCESSING"
wait_state FLUX/owl "PENDING PROCESSING"
[[ $(webhook_of "a fox") =~ ^https://hooks.example.org/in\?weryaifs=[0-9a-f]{16}$ ]] || fail "webhook: $(webhook_of "a fox")"
[[ $(webhook_of "an owl") =~ ^https://mine.example.org/\?weryaifs=[0-9a-f]{16}#end$ ]] || fail "webhook: $(webhook_of "an owl")"
token=$(webhook_of "a fox" | sed 's/.*weryaifs=//')

# what is no callback of ours
assert_eq "$(hook "weryaifs=0123456789abcdef")" 404 "an unknown token"
assert_eq "$(hook "weryaifs=${token%?}")" 404 "half a token"
assert_eq "$(hook "token=$token")" 404 "another word"
assert_eq "$(hook "weryaifs=$token" -X GET)" 405 "a GET"
assert_eq "$(hook "weryaifs=${token/?/x}" -H 'Content-Length: 99999999999')" 404 "a huge body that is announced"
assert_eq "$(hook "weryaifs=$token" -H "X: $(head -c 20000 /dev/zero | tr '\0' x)")" 400 "a huge head"
assert_eq "$(requests GET '/status$')" 0 "questions so far"
for i in $(seq 40); do
    exec {idle[i]}<>"/dev/tcp/127.0.0.1/$port" || true
done
for i in $(seq 40); do
    exec {idle[i]}>&-
done
assert_eq "$(state_of FLUX/fox)" PENDING

# the callback lies, the question tells the truth; one that comes too early changes nothing
called_back() {
    [ "$(hook "from=weryai&weryaifs=$token")" = 200 ] || fail "the callback is not taken"
    await 1 state_is FLUX/fox SUCCESS
}
await 20 called_back || fail "not woken: $(status_of FLUX/fox)"
assert_eq "$(type_of FLUX/fox.png)" image/png
assert_eq "$(state_of FLUX/owl)" PENDING "the other one"
assert_eq "$(hook "weryaifs=$token")" 404 "a callback for what has ended"
assert_eq "$(posts)" 2 posts
echo "image: /FLUX/fox.png" >IMAGE_UPSCALE/fox.txt
wait_state IMAGE_UPSCALE/fox "PENDING PROCESSING"
assert_contains "$(jq -rs 'map(select(.path | endswith("image-upscale")))[0].body.webhook_url' "$REQUESTS")" "hooks.example.org/in?weryaifs=" "webhook of a tool"
cd /
umount_fs
