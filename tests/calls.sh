#!/bin/bash
# SPDX-License-Identifier: MIT
# No room of fs/ calls one above it, by the objects that were built; see tests/calls.py, which says what else it can do.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=${BUILD_DIR:-build}
tests/calls.py "$build" "$@" || exit 1
[ $# = 0 ] || exit 0

# It sees what it is there for: a call that goes up, and two files that call each other.
planted=$(mktemp -d) || exit 1
trap 'rm -rf "$planted"' EXIT
plant() { # NAME SOURCE: the object is planted/NAME.o
    printf '%s\n' "$2" | cc -x c -c -o "$planted/$1.o" - || exit 1
}
is_refused() { # SENTENCE SOURCE=OBJECT...
    local sentence=$1 said
    shift
    if said=$(tests/calls.py "$build" "$@") || ! grep -qF "$sentence" <<<"$said"; then
        echo "not told of: $sentence"
        exit 1
    fi
}
plant up 'void reply_none(void *); void planted_up(void) { reply_none(0); }'
is_refused "fs/base/up.c calls fs/mount/reply.c, which is not below it: reply_none" "fs/base/up.c=$planted/up.o"
plant one 'void planted_two(void); void planted_one(void) { planted_two(); }'
plant two 'void planted_one(void); void planted_two(void) { planted_one(); }'
is_refused "a circle of files: fs/mount/one.c fs/mount/two.c" "fs/mount/one.c=$planted/one.o" "fs/mount/two.c=$planted/two.o"
