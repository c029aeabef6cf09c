#!/bin/bash
# SPDX-License-Identifier: MIT
# The map of fs/README.md holds: each library is used in one folder, calls go down only, and a few functions are not used.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=0

complain() {
    echo "$*"
    failed=1
}

# The top level is these, hidden files, and nothing else (build directories are not tracked).
if found=$(git ls-files 2>/dev/null) && [ -n "$found" ]; then
    found=$(cut -d/ -f1 <<<"$found" | sort -u | grep -vE '^(fs|config|tests|examples|meson\.build|meson_options\.txt|README\.md|LICENSE|\..*)$')
    [ -z "$found" ] || complain "these do not belong to the top level: $found"
fi

# Library headers, and the one folder that may include them.
libraries='
fs/net          <curl/
fs/store        <sqlite3|<zlib
fs/api          <jansson
fs/(mount|keeper|kept) <fuse
config          <ini.h
tests/sandbox   <microhttpd|<cairo|<libav|<libsw
'
# tests/sandbox and tests/scale have programs of their own; unit tests may look at what they test
while read -r folder pattern; do
    [ -n "$folder" ] || continue
    found=$(grep -rnE --include='*.[ch]' "#include ($pattern)" fs config tests |
        grep -vE "^($folder|tests/unit|tests/fuzz|tests/bench|tests/scale|tests/sandbox)/")
    [ -z "$found" ] || complain "only $folder may include $pattern:"$'\n'"$found"
done <<<"$libraries"
found=$(grep -rnE --include='*.[ch]' '#include <(curl/|sqlite3|fuse|ini\.h)' tests/sandbox)
[ -z "$found" ] || complain "the sandbox has libraries of the file system:"$'\n'"$found"

# Folders may include themselves and what tests/rooms.txt gives them. fs/*.c, the wiring, may include all.
while read -r folder below; do
    [ -n "$folder" ] || continue
    allowed=$(echo "$folder $below" | xargs | tr ' ' '|')
    found=$(grep -nE '#include "' "$folder"/*.[ch] | grep -vE "#include \"($allowed)/[^/]*\"")
    [ -z "$found" ] || complain "$folder may include $folder${below:+ and $below} only:"$'\n'"$found"
done < <(grep -v '^#' tests/rooms.txt)

# Calls that have a better one, by extended regular expression. Comments and strings are not looked at.
code() {
    local file
    for file in "$@"; do
        # line by line, so that numbers stay right: strings first, then comments of one line, then starred ones
        sed -E 's/"([^"\\]|\\.)*"/""/g; s:/\*([^*]|\*[^/])*\*/::g; s:/\*.*::; /^[[:space:]]*\*/s/.*//' "$file" |
            grep -nE "$pattern" | sed "s|^|$file:|"
    done
}
mapfile -t sources < <(find fs config -name '*.[ch]' | sort)
pattern='(^|[^[:alnum:]_>.])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|alloca|rand|random|sleep|usleep|system|curl_easy_perform)[[:space:]]*\('
found=$(code "${sources[@]}")
[ -z "$found" ] || complain "banned:"$'\n'"$found"

mapfile -t some < <(printf '%s\n' "${sources[@]}" | grep -v '^fs/main\.c$')
pattern='(^|[^[:alnum:]_>.])exit[[:space:]]*\('
found=$(code "${some[@]}")
[ -z "$found" ] || complain "exit() outside fs/main.c:"$'\n'"$found"

mapfile -t some < <(printf '%s\n' "${sources[@]}" | grep -vE '^fs/mount/(pending|reply)\.c$')
pattern='fuse_reply_[a-z]+[[:space:]]*\('
found=$(code "${some[@]}")
[ -z "$found" ] || complain "a reply outside fs/mount/pending.c and reply.c:"$'\n'"$found"

exit $failed
