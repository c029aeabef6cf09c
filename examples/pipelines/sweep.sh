#!/bin/bash
# SPDX-License-Identifier: MIT
# One prompt by several models in several ratios, and what each has cost, as CSV; one after the other, so that each cost is known:
#   MOUNT=~/weryai MODELS="FLUX QWEN" RATIOS="1:1 16:9" examples/pipelines/sweep.sh lighthouse "a lighthouse, evening" > costs.csv
set -euo pipefail
mount=${MOUNT:-$HOME/weryai} name=$1 words=$2 ended=0
cat "$mount/.weryaifs/balance" >/dev/null # what it has lost after a prompt is what that one cost
echo "model,ratio,state,credits"
for model in ${MODELS:-FLUX QWEN}; do
    for ratio in ${RATIOS:-1:1 16:9}; do
        prompt=$mount/$model/$name/${ratio/:/x}
        mkdir -p "${prompt%/*}" && printf '%s\nratio: %s\n' "$words" "$ratio" >"$prompt.txt"
        cat "$prompt.wait" >/dev/null || ended=1
        cat "$mount/.weryaifs/balance" >/dev/null
        awk -F ': ' -v row="$model,$ratio" '{ fact[$1] = $2 } END { print row "," fact["state"] "," fact["credits"] }' "$prompt.status"
    done
done
exit $ended
