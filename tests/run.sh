#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds weryaifs and runs its tests; see tests/README.md.
#
#   tests/run.sh [--sanitize] [--desktop] [--jobs N] [--wire live|seed] [--no-install] [PATTERN...]
#
# --desktop: also those that drive a desktop, with the packages that they need.
# --wire: all mount tests in this dialect of the service; without it each in those that it names.
# PATTERN: only tests whose name contains one of these. BUILD_DIR: where to build. TEST_TIMEOUT: seconds
# that one test may take. The last line is "N passed, N failed", and the exit code is 0 when none failed.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
. tests/lib/install.sh
. tests/lib/cleanup.sh

usage() {
    sed -n '3,/^set/ { /^set/d; s/^# \{0,1\}//; p }' tests/run.sh
    exit "$1"
}

sanitize=no desktop=no install=yes jobs=1 wire= patterns=()
while [ $# -gt 0 ]; do
    case $1 in
    --sanitize) sanitize=yes ;;
    --desktop) desktop=yes ;;
    --no-install) install=no ;;
    --jobs) jobs=${2:?} && shift ;;
    --wire) wire=${2:?} && shift ;;
    --help | -h) usage 0 ;;
    -*) usage 2 >&2 ;;
    *) patterns+=("$1") ;;
    esac
    shift
done

fail() {
    echo "tests/run.sh: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

# Building

options=()
if [ $sanitize = yes ]; then
    # UBSan beside ASan says its sentence on stderr alone, which a daemon has none of: its signal is reported by ASan
    options=(-Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fsanitize-undefined-trap-on-error)
    export BUILD_DIR=${BUILD_DIR:-build-asan}
fi
export BUILD_DIR=${BUILD_DIR:-build}
case $BUILD_DIR in /*) ;; *) BUILD_DIR=$PWD/$BUILD_DIR ;; esac

if [ $install = yes ]; then
    mapfile -t packages < <(packages_of tests/packages.txt build test)
    install_packages "${packages[@]}" || fail "could not install the packages"
    mapfile -t packages < <([ $desktop = no ] || packages_of tests/packages.txt desktop)
    install_packages "${packages[@]}" || echo "tests/run.sh: could not install the packages of a desktop: their tests skip" >&2
fi
# a directory that was set up to build the programs only, where there was no cmocka, has no unit tests
if ! grep -qs tests/unit/test_ "$BUILD_DIR/build.ninja"; then
    [ ! -f "$BUILD_DIR/build.ninja" ] || options+=(--reconfigure)
    meson setup "$BUILD_DIR" "${options[@]}" || fail "meson could not set up $BUILD_DIR"
    grep -qs tests/unit/test_ "$BUILD_DIR/build.ninja" || fail "cmocka is missing: there would be no unit tests"
fi
ninja -C "$BUILD_DIR" || fail "the build failed"

# Running

run=$(mktemp -d "${TMPDIR:-/tmp}/weryaifs-tests.XXXXXX") || fail "no temporary directory"
chmod 711 "$run" # other users take part in some tests
results=$run/results
: >"$results"
: >"$run/left-behind"

finish() {
    end_below "$run"
    rm -rf "$run"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

wanted() {
    local pattern
    [ ${#patterns[@]} -gt 0 ] || return 0
    for pattern in "${patterns[@]}"; do
        case $1 in *"$pattern"*) return 0 ;; esac
    done
    return 1
}

# report NAME RESULT SECONDS [LOG]: one line, with the reason of what was skipped, and the log of what failed.
report() {
    local why=
    [ "$2" != skip ] || why=$(sed -n 's/^skipped: /: /p' "${4:-/dev/null}" | head -n 1)
    printf '%-6s %7ss  %s\n' "$2" "$3" "$1$why"
    echo "$2" >>"$results"
    if [ "$2" = FAIL ]; then
        sed 's/^/    | /' "${4:-/dev/null}"
        echo "    again: tests/run.sh $1"
    fi
}

# Seconds with two decimals since that clock_ms.
since() {
    local ms=$(($(clock_ms) - $1))
    printf '%d.%02d' $((ms / 1000)) $((ms % 1000 / 10))
}

run_meson_tests() {
    local name names=() line result seconds log=$BUILD_DIR/meson-logs/testlog.json
    while read -r line; do
        name=${line##* }
        wanted "$name" && names+=("$name")
    done < <(meson test -C "$BUILD_DIR" --no-rebuild --list 2>/dev/null | grep ' / ')
    [ ${#names[@]} -gt 0 ] || return 0
    rm -f "$log"
    meson test -C "$BUILD_DIR" --no-rebuild --num-processes "$(nproc)" "${names[@]}" >"$run/meson.log" 2>&1
    while IFS=$'\t' read -r name result seconds; do
        jq -r --arg name "$name" 'select(.name == $name) | .stdout, .stderr' "$log" >"$run/test.log"
        case $result in
        OK | EXPECTEDFAIL) result=ok ;;
        SKIP) result=skip ;;
        *) result=FAIL ;;
        esac
        report "${name##* }" $result "$seconds" "$run/test.log"
    done < <(jq -r '[.name, .result, (.duration * 100 | round / 100)] | @tsv' "$log")
    [ -s "$log" ] || report "meson test" FAIL 0 "$run/meson.log"
}

# note_left_behind NAME DIR: what a test that has ended should have ended itself.
note_left_behind() {
    local id
    mounts_below "$2" | sed "s|^|$1: mount |" >>"$run/left-behind"
    for id in $(processes_below "$2"); do
        echo "$1: process $id $(tr '\0' ' ' <"/proc/$id/cmdline")" >>"$run/left-behind"
    done
    find "$2/tmp" -mindepth 1 -maxdepth 1 -name 'weryaifs*' -printf "$1: directory %p\n" \
        >>"$run/left-behind"
}

# One test in a session of its own. What it waits for may be in the kernel, where no signal helps: a test that takes too
# long loses its mounts first.
run_script() {
    local script=$1 name=$2 directory=$run/$2 begin code limit=${TEST_TIMEOUT:-120} fd
    [ $sanitize = no ] || limit=$((limit * 3))
    # the comment "# timeout: N" in a test is its own limit
    code=$(sed -n 's/^# timeout: \([0-9]*\)$/\1/p' "$script" | head -n 1)
    [ -z "$code" ] || limit=$code
    mkdir -p "$directory/tmp"
    mkfifo "$directory/end"
    exec {fd}<>"$directory/end"
    begin=$(clock_ms)
    (
        export TEST_TMP=$directory TMPDIR=$directory/tmp XDG_RUNTIME_DIR=$directory/tmp
        if [ $sanitize = yes ]; then
            # the tracer of the leak check may not look at a process that is not dumpable
            [ "$(id -u)" = 0 ] && leaks=1 || leaks=0
            export ASAN_OPTIONS=detect_leaks=$leaks:handle_sigill=1:log_path=$directory/sanitizer
            export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:log_path=$directory/sanitizer
        fi
        setsid -w bash -c 'echo $$ >"$TEST_TMP/session"; exec "$0"' "$script" \
            </dev/null >>"$directory/log" 2>&1 {fd}>&-
        echo $? >&"$fd"
    ) &
    if ! read -r -t "$limit" -u "$fd" code; then
        {
            echo "not finished after $limit s; what was running:"
            processes_below "$directory" | xargs -r ps -o pid,stat,wchan:20,args -p
        } >>"$directory/log"
        code=timeout
        end_below "$directory"
        pkill -KILL -s "$(cat "$directory/session")"
        read -r -t 20 -u "$fd" _
    fi
    exec {fd}>&-
    note_left_behind "$name" "$directory"
    end_below "$directory"
    if compgen -G "$directory/sanitizer.*" >/dev/null; then
        cat "$directory"/sanitizer.* >>"$directory/log"
        code=sanitizer
    fi
    case $code in
    0) report "$name" ok "$(since "$begin")" ;;
    77) report "$name" skip "$(since "$begin")" "$directory/log" ;;
    *) report "$name" FAIL "$(since "$begin")" "$directory/log" ;;
    esac
    rm -rf "$directory"
}

run_scripts() {
    local script name dialect dialects scripts=(tests/*.sh tests/mount/*.sh tests/sandbox/check.py)
    [ $desktop = no ] || scripts+=(tests/desktop/desktop_*.sh)
    for script in "${scripts[@]}"; do
        name=${script##*/} name=${name%.sh}
        [ "$name" != check.py ] || name=sandbox
        [ "$name" != run ] && [ -x "$script" ] && wanted "$name" || continue
        # the comment "# wires: live seed" in a test: it is run in both dialects of the service
        dialects=$(sed -n 's/^# wires: //p' "$script" | head -n 1)
        for dialect in ${wire:-${dialects:-live}}; do
            while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
                wait -n
            done
            if [ "$jobs" -gt 1 ]; then
                WIRE=$dialect run_script "$PWD/$script" "$name${dialects:+.$dialect}" &
            else
                WIRE=$dialect run_script "$PWD/$script" "$name${dialects:+.$dialect}"
            fi
        done
    done
    wait
}

check_left_behind() {
    local result=ok
    [ ! -s "$run/left-behind" ] || result=FAIL
    report nothing_is_left_behind $result 0.00 "$run/left-behind"
}

count() {
    grep -c "^$1\$" "$results"
}

run_meson_tests
run_scripts
[ -s "$results" ] || fail "no test has a name like: ${patterns[*]}"
check_left_behind

passed=$(count ok) failed=$(count FAIL) skipped=$(count skip)
finish
trap - EXIT
[ "$skipped" = 0 ] && skipped= || skipped=", $skipped skipped"
echo "$passed passed, $failed failed$skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
