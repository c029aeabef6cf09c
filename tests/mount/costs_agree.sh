#!/bin/bash
# SPDX-License-Identifier: MIT
# Statuses, spend.csv, spend, stats, stats.prom, events and the service's own account say the same numbers, after failures, refusals, lost
# answers, busy moments, moderation, and credits that ran out and came back.
# COSTS_PROMPTS=500 tests/mount/costs_agree.sh is the whole of it.
. "$(dirname "$0")/../lib/mount.sh"
count=${COSTS_PROMPTS:-30}
patience=$((100 + count * 2))
credits_first=$((count / 2 + 5))
start_sandbox --seconds 0.3 --video-seconds 0.3 --credits $credits_first
mount_fs -o submit_gap=0.05

credits() {
    curl -sSf "$URL/_stats" | jq .credits
}
cat "$M/.weryaifs/balance" >/dev/null
exec {events}<"$M/.weryaifs/events"

# alone, it is known what it costs; then it is expected of the next one like it
echo "a first one" >"$M/FLUX/alone.txt"
cat "$M/FLUX/alone.wait" >/dev/null
await 20 grep -qE '^credits: 1( |$)' "$M/FLUX/alone.status" || fail "$(status_of "$M/FLUX/alone")"
echo "number: 3
a dear one" >"$M/QWEN/dear.txt"
cat "$M/QWEN/dear.wait" >/dev/null
await 20 grep -qE '^credits: 3( |$)' "$M/QWEN/dear.status" || fail "$(status_of "$M/QWEN/dear")"

# half the credits are left for prompts of two prices, of which some fail at once, some later, some twice
mkdir "$M/FLUX/set" "$M/VEO_3_1/set"
for i in $(seq -w "$count"); do
    case $((10#$i % 30)) in
    4 | 11) echo "[[task-fail]] $i" ;;
    7) echo "[[submit-1005]] $i" ;;
    9 | 20) echo "[[submit-500]] $i" ;;
    13 | 25) echo "[[submit-429=1]] $i" ;;
    16) echo "[[submit-moderation]] $i" ;;
    18) echo "[[task-fail-moderation]] $i" ;;
    *) echo "picture $i" ;;
    esac >"$M/FLUX/set/$i.txt"
done
for i in 1 2 3; do
    echo "film $i" >"$M/VEO_3_1/set/$i.txt"
done
out_of_credits() { grep -lq '^needs: credits' "$M"/*/set/*.status; }
await "$patience" out_of_credits || fail "credits do not run out: $(credits) $(head -q -n1 "$M"/*/set/*.status | sort | uniq -c)"
grep -q '^credits: probably ' $(grep -l '^needs: credits' "$M"/FLUX/set/*.status) || fail "what it will cost is not said"
# what was sent has to be seen paid before credits are bought: of a balance that rises nothing can be said
nothing_moves() {
    awk 'FNR == 1 { if (moves) exit; moves = !/SUCCESS|FAILED|UNKNOWN/ } /^needs: credits/ { moves = 0 } END { exit moves }' \
        "$M"/*/set/*.status
}
await "$patience" nothing_moves || fail "something is still on its way: $(head -q -n1 "$M"/*/set/*.status | sort | uniq -c)"
left=$(credits)
balance_is() { grep -q "^$1\b" "$M/.weryaifs/balance"; }
await 20 balance_is "$left" || fail "the balance is not $left: $(cat "$M/.weryaifs/balance")"
control credits=$((left + 1000))
await 20 balance_is $((left + 1000)) || fail "what was bought is not seen: $(cat "$M/.weryaifs/balance")"
echo submit >"$(grep -l '^needs: credits' "$M"/*/set/*.status | sed -n 1p)" || true
timeout "$patience" cat "$M/.weryaifs/wait" >"$TEST_TMP/report" && fail "nothing has failed?"
# the last reading of the balance is asked for after the last answer
spent=$((credits_first + 1000 - $(credits)))
agree() {
    [ "$(awk -F, 'NR > 1 { sum += $8 + $9 } END { print sum + 0 }' "$M/.weryaifs/spend.csv")" = "$spent" ]
}
await 20 agree || fail "the service has taken $spent credits: $(cat "$M/.weryaifs/spend.csv")"

# statuses, spend.csv
states() { head -q -n1 "$M"/*/*.status "$M"/*/set/*.status | sort | uniq -c | sed -E 's/^ *([0-9]+) state: (.*)/\2 \1/'; }
csv() { awk -F, -v column="$1" 'NR > 1 { sum += $column } END { print sum + 0 }' "$M/.weryaifs/spend.csv"; }
states >"$TEST_TMP/states"
made=$(find "$M" -path '*/.weryaifs' -prune -o \( -name '*.png' -o -name '*.jpg' -o -name '*.webp' -o -name '*.mp4' \) -print | wc -l)
failed=$(awk '$1 == "FAILED" { print $2 }' "$TEST_TMP/states")
unknown=$(awk '$1 == "UNKNOWN" { print $2 }' "$TEST_TMP/states")
assert_eq "$(csv 4) $(csv 5) $(csv 6) $(csv 7)" "$((made + failed + unknown)) $made $failed $unknown" "asked, made, failed, unknown"
# stats.prom, stats
prom() { sed -n "s/^weryaifs_$1 //p" "$M/.weryaifs/stats.prom"; }
assert_eq "$(prom 'results_total{outcome="made"}') $(prom 'results_total{outcome="failed"}') $(prom 'results_total{outcome="unknown"}')" \
    "$made $failed $unknown" stats.prom
assert_eq "$(sed -n 's/^jobs //p' "$M/.weryaifs/stats" | tr -d : | sort)" "$(sort "$TEST_TMP/states")" "jobs of stats"
assert_eq "$(awk '/^all days/ && $3 == "all" { print $5, $6, $7, $8, $9 + $10 }' "$M/.weryaifs/spend")" \
    "$((made + failed + unknown)) $made $failed $unknown $spent" spend
# events
timeout 5 cat <&"$events" >"$TEST_TMP/events" || true
jq -s -r 'group_by(.path) | map(.[-1].to) | group_by(.) | map("\(.[0]) \(length)") | .[]' "$TEST_TMP/events" >"$TEST_TMP/told"
assert_eq "$(sort "$TEST_TMP/told")" "$(sort "$TEST_TMP/states")" "last events"
assert_eq "$(jq -s '[.[] | select(.path == "QWEN/dear.txt" and .to == "SUCCESS")][0].credits' "$TEST_TMP/events")" 3 "credits of an event"

exec {events}<&-

# a guard in credits
umount_fs
mount_fs -o submit_gap=0.05,credits_per_day=$((spent + 2))
for i in 1 2 3; do
    echo "one of three, $i" >"$M/FLUX/guard$i.txt"
    wait_state "$M/FLUX/guard$i" "SUCCESS HELD" 60
done
assert_eq "$(state_of "$M/FLUX/guard2") $(state_of "$M/FLUX/guard3")" "SUCCESS HELD" "states under the guard"
assert_contains "$(status_of "$M/FLUX/guard3")" "(credits_per_day; spent today: $((spent + 2)), by this prompt: 1)"
umount_fs
