#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 200
# A directory is backed up, lost, and put back by each tool that people use for it: no error, no submission, the same tree. A tool that
# is not installed is left out, and the test says so.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox --seconds 0.2
mount_fs -o settle=0.3
cd "$M/FLUX"
out=$TEST_TMP/out
mkdir -p "$out" set/deeper
for name in set/a set/deeper/b; do echo "a picture of ${name##*/}" >$name.txt; done
echo "two of them
number: 2" >set/pair.txt
echo "notes, no prompt" >set/notes.md
convert -size 32x32 xc:red set/mine.jpg
for name in set/a set/deeper/b set/pair; do wait_state $name SUCCESS; done
chmod 600 set/a.txt
touch -d '2026-01-02 03:04:05' set/notes.md set/a.txt

# names, modes, sizes and times of what is the user's; a status is made anew, and so is the time of a directory
tree() {
    find set -mindepth 1 -name '*.status' -printf '%P\n' -o -type d -printf '%P %m\n' -o -printf '%P %m %s %TY-%Tm-%Td %TH:%TM:%.2TS\n' | LC_ALL=C sort
    find set -type f -not -name '*.status' -exec md5sum {} + | LC_ALL=C sort -k2
}
as_it_was=$(tree)
before=$(posts)

quietly() { # COMMAND...: succeeds, and complains of nothing
    local rc=0
    timeout 100 "$@" >"$out/said" 2>"$out/complained" || rc=$?
    [ "$rc" = 0 ] && [ ! -s "$out/complained" ] || fail "$* ended with $rc: $(cat "$out/said" "$out/complained")"
}

came_back() { # TOOL
    local name
    for name in set/a set/deeper/b set/pair; do wait_state $name SUCCESS; done
    assert_same "$(tree)" "$as_it_was" "$1: the tree"
    assert_eq "$(cat set/pair.wait | xargs)" "pair-1.png pair-2.png" "$1: the results"
    assert_eq "$(getfattr --only-values -n user.weryai.prompt set/a.png)" "a picture of a" "$1: the origin of a picture"
    assert_eq "$(posts)" "$before" "$1: POSTs"
    echo "$1: the same tree"
}

have() {
    command -v "$1" >/dev/null || { echo "left out: $1 is not installed" && return 1; }
}

quietly cp -a set "$out/cp"
quietly rm -r set
quietly cp -a "$out/cp" set
came_back "cp -a"

quietly rsync -aX set/ "$out/rsync"
quietly rm -r set
quietly rsync -aX "$out/rsync/" set
came_back "rsync -aX"
quietly rsync -aX --delete "$out/rsync/" set
came_back "rsync -aX --delete over it"

quietly tar --xattrs -cf "$out/set.tar" set
quietly rm -r set
quietly tar --xattrs -xf "$out/set.tar"
came_back "tar --xattrs"

if have restic; then
    export RESTIC_PASSWORD=none RESTIC_REPOSITORY=$out/restic
    quietly restic --no-cache init
    quietly restic --no-cache backup set
    quietly rm -r set
    quietly restic --no-cache restore latest --target .
    came_back restic
fi
if have borg; then
    export BORG_REPO=$out/borg BORG_BASE_DIR=$out/borg.home
    quietly borg init -e none
    quietly borg create ::one set
    quietly rm -r set
    quietly borg extract ::one
    came_back borg
fi
if have unison; then
    export UNISON=$out/unison.home
    sync=(unison "$M/FLUX/set" "$out/unison" -batch -auto -times -perms -1 -terse -silent -confirmbigdel=false)
    mkdir "$out/unison"
    quietly "${sync[@]}"
    quietly rm -r set
    mkdir set
    # nothing is taken for a wish to remove the other side's
    quietly "${sync[@]}" -force "$out/unison"
    came_back unison
    quietly "${sync[@]}"
    came_back "unison again"
fi
cd /
umount_fs
