#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 120
# --restart: the program that is installed now goes on, with the settings of now; open files and waiting programs stay. One
# that cannot start changes nothing, one that dies is replaced by the old one.
. "$(dirname "$0")/../lib/mount.sh"

# a program of this test's own, which is replaced as a package does it
mkdir "$TEST_TMP/bin"
cp "$WERYAIFS" "$BUILD_DIR/weryaifs-keeper" "$TEST_TMP/bin"
installed=$TEST_TMP/bin/weryaifs
install_program() { # FILE
    cp "$1" "$installed.new" && chmod 755 "$installed.new" && mv "$installed.new" "$installed"
}
start_sandbox --seconds 3
conf=$XDG_CONFIG_HOME/weryaifs/weryaifs.conf
echo '# nothing' >"$conf.body"
# a command that may ask a person, who is not to be asked whenever a daemon dies
printf '#!/bin/sh\necho asked >>"%s"\necho sk-test\n' "$TEST_TMP/asked" >"$TEST_TMP/bin/key"
chmod 755 "$TEST_TMP/bin/key"
echo "key_command = $TEST_TMP/bin/key" >>"$conf.api"
write_conf() {
    { echo '[api]' && cat "$conf.api" && echo '[mount]' && cat "$conf.body"; } >"$conf"
}
write_conf
KEY= WERYAIFS=$installed weryaifs -o "$FAST" "$M" || fail "weryaifs ended with $?"
keeper=$(keeper_of "$(WERYAIFS=$installed find_daemon)")
[ -n "$keeper" ] || fail "there is no keeper"
restart() { weryaifs --restart "$M"; }

echo "a fox" >"$M/FLUX/fox.txt"
cat "$M/FLUX/fox.wait" >"$TEST_TMP/waited" &
waiting=$!
await 10 grep -q 'PENDING\|PROCESSING' "$M/FLUX/fox.status" || fail "not under way"
exec 9<"$M/FLUX/fox.status"
before=$(daemon_of "$keeper")
kill -KILL "$before"
assert_eq "$(cat "$M/FLUX/fox.txt")" "a fox" "read over a kill"
assert_eq "$(wc -l <"$TEST_TMP/asked")" 1 "times that key_command was run"
before=$(daemon_of "$keeper")
restart || fail "no restart"
after=$(daemon_of "$keeper")
[ "$before" != "$after" ] || fail "the same daemon"
[ "$(wc -l <"$TEST_TMP/asked")" -gt 1 ] || fail "a restart does not ask for the key of now"
wait "$waiting" || fail "who waited got $?"
assert_eq "$(cat "$TEST_TMP/waited")" fox.png "what was waited for"
assert_contains "$(cat <&9)" "state: P" "an open status"
exec 9<&-
assert_eq "$(posts)" 1 posts

# SIGHUP reads the key again; where the settings were changed, it is a restart
kill -HUP "$keeper"
await 20 grep -q 'got signal 1' "$M/.weryaifs/log" || fail "SIGHUP is not passed on"
assert_eq "$(daemon_of "$keeper")" "$after" "the daemon after SIGHUP"
before=$after
printf '[results]\ncache_dir = %s\n' "$TEST_TMP/elsewhere" >>"$conf"
kill -HUP "$keeper"
await 30 test -d "$TEST_TMP/elsewhere/default" || fail "SIGHUP does not take up the new path: $(cat "$M/.weryaifs/log")"
other_daemon() { after=$(daemon_of "$keeper") && [ -n "$after" ] && [ "$after" != "$before" ]; }
await 20 other_daemon || fail "the same daemon after SIGHUP with other settings"
assert_eq "$(cat "$M/FLUX/fox.txt")" "a fox" "a file afterwards"

# settings that are wrong: said, and nothing changes
echo 'settle = maybe' >"$conf"
error=$(restart 2>&1) && fail "restarted with settings that are wrong"
assert_contains "$error" "settle" "the sentence"
assert_eq "$(daemon_of "$keeper")" "$after" "the daemon"
write_conf

# a program that cannot start
printf '#!/bin/sh\necho "no such library" >&2\nexit 1\n' >"$TEST_TMP/broken"
install_program "$TEST_TMP/broken"
error=$(restart 2>&1) && fail "restarted with a program that cannot start"
assert_contains "$error" "no such library" "the sentence"
assert_eq "$(daemon_of "$keeper")" "$after" "the daemon"

# one that says that it can, and dies
printf '#!/bin/sh\n[ -z "$WERYAIFS_PROVE" ] || exit 0\nkill -9 $$\n' >"$TEST_TMP/dying"
install_program "$TEST_TMP/dying"
error=$(restart 2>&1) && fail "restarted with a program that dies"
assert_contains "$error" "the old one goes on" "the sentence"
assert_eq "$(cat "$M/FLUX/fox.txt")" "a fox" "a file afterwards"
install_program "$WERYAIFS"
restart || fail "no restart after the failures"

# a mount without a keeper
error=$(weryaifs --restart "$TEST_TMP" 2>&1) && fail "restarted what is no mount"
assert_contains "$error" "outlives its daemon" "the sentence"
assert_eq "$(posts)" 1 posts
await 10 timeout -k 5 20 fusermount3 -u -q "$M" || fail "cannot unmount"
wait_gone "$keeper" 30 || fail "the keeper goes on after the unmount"
