#!/bin/bash
# SPDX-License-Identifier: MIT
# From a bare Debian 12 or 13 to a picture made by a file: installs what is missing, builds, mounts the sandbox (no key,
# no network, nothing is charged), writes a prompt, and shows what becomes of it. The mount stays usable.
#
#   examples/quickstart.sh [MOUNTPOINT]      default: ~/weryai
set -euo pipefail
mount=${1:-$HOME/weryai}
case $mount in
-*) sed -n '3,6s/^# \{0,1\}//p' "$0" && exit 2 ;;
/*) ;;
*) mount=$PWD/$mount ;;
esac
cd "$(dirname "$(readlink -f "$0")")/.."
. tests/lib/install.sh

build=${BUILD_DIR:-build}

mapfile -t packages < <(packages_of tests/packages.txt build)
ask_first "${packages[@]}"
install_packages "${packages[@]}"

echo "Building in $build (a minute) ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ -f "$build/build.ninja" ] || meson setup "$build" >"$log" 2>&1 || { cat "$log"; exit 1; }
meson compile -C "$build" weryaifs weryaifs-sandbox >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }

# a dead mount of before is an error to mkdir, and weryaifs takes it away
mkdir -p "$mount" 2>/dev/null || true
if mountpoint -q "$mount"; then
    # an account's mount would have the prompt paid for
    [ "$(findmnt -n -o SOURCE --mountpoint "$mount" | tail -n 1)" = weryaifs-sandbox ] || {
        echo "What is mounted on $mount is not the sandbox, so nothing is written there. Name another directory:" >&2
        echo "    $0 ~/weryai-sandbox" >&2
        exit 1
    }
    echo "$mount is a sandbox already: using it as it is."
else
    echo "Mounting the sandbox on $mount ..."
    "$build/weryaifs" --sandbox "$mount"
fi

prompt=$mount/FLUX/fox.txt
n=1
while [ -e "$prompt" ]; do
    n=$((n + 1))
    prompt=$mount/FLUX/fox-again-$n.txt
done
status=${prompt%.txt}.status
wait=${prompt%.txt}.wait

echo
echo "\$ cat > $prompt"
printf '%s\n' "a fox in the snow, early light" "ratio: 16:9" | tee "$prompt" | sed 's/^/    /'
echo
echo "\$ cat $status     (until it is done)"
# the wait file blocks until the job has ended; the status is looked at meanwhile
cat "$wait" >/dev/null 2>&1 &
seen=
while kill -0 $! 2>/dev/null; do
    state=$(head -n 1 "$status")
    # the whole status, with its last state, comes below
    case $state in "$seen" | 'state: SUCCESS' | 'state: FAILED') ;; *) echo "    $state" ;; esac
    seen=$state
    sleep 0.1
done
wait $! || { sed 's/^/    /' "$status"; exit 1; }
sed 's/^/    /' "$status"
picture=$(dirname "$prompt")/$(head -n 1 "$wait")
echo
echo "Your picture: $picture"
echo "              $(wc -c <"$picture") bytes, fetched as they are read"
echo
echo "The mount stays: write more prompts (ls $mount), read $mount/.weryaifs/README."
echo "To end it:       fusermount3 -u $mount"
