#!/bin/bash
# SPDX-License-Identifier: MIT
# Every file says its licence in a line of its own, but for those that .reuse/dep5 names.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

# as in .reuse/dep5
without_a_line() {
    case $1 in
    LICENSE | config/debian/changelog | config/debian/control | config/debian/*.install | config/debian/*.lintian-overrides | config/debian/source/* | config/debian/tests/control | *.md | *.json | *.png | examples/storyboard/scenes/* | examples/pipelines/*/prompts/* | tests/data/* | tests/fuzz/corpus/*) ;;
    *) return 1 ;;
    esac
}

# an archive has no .git, but then it has nothing else either
if [ -e .git ]; then
    mapfile -t files < <(git ls-files)
else
    mapfile -t files < <(find . -type f -not -path './build*' -printf '%P\n')
fi
missing=0
for file in "${files[@]}"; do
    if [ ! -f "$file" ] || without_a_line "$file"; then
        continue
    fi
    head -n 5 "$file" | grep -q 'SPDX-License-Identifier: MIT' && continue
    echo "no line 'SPDX-License-Identifier: MIT' near the top of $file"
    missing=1
done
exit $missing
