#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 900
# Builds without a warning with gcc and with clang, as a whole and as a distribution without ffmpeg and cairo would.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
failed=0

# build COMPILER OPTION...
build() {
    local compiler=$1
    shift
    if ! command -v "$compiler" >/dev/null; then
        echo "no $compiler"
        return 1
    fi
    rm -rf "$directory/build"
    CC=$compiler meson setup -Dwerror=true "$@" "$directory/build" >"$directory/log" 2>&1 &&
        ninja -k 0 -C "$directory/build" >"$directory/log" 2>&1 && return
    echo "$compiler $*:"
    grep -vE '^(\[[0-9]|ninja: Entering)' "$directory/log"
    return 1
}

build gcc || failed=1
build clang || failed=1
build gcc -Dsandbox=disabled -Dtests=disabled -Dfuzz=disabled || failed=1
[ ! -e "$directory/build/weryaifs-sandbox" ] || { echo "-Dsandbox=disabled builds it"; failed=1; }
exit $failed
