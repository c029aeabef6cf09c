# SPDX-License-Identifier: MIT
# Finds and ends what a test left below its directory: mounts, also hung ones, and processes. To be sourced.

# clock_ms: milliseconds of a clock that nobody sets.
clock_ms() {
    local up
    read -r up _ </proc/uptime
    echo $((10#${up/./} * 10))
}

# mounts_below DIR: "MINOR MOUNTPOINT" of each FUSE mount there, the innermost first.
mounts_below() {
    local _ device point rest
    while read -r _ _ device _ point rest; do
        point=$(printf '%b' "${point//\\/\\0}")
        case $rest in *' - fuse'*) ;; *) continue ;; esac
        case $point/ in "$1"/*) echo "${device#*:} $point" ;; esac
    done </proc/self/mountinfo | tac
}

# processes_below DIR: ids of live processes that name something below DIR in their arguments. The arguments
# can be read of a process that is not dumpable, where its environment and its links cannot. Starts no process for each.
processes_below() {
    local directory id arguments=() state
    for directory in /proc/[0-9]*; do
        id=${directory#/proc/}
        [ "$id" != $$ ] && [ "$id" != "$BASHPID" ] || continue
        { mapfile -d '' arguments <"$directory/cmdline"; } 2>/dev/null || continue
        case ${arguments[*]} in *"$1"/*) ;; *) continue ;; esac
        state=$(sed -n 's/^State:\t\(.\).*/\1/p' "$directory/status" 2>/dev/null)
        case $state in '' | Z | X) ;; *) echo "$id" ;; esac
    done
}

# wait_gone ID [SECONDS]: until the process has ended; a zombie has, when it is alone: its other threads keep what it had open.
wait_gone() {
    local state tries=$((${2:-20} * 50))
    while [ "$tries" -gt 0 ]; do
        state=$(sed -n 's/^State:\t\(.\).*/\1/p; s/^Threads:\t//p' "/proc/$1/status" 2>/dev/null | tr '\n' ' ')
        case $state in '' | 'Z 0 ' | 'Z 1 ' | X*) return 0 ;; esac
        sleep 0.02
        tries=$((tries - 1))
    done
    return 1
}

# end_below DIR: takes every mount away, whatever state it is in, and kills every process. Never hangs: a daemon that
# does not answer is cut off from the kernel first, which ends all that waits for it.
end_below() {
    local minor point id parent
    while read -r minor point; do
        if [ -w "/sys/fs/fuse/connections/$minor/abort" ]; then
            echo 1 >"/sys/fs/fuse/connections/$minor/abort"
        elif [ "$(id -u)" = 0 ]; then
            umount -f "$point" 2>/dev/null
        fi
        fusermount3 -u -z -q "$point" || umount -l "$point"
    done < <(mounts_below "$1")
    for id in $(processes_below "$1"); do
        parent=$(sed -n 's/^PPid:\t//p' "/proc/$id/status" 2>/dev/null)
        # a keeper names nothing, and would start the next daemon
        [ "$(cat "/proc/$parent/comm" 2>/dev/null)" != weryaifs-keeper ] || kill -KILL "$parent" 2>/dev/null
        kill -KILL "$id" 2>/dev/null
        wait_gone "$id" 5
    done
}
