#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# Every file of fs/ and config/ compiles against musl without a warning, and the unit tests of base and of the pure rooms pass (musl-tools).
# Debian has no libraries for musl: their headers are those of glibc, which say the same, jansson's archive is glibc's
# (tests/musl/fortified.c), and a page of tests/musl is cmocka. What asks libcurl is left out.
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
    -Wconversion -Wno-sign-conversion -Wno-unused-parameter -Wno-missing-field-initializers -Werror || exit 1

# the pure rooms, and their tests, by the lists of meson.build

multiarch_lib=/usr/lib/$multiarch
[ -e "$multiarch_lib/libjansson.a" ] || { echo "no unit tests: there is no libjansson.a" && exit 0; }
flags=(-std=gnu17 -w -isystem "$directory/include" -Itests/musl -Itests/unit -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 '-DWERYAIFS_VERSION="x"')
mkdir "$directory/o"
compile() {
    local object=$directory/o/${1//\//_}.o
    musl-gcc "${flags[@]}" -c "$1" -o "$object"
}
for source in fs/{base,net,api,media,model,prompt}/*.c tests/musl/fortified.c tests/unit/prompt_probe.c; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || exit 1; done
    compile "$source" &
done
for job in $(jobs -p); do wait "$job" || exit 1; done
ar rcs "$directory/rooms.a" "$directory"/o/*.o || exit 1

ran=0
export SOURCE_ROOT=$PWD
for name in $(sed -n "s/^    '\([a-z0-9_]*\)': \(base\|api\|media\|model\|prompt\)_dep,/\1/p" tests/unit/meson.build); do
    case $name in prompt_path | client | trace) continue ;; esac # by libcurl
    musl-gcc "${flags[@]}" -static "tests/unit/test_$name.c" "$directory/rooms.a" "$multiarch_lib/libjansson.a" "$directory/rooms.a" \
        -o "$directory/test" && timeout 60 "$directory/test" >/dev/null || { echo "FAILED with musl: test_$name" && exit 1; }
    ran=$((ran + 1))
done
echo "$ran unit tests passed with musl"
[ "$ran" -ge 25 ]
