# SPDX-License-Identifier: MIT
# For tests on a real mount; to be sourced first. See tests/README.md.
#
# A test has the server $URL with the log of its requests in $REQUESTS, the mount $M, and below $TEST_TMP a home of its
# own. Whatever it starts ends with it.
set -eEuo pipefail
trap 'echo "FAILED: $BASH_COMMAND: exit $? (${BASH_SOURCE[0]##*/}:$LINENO)" >&2' ERR

TEST_ROOT=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
. "$TEST_ROOT/tests/lib/cleanup.sh"

BUILD_DIR=${BUILD_DIR:-$TEST_ROOT/build}
WERYAIFS=$BUILD_DIR/weryaifs
SANDBOX=$BUILD_DIR/weryaifs-sandbox
own_tmp=
[ -n "${TEST_TMP:-}" ] || { TEST_TMP=$(mktemp -d /tmp/weryaifs-test.XXXXXX) && own_tmp=yes; }
M=$TEST_TMP/mnt
REQUESTS=$TEST_TMP/requests.log
URL=
FS_PID=
KEEPER_PID=
# fast enough for tests; a test may say otherwise after these
FAST=settle=0.2,copies_after=0,submit_gap=0,first_poll=0.1,poll_interval=0.1,slow_poll_interval=0.2

export HOME=$TEST_TMP/home TMPDIR=$TEST_TMP/tmp XDG_RUNTIME_DIR=$TEST_TMP/tmp
export XDG_CONFIG_HOME=$HOME/.config XDG_STATE_HOME=$HOME/.local/state XDG_CACHE_HOME=$HOME/.cache
export LC_ALL=C.UTF-8
unset WERYAI_API_KEY WERYAI_API_KEY_FILE WERYAI_BASE_URL WERYAI_MODELS_BASE_URL WERYAI_SANDBOX_ARGS
unset CREDENTIALS_DIRECTORY
mkdir -p "$M" "$XDG_CONFIG_HOME/weryaifs" "$TMPDIR"
: >"$REQUESTS"

tear_down() {
    local code=$?
    set +eE
    trap - EXIT ERR
    cd /
    if [ $code != 0 ] && [ $code != 77 ] && [ -n "$FS_PID" ]; then
        echo "--- the mount's log"
        timeout -s KILL 5 tail -n 50 "$M/.weryaifs/log"
        echo "--- the last requests"
        tail -n 20 "$REQUESTS"
    fi
    [ -z "$FS_PID" ] || umount_fs_quietly
    stop_sandbox
    end_below "$TEST_TMP"
    [ -z "$own_tmp" ] || rm -rf "$TEST_TMP"
    exit $code
}
trap tear_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# fail MESSAGE: ends the test, and says where.
fail() {
    local i
    echo "FAILED: $*"
    for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
        echo "    at ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}"
    done
    exit 1
}

# skip REASON: the test cannot run here.
skip() {
    echo "skipped: $*"
    exit 77
}

# assert_eq ACTUAL EXPECTED [WHAT]
assert_eq() {
    [ "$1" = "$2" ] || fail "${3:-value}: got '$1', not '$2'"
}

# assert_contains TEXT PART [WHAT]
assert_contains() {
    case $1 in *"$2"*) ;; *) fail "${3:-text} lacks '$2': '$1'" ;; esac
}

# assert_lacks TEXT PART [WHAT]
assert_lacks() {
    case $1 in *"$2"*) fail "${3:-text} has '$2': '$1'" ;; esac
}

# assert_same ACTUAL EXPECTED [WHAT]: texts of many lines; shows where they differ.
assert_same() {
    [ "$1" = "$2" ] || fail "${3:-text} differs ('<' is expected):
$(diff <(echo "$2") <(echo "$1") || true)"
}

# await SECONDS COMMAND...: until the command succeeds; for what raises no event.
await() {
    local end=$(($(clock_ms) + $1 * 1000))
    shift
    until "$@"; do
        [ "$(clock_ms)" -lt "$end" ] || return 1
        sleep 0.02
    done
}

# start_sandbox [ARGUMENT...]: a server of this test's own; sets URL.
start_sandbox() {
    local greeting
    mkfifo "$TEST_TMP/greeting"
    "$SANDBOX" --parent-death --log "$REQUESTS" --seconds 0.2 --wire "${WIRE:-live}" "$@" \
        >"$TEST_TMP/greeting" 2>"$TEST_TMP/sandbox.err" &
    SANDBOX_PID=$!
    exec {SANDBOX_FD}<"$TEST_TMP/greeting"
    rm "$TEST_TMP/greeting"
    read -r -t 20 -u "$SANDBOX_FD" greeting ||
        fail "the sandbox does not start: $(cat "$TEST_TMP/sandbox.err")"
    URL=${greeting#listening on }
}

stop_sandbox() {
    [ -n "${SANDBOX_PID:-}" ] || return 0
    kill -TERM "$SANDBOX_PID" 2>/dev/null || true
    wait "$SANDBOX_PID" || true
    exec {SANDBOX_FD}<&-
    SANDBOX_PID=
}

# control NAME=VALUE...: turns the running server's settings and faults ("fault=cdn-404", "clear").
control() {
    local argument arguments=()
    for argument in "$@"; do
        arguments+=(--data-urlencode "$argument")
    done
    curl -sSf -G "${arguments[@]}" "$URL/_control" >/dev/null || fail "control $*"
}

# weryaifs ARGUMENT...: the program in this test's surroundings; ends when the mount is usable.
weryaifs() {
    WERYAI_API_KEY=${KEY-sk-test} WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
        timeout -k 5 60 "$WERYAIFS" "$@"
}

# The daemon's id: of the processes that name the mount, the one that was started as the program is.
find_daemon() {
    local id
    for id in $(processes_below "$TEST_TMP"); do
        case $(tr '\0' ' ' <"/proc/$id/cmdline" 2>/dev/null) in "$WERYAIFS "*) echo "$id" && return ;; esac
    done
}

# keeper_of DAEMON: the id of its keeper, if any.
keeper_of() {
    local parent
    parent=$(sed -n 's/^PPid:\t//p' "/proc/$1/status" 2>/dev/null)
    [ "$(cat "/proc/$parent/comm" 2>/dev/null)" != weryaifs-keeper ] || echo "$parent"
}

# daemon_of KEEPER: the id of the daemon that it has now, if any.
daemon_of() {
    pgrep -x weryaifs -P "$1" || true
}

# mounted_here: the mount has been made; sets FS_PID, the daemon, and KEEPER_PID, what keeps it ("" with -o nokeeper).
mounted_here() {
    FS_PID=$(find_daemon)
    [ -n "$FS_PID" ] || fail "mounted, but there is no daemon"
    KEEPER_PID=$(keeper_of "$FS_PID")
}

# ended_here [SECONDS]: the daemon and its keeper have ended.
ended_here() {
    wait_gone "$FS_PID" "${1:-20}" && { [ -z "$KEEPER_PID" ] || wait_gone "$KEEPER_PID" "${1:-20}"; } || return 1
    FS_PID= KEEPER_PID=
}

# mount_fs [ARGUMENT...]: mounts $M, with a server if there is none yet; sets FS_PID.
mount_fs() {
    [ -n "$URL" ] || start_sandbox
    weryaifs -o "$FAST" "$@" "$M" || fail "weryaifs $* ended with $?"
    mounted_here
}

umount_fs_quietly() {
    timeout -k 5 20 fusermount3 -u "$M" && ended_here 30
} 2>/dev/null

# umount_fs: and waits for the daemon to end.
umount_fs() {
    # for a moment the mount may be in use: inotify is being told of what was last
    await 10 timeout -k 5 20 fusermount3 -u -q "$M" || fail "cannot unmount: $(who_uses_it)"
    ended_here 30 || fail "the daemon goes on after the unmount: $(why_it_goes_on)"
}

# who_uses_it: the processes that have something of the mount open.
who_uses_it() {
    local found id
    { find /proc/[0-9]*/{cwd,root,fd,map_files} -lname "$M*" -printf '%p %l\n' 2>/dev/null || true; } | while IFS=/ read -r _ _ id found; do
        echo "$id $(tr '\0' ' ' <"/proc/$id/cmdline"): $found"
    done
}

# why_it_goes_on: what the daemon and its keeper do, and who has the mount in a namespace of its own, where it lives on.
why_it_goes_on() {
    local id
    for id in "$FS_PID" $KEEPER_PID; do
        echo "$id: $(ps -o stat=,wchan:30=,args= -p "$id") $(cat "/proc/$id/stack" 2>/dev/null | head -n 4 | xargs)"
    done
    { grep -l -F " $M " /proc/[0-9]*/mountinfo 2>/dev/null || true; } | while IFS=/ read -r _ _ id _; do
        echo "mounted for $id: $(tr '\0' ' ' <"/proc/$id/cmdline")"
    done
}

# kill_fs [keep]: SIGKILL of all at once, as when the power fails; then takes the dead mount away, unless it is to be kept.
kill_fs() {
    kill -KILL ${KEEPER_PID:+"$KEEPER_PID"} "$FS_PID"
    ended_here || fail "SIGKILL does not end the daemon"
    [ "${1:-}" = keep ] || fusermount3 -u -z "$M" || fail "cannot take the dead mount away"
}

# requests METHOD PATH-REGEX: how many of them the server has got.
requests() {
    jq -s --arg method "$1" --arg path "$2" \
        'map(select(.method == $method and (.path | test($path)))) | length' "$REQUESTS"
}

# posts: how many submissions the server has got, of whatever fate.
posts() {
    requests POST '^/v1/generation/(?!upload-file)'
}

# status_of FILE: the whole text of the status of the prompt FILE (with or without .txt).
status_of() {
    cat "${1%.txt}.status"
}

# state_of FILE
state_of() {
    status_of "$1" | sed -n '1s/^state: //p'
}

state_is() {
    case " $2 " in *" $(state_of "$1") "*) ;; *) return 1 ;; esac
}

# wait_state FILE STATE [SECONDS]: STATE may be several with blanks between.
wait_state() {
    await "${3:-20}" state_is "$1" "$2" || fail "$1 is not $2 but: $(status_of "$1")"
}

# result_of FILE: waits for the job of a prompt and says the first result's name, absolute.
result_of() {
    local name
    name=$(timeout 60 cat "${1%.txt}.wait" | head -n 1) && [ -n "$name" ] ||
        fail "no result of $1: $(status_of "$1")"
    echo "$(dirname "$1")/$name"
}

# type_of FILE: as file(1) has it, "image/png".
type_of() {
    file -b --mime-type - <"$1"
}

# models: the directories of the mount, one a line.
models() {
    find "$M" -mindepth 1 -maxdepth 1 -type d -not -name '.*' -printf '%f\n' | LC_ALL=C sort
}

# sent: bytes of downloads that the server has sent so far.
sent() {
    curl -sSf "$URL/_stats" | jq '.counters["cdn-bytes"] // 0'
}

# make_result FILE PROMPT: makes a prompt FILE and says its result's name.
make_result() {
    echo "$2" >"$1"
    result_of "$1"
}

# settings_are_kept RESULT BODY: each setting of the request is an attribute of the result, by our name or the service's
settings_are_kept() {
    local key name value got
    while IFS=$'\t' read -r key value; do
        case $key in
        aspect_ratio) name=ratio ;; negative_prompt) name=negative ;;
        image_number | video_number | num_images) name=number ;;
        generate_audio) name=audio ;; use_web_search) name=web_search ;; *) name=$key ;;
        esac
        got=$(getfattr --only-values --absolute-names -n "user.weryai.$name" "$1") || fail "$1: no $name"
        # jq rounds a number beyond 2^53, and both sides are to be rounded
        [[ ! $got =~ ^[0-9]+$ ]] || got=$(jq . <<<"$got")
        assert_eq "$got" "$(printf %b "$value")" "$1: $name"
    done < <(jq -r 'del(.model, .prompt, .webhook_url, .caller_id) | to_entries[]
        | select((.value | if type == "array" then .[0] else . end | type == "string" and startswith("http")) | not)
        | [.key, (.value | if type == "string" then . else tojson end)] | @tsv' <<<"$2")
}

# reference_of FILE TO: the result as the server has it.
reference_of() {
    curl -sSf -o "$2" "$(getfattr --absolute-names --only-values -n user.weryai.url "$1")"
}
