#!/bin/bash
# timeout: 900
# Builds without a warning with gcc and with clang.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
failed=0

for compiler in gcc clang; do
    if ! command -v $compiler >/dev/null; then
        echo "no $compiler"
        failed=1
        continue
    fi
    CC=$compiler meson setup -Dwerror=true "$directory/$compiler" >"$directory/log" 2>&1 &&
        ninja -k 0 -C "$directory/$compiler" >"$directory/log" 2>&1
    if [ $? != 0 ]; then
        echo "$compiler:"
        grep -vE '^(\[[0-9]|ninja: Entering)' "$directory/log"
        failed=1
    fi
done
exit $failed
