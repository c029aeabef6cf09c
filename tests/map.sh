#!/bin/bash
# SPDX-License-Identifier: MIT
# The functions and files that fs/README.md names are there.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=0
mapfile -t names < <(grep -o '`[a-z_]*_[a-z_]*\(()\)\?`' fs/README.md | tr -d '`()' | grep -v "^fuse_lowlevel" | sort -u)
[ ${#names[@]} -gt 40 ] || { echo "only ${#names[@]} names found: has the map another form now?"; exit 1; }
for name in "${names[@]}"; do
    grep -rqw --include='*.[ch]' --include='*.sh' -- "$name" fs config tests ||
        compgen -G "fs/*/$name.c" >/dev/null || { echo "fs/README.md names $name, which is nowhere"; failed=1; }
done
mapfile -t files < <(grep -oE '`(fs|config|tests)/[A-Za-z0-9_./-]+`' fs/README.md | tr -d '`' | grep -v "^fuse_lowlevel" | sort -u)
for file in "${files[@]}"; do
    [ -e "$file" ] || { echo "fs/README.md names $file, which is not there"; failed=1; }
done
exit $failed
