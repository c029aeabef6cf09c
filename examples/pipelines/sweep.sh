#!/bin/bash
# SPDX-License-Identifier: MIT
# One prompt by several models in several ratios, and what each of them cost, as CSV.
#
#   MOUNT=~/weryai MODELS="FLUX QWEN" RATIOS="1:1 16:9" examples/pipelines/sweep.sh lighthouse "a lighthouse, evening" > costs.csv
#
# One after the other, and the balance is looked at after each: what it has lost is what that one cost. Made side by side, statuses
# say "at most".
set -euo pipefail
mount=${MOUNT:-$HOME/weryai} name=$1 words=$2 ended=0
cat "$mount/.weryaifs/balance" >/dev/null
echo "model,ratio,state,credits"
for model in ${MODELS:-FLUX QWEN}; do
    mkdir -p "$mount/$model/$name"
    for ratio in ${RATIOS:-1:1 16:9}; do
        prompt=$mount/$model/$name/${ratio/:/x}
        printf '%s\nratio: %s\n' "$words" "$ratio" >"$prompt.txt"
        cat "$prompt.wait" >/dev/null || ended=1
        cat "$mount/.weryaifs/balance" >/dev/null
        awk -F ': ' -v row="$model,$ratio" '{ fact[$1] = $2 } END { print row "," fact["state"] "," fact["credits"] }' "$prompt.status"
    done
done
exit $ended
