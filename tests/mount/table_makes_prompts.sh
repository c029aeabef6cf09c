#!/bin/bash
# SPDX-License-Identifier: MIT
# A table in a model's directory makes a prompt of each row: once, whatever is changed in it, by whom it is saved, and when the daemon dies.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o settle=0.2,submissions_per_day=0

sets=$M/FLUX/sets
rows=${TABLE_ROWS:-60} # of the large one
wait_table() { # STATE [FILE]
    await $((30 + rows / 10)) table_is "$@" || fail "the table is: $(cat "${2:-$sets.csv}.status")"
}
table_is() {
    [ "$(sed -n '1s/^state: //p' "${2:-$sets.csv}.status" 2>/dev/null)" = "$1" ]
}

mkdir "$M/FLUX/heard"
inotifywait -m -r -e create,delete,moved_from,moved_to --format '%e %w%f' "$M/FLUX" >"$TEST_TMP/events" 2>"$TEST_TMP/watch.err" &
WATCH_PID=$!
await 10 grep -q established "$TEST_TMP/watch.err" || fail "inotifywait does not start"

# as spreadsheets write it: a BOM, CRLF, quotes; the rows that are wrong are told of by their lines and cost nothing
printf '\xef\xbb\xbfname,ratio,prompt\r\nfox,16:9,"a fox, ""red"",\r\nin the snow"\r\nowl,,an owl\r\nbad,17:3,a bad one\r\n,,no name\r\n' >"$sets.csv"
wait_table INVALID
cat "$sets/fox.wait" "$sets/owl.wait" >/dev/null
assert_eq "$(posts)" 2 "posts of two rows"
assert_eq "$(cat "$sets/fox.txt")" $'ratio: 16:9\na fox, "red",\nin the snow' "text of a row"
assert_contains "$(cat "$sets.csv.status")" "line 5, bad: line 1: ratio '17:3'"
assert_contains "$(cat "$sets.csv.status")" "line 6: it has no name"
assert_eq "$(stat -c %s "$sets.csv.status")" "$(wc -c <"$sets.csv.status")" "size of the status"
ls "$M/FLUX" | grep -qx sets.csv.status

# file managers hear of a new directory, and of what is made in one that they show
heard() { # LINE
    await 10 grep -qxF "$1" "$TEST_TMP/events" || fail "not told: $1: $(cat "$TEST_TMP/events")"
}
printf 'name,prompt\near,"dry run: yes\nan ear"\n' >"$M/FLUX/heard.csv"
heard "CREATE,ISDIR $sets"
heard "CREATE $M/FLUX/heard.csv.status"
heard "CREATE $M/FLUX/heard/ear.txt"
heard "CREATE $M/FLUX/heard/ear.status"
# of a row that gets another name, too: the old names go, the new ones come
printf 'name,prompt\nhorn,"dry run: yes\nan ear"\n' >"$M/FLUX/heard.csv"
heard "CREATE $M/FLUX/heard/horn.txt"
heard "CREATE $M/FLUX/heard/horn.status"
heard "DELETE $M/FLUX/heard/ear.status"
heard "DELETE $M/FLUX/heard/ear.txt"
kill "$WATCH_PID"
wait "$WATCH_PID" || true

# saved again by rename, beside a lock file: nothing; any other table of numbers is a plain file
echo ",user,host,$(date)" >"$M/FLUX/.~lock.sets.csv#"
# as LibreOffice 7.4 saves it: each text in quotes, and 16:9 taken for a time of day
(umask 077 && printf '"name","ratio","prompt"\n"fox",04:09:00 PM,"a fox, ""red"",\nin the snow"\n"owl",,"an owl"\n' >"$M/FLUX/lu8x.tmp")
mv "$M/FLUX/lu8x.tmp" "$sets.csv"
rm "$M/FLUX/.~lock.sets.csv#"
printf 'name,price\nfox,3\n' >"$M/FLUX/prices.csv"
wait_table SUCCESS
cat "$M/FLUX/.wait" >/dev/null
[ ! -e "$M/FLUX/prices.csv.status" ] || fail "a table of prices has a status"

# a changed row, a removed row, a row that gets another name, one before all others
printf 'name,prompt\nfirst,a new one\nbird,an owl\nfox,a blue fox\n' >"$sets.csv"
wait_table SUCCESS
cat "$M/FLUX/.wait" >"$TEST_TMP/report"
assert_eq "$(posts)" 4 "posts: the new one and the changed one"
assert_eq "$(cut -f 2 "$TEST_TMP/report" | grep ^sets/ | sort | tr '\n' ' ')" "sets/bird.txt sets/first.txt sets/fox.txt " "prompts"

# what was edited by hand is the table's no longer
echo "a fox of mine" >"$sets/fox.txt"
cat "$sets/fox.wait" >/dev/null
assert_contains "$(status_of "$sets/fox")" "edited by hand"
printf 'name,prompt\nfirst,a new one\nbird,an owl\nfox,a green fox\n' >"$sets.csv"
wait_table SUCCESS
assert_contains "$(cat "$sets.csv.status")" "line 4, fox: its prompt was edited by hand"
assert_eq "$(cat "$sets/fox.txt")" "a fox of mine" "text"
assert_eq "$(posts)" 5 posts

# more than ask_above results are asked about first; a kill in the midst of the making, and none is made twice
mkdir "$M/FLUX/deep"
many=$M/FLUX/deep/many
{
    echo name,prompt
    for i in $(seq "$rows"); do
        echo "n$i,\"picture $i, of many\""
    done
} >"$many.csv"
wait_table HELD "$many.csv"
assert_contains "$(cat "$many.csv.status")" "$rows new results, more than ask_above (50)"
assert_eq "$(posts)" 5 "posts while it is held"
echo submit >"$many.csv.status"
await $((20 + rows / 10)) [ -e "$many/n$((rows / 2)).txt" ]
kill_fs
mount_fs -o settle=0.2,submissions_per_day=0
wait_table SUCCESS "$many.csv"
# the one whose answer was on its way at the kill is UNKNOWN, and is never sent again by itself
cat "$M/FLUX/deep/.wait" >"$TEST_TMP/report" || grep -q ^UNKNOWN "$TEST_TMP/report"
unknown=$(grep -c ^UNKNOWN "$TEST_TMP/report" || true)
[ "$unknown" -le 1 ] || fail "$unknown rows are UNKNOWN"
assert_eq "$(grep -c ^SUCCESS "$TEST_TMP/report")" $((rows - unknown)) "rows that have succeeded"
sent=$(posts)
[ "$sent" -le $((rows + 5)) ] && [ "$sent" -ge $((rows + 5 - unknown)) ] || fail "$sent posts of $rows rows and 5 before, $unknown UNKNOWN"
[ "$rows" = 60 ] || echo "$rows rows: $((sent - 5)) posts, $unknown UNKNOWN"

# renamed, it takes its prompts along
mv "$many.csv" "$M/FLUX/deep/more.csv"
wait_table SUCCESS "$M/FLUX/deep/more.csv"
[ -e "$M/FLUX/deep/more/n$rows.png" ] && [ ! -e "$many" ] || fail "its directory has stayed behind"
cat "$M/.weryaifs/wait" >/dev/null
assert_eq "$(posts)" "$sent" posts
rm -r "$M/FLUX/deep/more.csv" "$M/FLUX/deep/more"
umount_fs
