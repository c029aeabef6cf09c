#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# A daemon that dies around an unmount: whatever comes first, the mount is gone, nobody is left behind that keeps it, and it ends
# as an unmount does. UNMOUNT_ROUNDS says how often it is tried.
. "$(dirname "$0")/../lib/mount.sh"

rounds=${UNMOUNT_ROUNDS:-12}
start_sandbox
one_unmount() { timeout -k 5 20 fusermount3 -u -q "$M" || ! mountpoint -q "$M"; }
# while a daemon starts the mount may be in use: it looks for the place that inotify is to be told of
unmount() { await 60 one_unmount || fail "cannot unmount"; }
# kill -KILL of the daemon so many milliseconds before (-50 to -1), at the same time as or after (0 to 50) the unmount
for ((i = 0; i < rounds; i++)); do
    after=$((i * 100 / (rounds > 1 ? rounds - 1 : 1) - 50))
    : >"$TEST_TMP/foreground.log" # what the last one said is not for this one
    WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
        "$WERYAIFS" -f -o "$FAST,keeper" "$M" 2>"$TEST_TMP/foreground.log" &
    keeper=$!
    await 60 grep -q 'is ready for use' "$TEST_TMP/foreground.log" || fail "not mounted: $(cat "$TEST_TMP/foreground.log")"
    daemon=$(daemon_of "$keeper")
    echo text >"$M/FLUX/note-$i" # something to be put away at the end
    if [ "$after" -lt 0 ]; then
        kill -KILL "$daemon"
        sleep "$(printf '0.%03d' $((-after)))"
        unmount
    else
        unmount &
        sleep "$(printf '0.%03d' "$after")"
        kill -KILL "$daemon" 2>/dev/null || true
        wait $!
    fi
    wait_gone "$keeper" 120 || fail "the keeper goes on after the unmount ($after ms)"
    wait "$keeper" || fail "the keeper ended with $? ($after ms): $(cat "$TEST_TMP/foreground.log")"
    for id in $(processes_below "$TEST_TMP"); do
        case $(cat "/proc/$id/comm" 2>/dev/null) in weryaifs | weryaifs-keeper | weryaifs-publis) fail "process $id is left behind ($after ms)" ;; esac
    done
    mountpoint -q "$M" && fail "it is mounted still ($after ms)"
    assert_eq "$(ls -A "$M")" "" "what is left on the mount point"
done
mount_fs
assert_eq "$(cat "$M"/FLUX/note-* | wc -l)" "$rounds" "files afterwards"
umount_fs
