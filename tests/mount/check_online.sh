#!/bin/bash
# SPDX-License-Identifier: MIT
# weryaifs --check --online asks what is free, and says how the answers differ from what is expected.
. "$(dirname "$0")/../lib/mount.sh"
for wire in live live-arrays seed; do
    start_sandbox --wire $wire
    said=$(weryaifs --check --online) || fail "$said"
    assert_contains "$said" "balance: 100000 credits" "$wire"
    assert_contains "$said" "video models: " "$wire"
    assert_contains "$said" "speakers of PODCAST, zh: travel-girl-english (Mia), leo-9328b6d2 (Leo)" "$wire"
    assert_contains "$said" "the service answers as expected" "$wire"
    assert_eq "$(jq -r 'select(.method == "POST") | .path' "$REQUESTS")" "" "POSTs"
    stop_sandbox
done
start_sandbox
said=$(KEY=sk-bad weryaifs --check --online) && fail "a refused key is no problem: $said"
assert_contains "$said" "problem: balance: The service refused the API key" "a refused key"
control fault=answer-models=502
said=$(weryaifs --check --online) && fail "no registry is no problem: $said"
assert_contains "$said" "problem: image models: The service had trouble of its own (HTTP 502)" "no registry"
weryaifs --online "$M" 2>"$TEST_TMP/said" && fail "--online alone"
assert_contains "$(cat "$TEST_TMP/said")" "--online goes with --check alone"
