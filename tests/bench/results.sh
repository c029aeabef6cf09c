#!/bin/bash
# SPDX-License-Identifier: MIT
# RESULTS.md anew, from one run of everything: some fifty minutes on a machine that has nothing else to do.
# ROUNDS=N: so many of each half (1). NETS=..., CELLS=...: less than all, for who wants to see whether it works.
set -euo pipefail
cd "$(dirname "$0")"
"./matrix.py" --rounds "${ROUNDS:-1}" ${CELLS:+--cells "$CELLS"}
"./run.py" --rounds "${ROUNDS:-1}" --nets "${NETS:-lo,tls,wan,wan2}"
# one table: what the links brought behind the goals
sed -n '1,/^## Goals/{/^## Goals/!p}' RESULTS.md >RESULTS.new
sed 's/^# Links/## Links/; s/^## \(whole\|first\|pictures\|film\)/### \1/' LINKS.md >>RESULTS.new
./person.py RESULTS.new
echo >>RESULTS.new
sed -n '/^## Goals/,$p' RESULTS.md >>RESULTS.new
mv RESULTS.new RESULTS.md
rm LINKS.md
echo "$PWD/RESULTS.md"
