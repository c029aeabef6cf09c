#!/bin/bash
# SPDX-License-Identifier: MIT
# A key that the service refuses is said on the command line, the mount stays up, and goes on when there is a better one.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox
mkdir -p "$XDG_CONFIG_HOME/weryaifs"
(umask 077 && echo sk-bad >"$XDG_CONFIG_HOME/weryaifs/key")
mkdir -p "$M"
KEY= weryaifs -o "base_url=$URL,models_base_url=$URL" "$M" >"$TEST_TMP/said" 2>&1 || fail "no mount: $(cat "$TEST_TMP/said")"
assert_contains "$(cat "$TEST_TMP/said")" "The service refused the API key" "what is said"
assert_contains "$(cat "$TEST_TMP/said")" "weryaifs --set-key" "what to do"
mountpoint -q "$M" || fail "it is not mounted"
assert_eq "$(posts)" 0 posts
await 10 umount -q "$M" || fail "cannot unmount"
# nothing is said where it is good, or where nobody knows
echo sk-test >"$XDG_CONFIG_HOME/weryaifs/key"
KEY= await 10 weryaifs -o "base_url=$URL,models_base_url=$URL" "$M" >"$TEST_TMP/said" 2>&1 || fail "no mount: $(cat "$TEST_TMP/said")"
assert_eq "$(cat "$TEST_TMP/said")" "" "what is said of a good key"
await 10 umount -q "$M" || fail "cannot unmount"
control down=1
KEY= await 10 weryaifs -o "base_url=$URL,models_base_url=$URL" "$M" >"$TEST_TMP/said" 2>&1 || fail "no mount: $(cat "$TEST_TMP/said")"
# that the registry does not answer may be said or not: it depends on which of the two ends first
assert_lacks "$(cat "$TEST_TMP/said")" key "what is said of the key without a network"
await 10 umount -q "$M" || fail "cannot unmount"
