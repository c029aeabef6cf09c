#!/bin/bash
# SPDX-License-Identifier: MIT
# Each mount option of config/options.c is one that libfuse takes, or one that is left out on the way to it.
. "$(dirname "$0")/../lib/mount.sh"

# words FUNCTION: those in its table, without the star of a prefix
words() {
    sed -n "/^static bool $1(/,/NULL};/p" "$TEST_ROOT/config/options.c" | grep -o '"[^"]*"' | tr -d '"' | sed 's/=\*$/=x/; s/\*$/x/'
}
mapfile -t kernel < <(words is_for_kernel)
mapfile -t others < <(words is_for_others)
all=("${kernel[@]}" "${others[@]}")
[ ${#all[@]} -gt 40 ] || fail "only ${#all[@]} words found: has the table another form now?"
for word in "${kernel[@]}" "$(tr ' ' , <<<"${others[*]}")"; do
    weryaifs --sandbox -o "$word" "$M" || fail "-o $word"
    mounted_here
    umount_fs
done
# what the manual says
grep -A4 '^Mount options for the kernel' "$TEST_ROOT/config/weryaifs.1" | sed -n 's/^\.Cm \(.*\) ,$/\1/p' | tr -d ' ' | tr ',' '\n' |
    while read -r word; do
        case " ${all[*]} " in *" $word "*) ;; *) fail "the manual has -o $word, which is in no table" ;; esac
    done
