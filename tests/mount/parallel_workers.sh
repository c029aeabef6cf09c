#!/bin/bash
# SPDX-License-Identifier: MIT
# Many workers make, wait for, rename and remove at once, while inotify is told of everything: the run ends, and the
# outcome of every job is accounted for. WORKERS, SECONDS_LONG: more of it (200 and 120 are the whole).
# timeout: 700
. "$(dirname "$0")/../lib/mount.sh"
workers=${WORKERS:-60}
long=${SECONDS_LONG:-12}
start_sandbox --max-active 40 --seconds 0.1
mount_fs -o settle=0.05,max_active=40,submissions_per_day=0
cd "$M/FLUX"
inotifywait -m -q -r "$M/FLUX" >/dev/null 2>&1 &
watcher=$!

worker() {
    local n=0 me=$1 end=$2 made=0
    mkdir -p "w$me/sub"
    while [ "$(date +%s)" -lt "$end" ]; do
        n=$((n + 1))
        echo "worker $me, picture $n" >"w$me/p$n.txt"
        made=$((made + 1))
        case $(((me + n) % 6)) in
        0) timeout 300 cat "w$me/p$n.wait" >/dev/null || echo "worker $me: p$n.wait ended with $?" ;;
        1) mv "w$me/p$n.txt" "w$me/sub/p$n.txt" && cat "w$me/sub/p$n.status" >/dev/null ;;
        2) rm "w$me/p$n.txt" ;;
        3) echo "again $me $n" >"w$me/p$n.txt" && ls -lR "w$me" >/dev/null ;;
        4) mv "w$me/sub" "w$me/other" && mkdir "w$me/sub" && rm -r "w$me/other" ;;
        5) timeout 300 cat "w$me/p$n.wait" >/dev/null && cat "w$me/p$n.png" >/dev/null && rm "w$me/p$n".* ;;
        esac || echo "worker $me, step $n failed"
    done
    echo "$made" >"$TEST_TMP/made.$me"
}

end=$(($(date +%s) + long))
ids=()
for ((i = 0; i < workers; i++)); do
    worker "$i" "$end" >"$TEST_TMP/worker.$i" 2>&1 &
    ids+=($!)
done
wait "${ids[@]}"
complaints=$(cat "$TEST_TMP"/worker.*)
assert_eq "$complaints" "" "what workers complained of"
made=$(cat "$TEST_TMP"/made.* | paste -sd+ | bc 2>/dev/null || cat "$TEST_TMP"/made.* | awk '{ s += $1 } END { print s }')

# every prompt that is left comes to its end
unsettled() {
    ! grep -rLE '^state: (SUCCESS|FAILED|INVALID)' --include='*.status' . | grep -q .
}
await 200 unsettled || fail "not at their end: $(grep -rLE '^state: SUCCESS' --include='*.status' . | head -5)"
idle() {
    grep -q '^queued: 0$' "$M/.weryaifs/stats" && grep -q '^active: 0$' "$M/.weryaifs/stats"
}
await 60 idle || fail "the queue is not empty: $(cat "$M/.weryaifs/stats")"

# each task that the service made has its results in the tree, or they were removed by their worker
count_results() {
    find "$M/FLUX" "$M/.weryaifs/lost+found" -name '*.png*' | wc -l
}
tasks=$(jq -s 'map(select(.method == "POST" and .code == 200) | .task | length) | add' "$REQUESTS")
fetched=$(jq -s -r 'map(select(.path | startswith("/cdn/")) | .task[0]) | unique | length' "$REQUESTS")
assert_eq "$fetched" "$tasks" "tasks whose results were fetched"
assert_eq "$(posts)" "$tasks" "submissions and tasks"
[ "$made" -ge "$workers" ] || fail "only $made prompts"
for status in $(find . -name '*.status'); do
    ls "${status%.status}".png* >/dev/null || fail "no result beside $status"
done
kill "$watcher"
wait "$watcher" || true
echo "$workers workers, $made prompts, $tasks tasks, $(count_results) results left"
cd /
umount_fs
