#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# What tools do with a tree of prompts costs what its texts say, and nothing more: git, hg, rsync, unison, Syncthing, tar, vim, the
# ways of VS Code and LibreOffice, a data set of captions, autosave. The POSTs of each are counted. PAID_TOOLS: only these.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o settle=0.5,copies_after=4,settle_max=6,max_active=50
export HOME=$TEST_TMP/home
mkdir -p "$HOME"

# What settles and copies that wait included; what ended badly, as a text in conflict, is not this test's.
all_end() { cat "$M/.weryaifs/wait" >"$TEST_TMP/ends" 2>&1 || true; }

# costs COUNT: so many submissions have words of this tool's; each text on its own line of what is sent begins with its name.
costs() {
    all_end
    local count
    count=$(jq -s --arg tool "$tool" '[.[] | select(.method == "POST" and (.body.prompt // "" | startswith($tool + " ")))] | length' "$REQUESTS")
    [ "$count" = "$1" ] || fail "$tool: $count POSTs, not $1${2:+, after $2}: $(ls -AR "$at" | tr "\n" " ") $(cat "$TEST_TMP/ends")"
}

# begin TOOL PROGRAM: three prompts of its own in $at, bought.
begin() {
    tool=$1 at=$M/FLUX/$1 out=$TEST_TMP/$1
    command -v "$2" >/dev/null || { echo "left out: $tool ($2 is not installed)" && return 1; }
    [ -z "${PAID_TOOLS:-}" ] || [[ " $PAID_TOOLS " = *" $tool "* ]] || return 1
    mkdir -p "$at" "$out"
    cd "$at" || return 1
    for name in one two three; do
        echo "$tool has a picture of $name" >"$name.txt"
    done
    costs 3 "three prompts"
}

git_changes() {
    begin git git || return 0
    local git=(git -c user.name=x -c user.email=x@x -c advice.detachedHead=false)
    printf '*.png\n*.status\n' >.gitignore
    git init -q -b main && git add . && "${git[@]}" commit -qm one
    git checkout -q -b other
    sed -i s/two/2/ two.txt && git mv three.txt drei.txt && "${git[@]}" commit -qam two
    costs 4 "a commit of another text, and a rename"
    git checkout -q main && all_end && git checkout -q other && git checkout -q main
    costs 4 "check-outs"
    sed -i s/one/stashed/ one.txt
    costs 5 "an edit"
    "${git[@]}" stash -q && all_end && "${git[@]}" stash pop -q && all_end && git checkout -q one.txt
    costs 5 "a stash"
    sed -i s/two/zwei/ two.txt && "${git[@]}" commit -qam three
    costs 6 "a third text"
    "${git[@]}" merge other >/dev/null 2>&1 && fail "git: no conflict"
    costs 6 "conflict markers"
    git checkout -q --theirs two.txt && git add two.txt && "${git[@]}" commit -qm merged
    costs 6 "the other side, which was bought"
    rm ./*.txt && git reset -q --hard
    costs 6 "a reset"
    "${git[@]}" rebase -q main~1 >/dev/null 2>&1 || git rebase --abort
    costs 6 "a rebase"
}

hg_changes() {
    begin hg hg || return 0
    export HGUSER=x HGEDITOR=true
    printf 'syntax: glob\n*.png\n*.status\n' >.hgignore
    hg init && hg add -q && hg commit -m one
    sed -i s/two/2/ two.txt && hg mv -q three.txt drei.txt && hg commit -m two
    costs 4 "another text, and a rename"
    hg update -q 0 && all_end && hg update -q 1 && hg update -q 0 && hg update -q -C 1
    costs 4 "updates"
    echo "hg has words that go" >one.txt && costs 5 "an edit"
    hg revert -q one.txt && rm ./*.txt && hg revert -q --all
    costs 5 "a revert"
}

rsync_changes() {
    begin rsync rsync || return 0
    mkdir "$out/source" && cp one.txt two.txt three.txt "$out/source"
    rsync -a "$out/source/" ./
    costs 3 "the same with other times"
    mv "$out/source/three.txt" "$out/source/drei.txt"
    rsync -a --delete --exclude '*.png' "$out/source/" ./
    costs 3 "a rename at the source"
    mv "$out/source/drei.txt" "$out/source/3.txt"
    rsync -a --delete-after --backup --suffix=.old --exclude '*.png' "$out/source/" ./
    touch "$out/source"/*
    rsync -a --inplace "$out/source/" ./
    costs 3 "another one, with backups and in place"
    sed -i s/two/2/ "$out/source/two.txt" && rsync -a --checksum --partial-dir=.rsync-partial "$out/source/" ./
    costs 4 "another text"
}

unison_changes() {
    begin unison unison || return 0
    local sync=(unison -batch -silent -ignore 'Name {*.png,*.status}' "$at" "$out/copy")
    "${sync[@]}" || fail "unison: $?"
    mv "$out/copy/three.txt" "$out/copy/drei.txt" && "${sync[@]}"
    costs 3 "a rename at the other side"
    sed -i s/two/2/ "$out/copy/two.txt" && "${sync[@]}"
    costs 4 "another text of the other side"
    echo "unison has a picture of two" >two.txt && all_end && "${sync[@]}"
    rm "$out/copy/one.txt" && "${sync[@]}" && echo "unison has a picture of one" >"$out/copy/one.txt" && "${sync[@]}"
    costs 4 "back again"
}

# device NAME FOLDER PORT OTHER_ID OTHER_PORT: its configuration, with nobody else in the world
device() {
    cat >"$out/$1/config.xml" <<END
<configuration version="36">
<folder id="prompts" path="$2" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="1" ignorePerms="true">
<device id="$(syncthing --device-id --home="$out/$1")"/><device id="$4"/><minDiskFree unit="%">0</minDiskFree></folder>
<device id="$4" name="other"><address>tcp://127.0.0.1:$5</address></device>
<gui enabled="true" tls="false"><address>127.0.0.1:$(($3 + 1))</address><apikey>k</apikey></gui>
<options><listenAddress>tcp://127.0.0.1:$3</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>
<localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled><urAccepted>-1</urAccepted>
<startBrowser>false</startBrowser><autoUpgradeIntervalH>0</autoUpgradeIntervalH><reconnectionIntervalS>1</reconnectionIntervalS></options>
</configuration>
END
    STNOUPGRADE=1 syncthing serve --home="$out/$1" --no-browser --no-restart >"$out/$1.log" 2>&1 &
    devices+=($!)
}

scan() { curl -sf -X POST -H 'X-API-Key: k' "http://127.0.0.1:$(($1 + 1))/rest/db/scan?folder=prompts" >/dev/null; }
says() { grep -qs "$2" "$1"; }

syncthing_changes() {
    begin syncthing syncthing || return 0
    local devices=() here there port other
    mkdir -p "$out/far" "$out/far/.stfolder" .stfolder
    printf '*.png\n*.status\n' | tee .stignore >"$out/far/.stignore"
    for name in a b; do
        syncthing generate --home="$out/$name" >/dev/null 2>&1 || fail "syncthing generate"
    done
    here=$(syncthing --device-id --home="$out/a") there=$(syncthing --device-id --home="$out/b")
    port=$(python3 -c 'import socket as s; a = [s.socket() for _ in range(2)]; [x.bind(("127.0.0.1", 0)) for x in a]; print(min(x.getsockname()[1] for x in a) & ~3)')
    other=$((port + 2))
    device a "$at" "$port" "$there" "$other"
    device b "$out/far" "$other" "$here" "$port"
    await 60 test -e "$out/far/one.txt" || fail "syncthing: $(tail -3 "$out"/[ab].log)"
    await 30 test -e "$out/far/three.txt"
    await 20 scan "$other" || fail "syncthing does not answer"
    mv "$out/far/three.txt" "$out/far/drei.txt" && scan "$other"
    await 30 test -e drei.txt && await 30 test ! -e three.txt || fail "no rename"
    costs 3 "a rename on the other device"
    sed -i s/two/2/ two.txt && scan "$port"
    await 30 says "$out/far/two.txt" 2 || fail "no text of ours"
    costs 4 "another text"
    echo "syncthing has a picture of two" >"$out/far/two.txt" && scan "$other"
    await 30 says two.txt two || fail "no text of the other device"
    costs 4 "back on the other device"
    kill "${devices[@]}" && wait "${devices[@]}"
}

tar_changes() {
    begin tar tar || return 0
    tar -cf "$out/t.tar" . && rm -r ./* && tar -xf "$out/t.tar"
    costs 3 "removed and unpacked"
    tar -xf "$out/t.tar" && mkdir moved && mv ./*.txt moved && tar -xf "$out/t.tar" --exclude '*.png'
    costs 6 "three that were moved, and the same unpacked once more beside them: three copies"
}

vim_changes() {
    begin vim vim || return 0
    local way
    for way in "set backupcopy=no" "set backupcopy=yes" "set writebackup backup" "set nobackup nowritebackup"; do
        vim -Nu NONE -es -c "$way" -c 'normal A ' -c w -c 's/ $//' -c wq one.txt </dev/null
    done
    costs 3 "saved eight times"
    vim -Nu NONE -es -c '%s/two/2/' -c wq two.txt </dev/null && all_end
    vim -Nu NONE -es -c '%s/2/two/' -c wq two.txt </dev/null
    costs 4 "changed and back"
}

# files.writeFile of VS Code: truncated in place with a sync; and what it does for its atomic files.
code_changes() {
    begin code python3 || return 0
    cat >"$out/save.py" <<'END'
import os, sys
path, text, atomic = sys.argv[1], sys.argv[2].encode() + b"\n", sys.argv[3:] == ["atomic"]
name = path + ".vsctmp" if atomic else path
fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
os.write(fd, text)
os.fdatasync(fd)
os.close(fd)
if atomic:
    os.rename(name, path)
END
    for way in "" atomic; do
        python3 "$out/save.py" one.txt "code has a picture of one" $way
        python3 "$out/save.py" two.txt "code has a picture of 2" $way && all_end
        python3 "$out/save.py" two.txt "code has a picture of two" $way
        all_end
    done
    costs 4 "saved in both ways, changed and back"
}

# LibreOffice, as strace shows it of Writer 7.4: the text is held open for writing, beside a lock file; the new one is written to a file of
# another name, renamed onto it, and opened for writing again, which nothing is written to. Where it is installed, itself too.
office_changes() {
    begin office python3 || return 0
    cat >"$out/office.py" <<'END'
import os, sys
RDWR, NEW = os.O_RDWR, os.O_RDWR | os.O_CREAT | os.O_EXCL
path, text = sys.argv[1], b"\xef\xbb\xbf" + sys.argv[2].encode() + b"\n"
held = os.open(path, RDWR)
lock = os.open(f".~lock.{path}#", NEW, 0o666)
os.write(lock, b",x,host,,;")
os.close(lock)
new = os.open("lu4711abc.tmp", NEW, 0o600)
again = os.open("lu4711abc.tmp", os.O_RDWR | os.O_CREAT, 0o666)
os.write(again, text)
os.close(again)
os.close(new)
try:
    os.close(os.open(path, NEW, 0o666))
except FileExistsError:
    os.rename("lu4711abc.tmp", path)
os.close(held)
for _ in range(2):
    os.close(os.open(path, RDWR))
os.unlink(f".~lock.{path}#")
END
    for text in "office has a picture of one" "office has a picture of 1" "office has a picture of one"; do
        python3 "$out/office.py" one.txt "$text"
        all_end
    done
    costs 4 "changed and back"
    command -v soffice >/dev/null || return 0
    cp two.txt "$out/two.txt"
    timeout 60 soffice --headless "-env:UserInstallation=file://$out/profile" --convert-to txt:Text --outdir "$at" "$out/two.txt" \
        >/dev/null 2>&1 || echo "left out: soffice does not start here"
    costs 4 "its own way of saving"
}

captions() {
    begin captions python3 || return 0
    mkdir set
    for number in 1 2 3; do
        printf '\x89PNG\r\n\x1a\n%s' $number >set/img_$number.png
        echo "captions has a woman in a red hat, $number" >set/img_$number.txt
    done
    costs 3 "a data set"
    cp -r set other && mv set moved && rsync -a other/ third
    costs 3 "copies of it"
}

autosave() {
    begin autosave python3 || return 0
    local text="autosave has a portrait" word
    control seconds=8
    for word in of a woman with a red hat today; do
        text+=" $word"
        echo "$text" >portrait.txt
        sleep 1
    done
    control seconds=0.2
    all_end
    local count
    count=$(jq -s '[.[] | select(.method == "POST" and (.body.prompt // "" | startswith("autosave has a portrait")))] | length' "$REQUESTS")
    [ "$count" -le 4 ] || fail "autosave: $count jobs of eight saves"
    [ "$(jq -s --arg text "$text" '[.[] | select(.method == "POST" and .body.prompt == $text)] | length' "$REQUESTS")" = 1 ] ||
        fail "autosave: the last text"
}

for change in git_changes hg_changes rsync_changes unison_changes syncthing_changes tar_changes vim_changes code_changes office_changes captions autosave; do
    began=$(clock_ms)
    "$change"
    cd / || exit 1
    echo "$change: $(($(clock_ms) - began)) ms"
done
cd /
umount_fs
