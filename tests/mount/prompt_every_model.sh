#!/bin/bash
# SPDX-License-Identifier: MIT
# wires: live seed
# timeout: 300
# Every directory of the mount makes something, or says why not; and takes what the documents say (tests/data/models.tsv, by hand).
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --max-active 200 --seconds 0.05
mount_fs -o max_active=200

directories=$(models | xargs)
for directory in $directories; do
    echo "a lighthouse at night" >"$M/$directory/light.txt"
done

made=0 refused=0
for directory in $directories; do
    prompt=$M/$directory/light.txt
    wait_state "$prompt" "SUCCESS INVALID" 60
    if [ "$(state_of "$prompt")" = SUCCESS ]; then
        type=$(type_of "$(result_of "$prompt")")
        case $type in image/* | video/*) ;; *) fail "$directory made $type" ;; esac
        case $directory in *.video) assert_eq "${type%/*}" video "what $directory made" ;; esac
        made=$((made + 1))
    else
        # a model that makes something of pictures only, or a tool that wants more than a text
        grep -qE "^error: .*(image|needs a line|takes no text)" <(status_of "$prompt") ||
            fail "why $directory refuses: $(status_of "$prompt")"
        refused=$((refused + 1))
    fi
done
echo "$made made, $refused refused"
assert_eq "$(posts)" "$made" posts
[ "$made" -ge 40 ] || fail "only $made of $(wc -w <<<"$directories") models made something"

# --- the documents' facts: what is sent is the same whatever the dialect of the answers
if [ "${WIRE:-live}" != live ]; then
    umount_fs
    exit 0
fi

# inputs_of ENDPOINT: the lines that choose it
inputs_of() {
    case $1 in
    image-to-image | image-to-video) echo "image: https://example.org/p.png" ;;
    almighty-reference-to-video) echo "video: https://example.org/v.mp4" ;;
    esac
}

# listed COLUMN: the values that it lists, one a line
listed() {
    sed 's/[*?]//g' <<<"$1" | tr ' ' '\n' | sed '/^$/d; s/^\([0-9]*\)\.\.\([0-9]*\)$/seq \1 \2/e'
}

# default COLUMN: what is sent where a prompt says nothing, if anything
default() {
    case $1 in
    *..*) echo "${1%%..*}" ;;
    *\**) grep -o '[^ ]*\*' <<<"$1" | tr -d '*' ;;
    esac
}

rows=()
while IFS= read -r row; do
    rows+=("$row")
done < <(grep -v '^#' "$TEST_ROOT/tests/data/models.tsv")
[ "$(printf '%s\n' "${rows[@]}" | cut -f1 | sort -u | wc -l)" -ge 30 ] || fail "facts of fewer than 30 models"

# one prompt as it is, which is sent (and fails: what it would have made is not of interest), and one a setting with a value that no
# model has
for i in "${!rows[@]}"; do
    IFS=$'\t' read -r directory endpoint ratios durations resolutions <<<"${rows[i]}"
    prompt=$(echo "row $i [[task-fail]]" && inputs_of "$endpoint")
    echo "$prompt" >"$M/$directory/row$i.txt"
    for setting in "ratio=$ratios=7:5" "duration=$durations=99" "resolution=$resolutions=7k"; do
        IFS='=' read -r key list odd <<<"$setting"
        [ "$list" = . ] || printf '%s\n%s: %s\ndry run: yes\n' "$prompt" "$key" "$odd" >"$M/$directory/row$i-$key.txt"
    done
done

for i in "${!rows[@]}"; do
    wait_state "$M/${rows[i]%%$'\t'*}/row$i" "FAILED INVALID UNKNOWN" 60
done
declare -A sent
while IFS=$'\t' read -r prompt what; do
    sent[$prompt]=$what
done < <(jq -r 'select(.method == "POST" and (.body.prompt // "" | startswith("row "))) | [.body.prompt,
    "\(.path | sub(".*/"; "")) ratio=\(.body.aspect_ratio // "") duration=\(.body.duration // "") resolution=\(.body.resolution // "")"] | @tsv' "$REQUESTS")

wrong=0 compared=0
for i in "${!rows[@]}"; do
    IFS=$'\t' read -r directory endpoint ratios durations resolutions <<<"${rows[i]}"
    want="$endpoint ratio=$(default "$ratios") duration=$(default "$durations") resolution=$(default "$resolutions")"
    got=${sent["row $i [[task-fail]]"]-nothing}
    [ "$got" = "$want" ] || { echo "WRONG $directory: $got, not $want" && wrong=$((wrong + 1)); }
    for setting in "ratio=$ratios" "duration=$durations" "resolution=$resolutions"; do
        IFS='=' read -r key list <<<"$setting"
        file=$M/$directory/row$i-$key
        [ "$list" != . ] || continue
        wait_state "$file" "INVALID HELD"
        said=$(status_of "$file" | sed -n 's/^error: line [0-9]*: //p')
        case $list in
        *\?*) want= ;;
        -) want="$key: ${directory%.video} has no such setting in $endpoint" ;;
        *) want=$(listed "$list" | LC_ALL=C sort | xargs) ;;
        esac
        case $list in
        *\?* | -) right=${said%%;*} ;;
        *) right=$(sed 's/.* takes: //' <<<"$said" | tr -d ' ' | tr ',' '\n' | sed 's/^\([0-9]*\)-\([0-9]*\)$/seq \1 \2/e' | LC_ALL=C sort | xargs) ;;
        esac
        compared=$((compared + 1))
        [ "$right" = "$want" ] || { echo "WRONG $directory ($endpoint) $key: '$said' is not about: $want" && wrong=$((wrong + 1)); }
    done
done
echo "${#rows[@]} rows of facts, $compared settings, $wrong wrong"
assert_eq "$wrong" 0 "facts that differ"
umount_fs
