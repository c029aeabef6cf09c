#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Every file of fs/ and config/ compiles against musl without a warning (musl-tools). Debian has no libraries for musl, so
# that nothing is linked: their headers are those of glibc, which say the same.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
command -v musl-gcc >/dev/null || { echo "skipped: there is no musl-gcc (musl-tools)"; exit 77; }
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# musl-gcc leaves /usr/include out: the kernel's headers and those of the libraries, one by one
mkdir "$directory/include"
multiarch=$(gcc -print-multiarch)
for name in linux asm-generic asm curl sqlite3.h zlib.h zconf.h jansson.h jansson_config.h ini.h fuse3; do
    for place in "/usr/include/$multiarch/$name" "/usr/include/$name"; do
        [ -e "$place" ] && ln -s "$place" "$directory/include/$name" && break
    done
done

mapfile -t sources < <(find fs config -name '*.c' | sort)
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 16 musl-gcc -std=gnu17 -fsyntax-only -isystem "$directory/include" \
    -isystem "$directory/include/fuse3" -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 '-DWERYAIFS_VERSION="x"' '-DKEEPER_DIRECTORY="x"' -Wall -Wextra -Wshadow \
    -Wconversion -Wno-sign-conversion -Wno-unused-parameter -Wno-missing-field-initializers -Werror
