#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# timeout: 300
# Every directory of the mount makes something, or says why not.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --max-active 100 --seconds 0.05
mount_fs -o max_active=100

directories=$(models | xargs)
for directory in $directories; do
    echo "a lighthouse at night" >"$M/$directory/light.txt"
done

# what the catalogue does not know is asked for, and then it goes
for directory in $directories; do
    prompt=$M/$directory/light.txt
    wait_state "$prompt" "SUCCESS INVALID" 60
    case $(status_of "$prompt") in
    *"write duration: SECONDS"*) echo "duration: 5" >>"$prompt" ;;
    esac
done

made=0 refused=0
for directory in $directories; do
    prompt=$M/$directory/light.txt
    wait_state "$prompt" "SUCCESS INVALID" 60
    if [ "$(state_of "$prompt")" = SUCCESS ]; then
        type=$(type_of "$(result_of "$prompt")")
        case $type in image/* | video/*) ;; *) fail "$directory made $type" ;; esac
        case $directory in *.video) assert_eq "${type%/*}" video "what $directory made" ;; esac
        made=$((made + 1))
    else
        # a model that makes something of pictures only, or a tool that wants more than a text
        grep -qE "^error: .*(image|needs a line|takes no text)" <(status_of "$prompt") ||
            fail "why $directory refuses: $(status_of "$prompt")"
        refused=$((refused + 1))
    fi
done
echo "$made made, $refused refused"
assert_eq "$(posts)" "$made" posts
[ "$made" -ge 40 ] || fail "only $made of $(wc -w <<<"$directories") models made something"
umount_fs
