#!/bin/bash
# SPDX-License-Identifier: MIT
# Clients of WebDAV and of SFTP write a prompt, which is one submission, and read the result: examples/share-with-webdav.sh.
. "$(dirname "$0")/../lib/mount.sh"
command -v rclone >/dev/null || skip "there is no rclone"
mount_fs
cd "$TEST_TMP"

# serve PROTOCOL: starts the example; sets SERVE_PID
serve() {
    PROTOCOL=$1 USER_NAME=ann PASSWORD=secret PORT=$port "$TEST_ROOT/examples/share-with-webdav.sh" "$M" >"$TEST_TMP/$1.log" 2>&1 &
    SERVE_PID=$!
}
end_serving() {
    kill "$SERVE_PID"
    wait "$SERVE_PID" || true
}

port=$((20000 + $$ % 20000))
serve webdav
dav() {
    curl -sS -f -u ann:secret "$@"
}
at=http://127.0.0.1:$port
shared() {
    dav -o /dev/null "$at/" 2>/dev/null
}
await 20 shared || fail "no share: $(cat webdav.log)"
curl -sf -o /dev/null "$at/" && fail "it can be read without the password"
echo "a fox from afar" >fox.txt
dav -T fox.txt "$at/FLUX/fox.txt" >/dev/null
wait_state "$M/FLUX/fox.txt" SUCCESS
assert_eq "$(posts)" 1 "submissions of one PUT"
seen() {
    dav -o seen.png "$at/FLUX/fox.png" 2>/dev/null
}
await 20 seen || fail "the result is not seen"
cmp seen.png "$M/FLUX/fox.png"
assert_contains "$(dav "$at/FLUX/fox.status")" "state: SUCCESS" "the status"
dav -T fox.txt "$at/FLUX/fox.txt" >/dev/null
dav -X MKCOL "$at/FLUX/set/"
dav -X MOVE -H "Destination: $at/FLUX/set/fox.txt" "$at/FLUX/fox.txt"
# on purpose, once, and the client is not told that it failed
echo submit | dav -T - "$at/FLUX/set/fox.status" >/dev/null
twice() {
    [ "$(posts)" = 2 ]
}
await 20 twice || fail "submissions after 'submit': $(posts)"
wait_state "$M/FLUX/set/fox.txt" SUCCESS
dav -X DELETE "$at/FLUX/set/"
[ ! -e "$M/FLUX/set" ] || fail "not removed"
end_serving

if command -v sftp >/dev/null && command -v setsid >/dev/null; then
    port=$((port + 1))
    serve sftp
    printf '#!/bin/sh\necho secret\n' >ask && chmod +x ask
    sftp_batch() {
        # a password is taken from SSH_ASKPASS alone where there is no terminal, and only without -b
        SSH_ASKPASS=$TEST_TMP/ask SSH_ASKPASS_REQUIRE=force setsid sftp -q -P "$port" -o StrictHostKeyChecking=no \
            -o UserKnownHostsFile=/dev/null ann@127.0.0.1
    }
    echo "another fox" >two.txt
    put() {
        sftp_batch <<<"put two.txt FLUX/two.txt" >sftp.log 2>&1 && ! grep -q "refused" sftp.log && [ -e "$M/FLUX/two.txt" ]
    }
    await 20 put || fail "no share: $(cat sftp.log)"
    wait_state "$M/FLUX/two.txt" SUCCESS
    assert_eq "$(posts)" 3 "submissions of one put"
    sftp_batch <<<"get FLUX/two.png two.png" >sftp.log 2>&1
    cmp two.png "$M/FLUX/two.png"
    end_serving
fi
cd /
umount_fs
