#!/bin/bash
# SPDX-License-Identifier: MIT
# The manuals are well formed, and name every option of weryaifs and of weryaifs-sandbox.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
build=${BUILD_DIR:-build}
command -v mandoc >/dev/null || { echo "skipped: there is no mandoc"; exit 77; }
failed=0

complain() {
    echo "$*"
    failed=1
}

for manual in config/*.[15]; do
    # other programs' manuals need not be installed where this runs, and a long line is no fault of the page
    found=$(mandoc -T lint "$manual" 2>/dev/null | grep -v -e 'referenced manual not found' -e 'text line longer than 80')
    [ -z "$found" ] || complain "$found"
done

# options PROGRAM MANUAL: every long option of --help stands in the manual, and the other way round
options() {
    local option manual help
    help=$("$1" --help)
    manual=$(sed -n '/^\.Sh DESCRIPTION/,$p' "$2" | grep '^\.It Fl')
    for option in $(sed -nE 's/^  (-[a-zA-Z], )?--([a-z0-9-]+).*/\2/p' <<<"$help"); do
        grep -qE -- "(-| , -)$option( |\$)" <<<"$manual" || complain "$2 lacks --$option"
    done
    for option in $(grep -oE -- ' (Fl )?-[a-z][a-z0-9-]+' <<<"$manual" | sed 's/.* -//'); do
        grep -q -- "--$option" <<<"$help" || complain "$2 has --$option, which --help does not know"
    done
}
options "$build/weryaifs" config/weryaifs.1
[ ! -x "$build/weryaifs-sandbox" ] || options "$build/weryaifs-sandbox" config/weryaifs-sandbox.1
exit $failed
