#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever a server does to a download, a reader gets the file's own bytes or an error, never others.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o stall_timeout=0.4,cache="${CACHE:-yes}"
mkdir "$M/FLUX/faults"

# source_of FILE: the address that it came from
source_of() {
    getfattr --absolute-names --only-values -n user.weryai.url "$1"
}

# same FILE REFERENCE WHAT: all of it is right
same() {
    cmp "$1" "$2" || fail "$3: other bytes"
}

# read_under OUTCOME FAULT...: reads a new file of 3 MB while the server has the faults. OUTCOME is "ok", or "any" where
# an error is as good as the right bytes.
number=0
read_under() {
    local outcome=$1 file reference code=0
    shift
    number=$((number + 1))
    echo "fox $number [[bytes=3000000]]" >"$M/FLUX/faults/f$number.txt"
    file=$(result_of "$M/FLUX/faults/f$number.txt")
    reference=$TEST_TMP/reference
    curl -sSf -o "$reference" "$(source_of "$file")"
    control "${@/#/fault=}"
    begin=$(($(date +%s%N) / 1000000))
    timeout 60 cat "$file" >"$TEST_TMP/read" 2>"$TEST_TMP/error" || code=$?
    control clear=
    [ $code -lt 124 ] || fail "$*: the read hangs"
    if [ $code != 0 ]; then
        [ "$outcome" = any ] || fail "$*: $(cat "$TEST_TMP/error")"
        cmp -n "$(stat -c %s "$TEST_TMP/read")" "$TEST_TMP/read" "$reference" || fail "$*: wrong bytes before the error"
    else
        same "$TEST_TMP/read" "$reference" "$*"
    fi
    echo "$(($(date +%s%N) / 1000000 - begin)) ms: $*"
    # the server is well again: so is the file, unless it is another one now
    case $* in cdn-changed*) return ;; esac
    same "$file" "$reference" "after $*"
}

read_under ok cdn-reset-once=700000
read_under ok cdn-reset=900000
read_under ok cdn-stall-once=300000
read_under ok cdn-stall=1000000
read_under ok cdn-badlength
read_under ok cdn-shortlength:1:2
read_under ok cdn-norange
read_under ok cdn-nolength
read_under ok cdn-norange cdn-reset-once=2000000
read_under ok cdn-404:1:1
read_under ok cdn-403:1:1
read_under ok cdn-500-once
read_under ok cdn-redirect
read_under ok no-etag
read_under any cdn-changed
read_under any cdn-html
read_under any cdn-empty:1:2
read_under any cdn-404
read_under any cdn-redirect-file
# a fault in each of many transfers
read_under ok cdn-reset=400000:0.5 cdn-500-once
umount_fs
