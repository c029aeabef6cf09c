#!/bin/bash
# SPDX-License-Identifier: MIT
# The setting `proxy` and $HTTPS_PROXY are where a request goes first; a server on this machine is asked without.
. "$(dirname "$0")/../lib/mount.sh"

# a proxy that notes what it is asked for, and refuses it
python3 -u - >"$TEST_TMP/asked" <<'END' &
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1])
while True:
    client, _ = server.accept()
    print(client.recv(4096).split(b"\r\n")[0].decode())
    client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    client.close()
END
await 10 test -s "$TEST_TMP/asked"
proxy=http://127.0.0.1:$(head -n 1 "$TEST_TMP/asked")
asked() {
    grep -c "^CONNECT $1:443 " "$TEST_TMP/asked" || true
}

URL=https://api.invalid
export KEY=
echo sk-any | weryaifs --set-key -o proxy="$proxy" >"$TEST_TMP/said" || fail "$(cat "$TEST_TMP/said")"
assert_contains "$(cat "$TEST_TMP/said")" "It could not be tried" "what the proxy refuses"
assert_eq "$(asked api.invalid)" 1 "requests by the setting"
echo sk-any | HTTPS_PROXY=$proxy weryaifs --set-key >/dev/null
assert_eq "$(asked api.invalid)" 2 "requests by the environment"
echo sk-any | HTTPS_PROXY=$proxy NO_PROXY=api.invalid weryaifs --set-key >/dev/null
assert_eq "$(asked api.invalid)" 2 "requests in spite of NO_PROXY"
URL=
start_sandbox
echo sk-any | HTTP_PROXY=$proxy http_proxy=$proxy weryaifs --set-key -o proxy="$proxy" | grep -q "credits are left" ||
    fail "the sandbox is not asked"
assert_eq "$(wc -l <"$TEST_TMP/asked")" 3 "requests for a server here"
