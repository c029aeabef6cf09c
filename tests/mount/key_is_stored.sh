#!/bin/bash
# SPDX-License-Identifier: MIT
# `weryaifs --set-key` reads the key without showing it, tries it, and stores it so that a mount finds it.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox
export KEY=
key=$XDG_CONFIG_HOME/weryaifs/key

output=$(weryaifs "$M" 2>&1) && fail "mounted without a key"
assert_contains "$output" "weryaifs --set-key" "what to do without a key"

rmdir "$XDG_CONFIG_HOME/weryaifs"
output=$(umask 000 && echo "  sk-first " | weryaifs --set-key 2>&1) || fail "$output"
assert_eq "$(cat "$key")" sk-first "the key file"
assert_eq "$(stat -c %a "$key")" 600 "its mode"
assert_eq "$(stat -c %a "$XDG_CONFIG_HOME/weryaifs")" 700 "its directory's mode"
assert_contains "$output" "100000 credits are left" "the balance"
assert_contains "$output" "Next: mkdir -p ~/weryai" "what to do next"
assert_lacks "$output" sk-first "the output"
mount_fs
assert_eq "$(cat "$M/.weryaifs/balance")" 100000 "the balance with the stored key"
umount_fs

# a wrong one is not stored, and leaves the right one; one that cannot be tried is
output=$(echo sk-bad | weryaifs --set-key 2>&1) && fail "a bad key is taken: $output"
assert_contains "$output" "the service refuses this API key, so it was not stored" "a bad key"
assert_eq "$(cat "$key")" sk-first "the key file after a bad key"
for wrong in '' 'sk with blanks' $'sk-\x01'; do
    output=$(echo "$wrong" | weryaifs --set-key 2>&1) && fail "'$wrong' is taken: $output"
done
assert_eq "$(cat "$key")" sk-first "the key file after what is no key"
output=$(echo sk-second | URL=http://127.0.0.1:1 weryaifs --set-key 2>&1) || fail "$output"
assert_contains "$output" "It could not be tried: " "without a network"
assert_eq "$(cat "$key")" sk-second "the key file after a trial without a network"

# where the settings say so, and not beside a command
output=$(echo sk-third | weryaifs --set-key -o key_file="$TEST_TMP/deep/er/key" 2>&1) || fail "$output"
assert_eq "$(cat "$TEST_TMP/deep/er/key")" sk-third "key_file"
output=$(echo sk-third | weryaifs --set-key -o key_command=true 2>&1) && fail "set beside key_command"
assert_contains "$output" "comes from key_command" "key_command"

# on a terminal nothing is shown, also not after ^C
output=$(WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL script -qec "'$WERYAIFS' --set-key; stty -a" /dev/null < <(
    await 20 pgrep -f "^$WERYAIFS --set-key" >/dev/null
    sleep 0.5 # for the terminal to be quiet
    echo sk-fourth
    sleep 1
) | tr -d '\r')
assert_eq "$(cat "$key")" sk-fourth "the key file after the terminal"
assert_lacks "$output" sk-fourth "the terminal"
assert_contains "$output" " echo " "the terminal's settings afterwards"

# a keyring, as far as there is one: here a program that stores what it reads
mkdir "$TEST_TMP/bin"
printf '#!/bin/sh\n[ "$1" = store ] && { echo "$@" >%s; cat >%s; exit; }\n[ -s %s ] && cat %s\n' "$TEST_TMP/words" "$TEST_TMP/ring" \
    "$TEST_TMP/ring" "$TEST_TMP/ring" >"$TEST_TMP/bin/secret-tool"
chmod +x "$TEST_TMP/bin/secret-tool"
output=$(echo sk-ring | PATH=$TEST_TMP/bin:$PATH weryaifs --set-key --keyring 2>&1) || fail "$output"
assert_eq "$(cat "$TEST_TMP/ring")" sk-ring "the keyring"
command=$(sed -n 's/^key_command = //p' <<<"$output")
PATH=$TEST_TMP/bin:$PATH mount_fs -o key_command="$command"
umount_fs
# one that is locked is no error for good: another exit status, at which a unit tries again
rm "$TEST_TMP/ring"
code=0
output=$(PATH=$TEST_TMP/bin:$PATH weryaifs -o key_command="$command" "$M" 2>&1) || code=$?
assert_eq "$code" 75 "exit status where the keyring gives no key: $output"
