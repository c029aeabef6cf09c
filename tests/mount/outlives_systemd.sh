#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 120
# What a unit of Type=notify is told by the keeper, which is its main process: ready, alive, how many jobs run, reloading,
# stopping.
. "$(dirname "$0")/../lib/mount.sh"

said=$TEST_TMP/said
python3 - "$TEST_TMP/notify" "$said" <<'END' &
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
with open(sys.argv[2], "w", buffering=1) as file:
    while True:
        file.write(listener.recv(4096).decode() + "\n")
END
listener=$!
await 10 test -S "$TEST_TMP/notify"
start_sandbox
NOTIFY_SOCKET=$TEST_TMP/notify WATCHDOG_USEC=400000 WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
    "$WERYAIFS" -f -o "$FAST,keeper" "$M" 2>"$TEST_TMP/foreground.log" &
keeper=$!
await 20 grep -q '^READY=1' "$said" || fail "not told that it is ready: $(cat "$TEST_TMP/foreground.log")"
ls "$M/FLUX" >/dev/null || fail "ready, and not usable"
await 20 grep -q '^WATCHDOG=1' "$said" || fail "the watchdog gets no sign"
echo "[[seconds=600]] a long film" >"$M/FLUX/long.txt"
await 30 grep -q '^STATUS=mounted, 1 job running' "$said" || fail "not told how many jobs run"
: >"$said"
weryaifs --restart "$M" || fail "no restart"
await 20 grep -q '^RELOADING=1' "$said" || fail "not told of the reload"
await 20 grep -q '^READY=1' "$said" || fail "not told that it is ready again"
: >"$said"
kill -TERM "$keeper"
wait "$keeper" || fail "the keeper ended with $?"
await 20 grep -q '^STOPPING=1' "$said" || fail "not told that it stops"
grep -q " $M fuse" /proc/mounts && fail "SIGTERM does not unmount"
kill "$listener"
