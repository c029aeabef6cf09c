# SPDX-License-Identifier: MIT
# To be sourced: the walk of walk.py with the file manager after which the test is named.
. "$(dirname "$0")/../lib/mount.sh"
name=$(basename "$0" .sh)
manager=${name#desktop_}
for program in Xvfb openbox xdotool mousepad dbus-run-session import "$manager"; do
    command -v "$program" >/dev/null || skip "$program is not installed (tests/run.sh --desktop installs it)"
done
[ "$manager" != pcmanfm ] || compgen -G "/usr/lib/*/libfm/modules/gtk-menu-trash.so" >/dev/null ||
    skip "libfm-modules is not installed: without it PCManFM cannot restore"
# Nautilus has its thumbnails made in a sandbox of bubblewrap's, which not every container allows
[ "$manager" != nautilus ] || bwrap --ro-bind / / --unshare-all true 2>"$TEST_TMP/bwrap" || skip "no sandbox for thumbnails: $(cat "$TEST_TMP/bwrap")"
export SCREENSHOTS=${SCREENSHOTS:-$TEST_TMP/screenshots}
export TEST_TMP
mkdir -p "$SCREENSHOTS"
timeout 120 "$TEST_ROOT/tests/desktop/session.sh" xdotool getmouselocation >"$TEST_TMP/trial" 2>&1 ||
    skip "there can be no desktop here: $(tail -n 1 "$TEST_TMP/trial")"
mount_fs -o settle=1,first_poll=0.5
cd "$M"
convert -size 640x360 gradient:green-yellow "$HOME/heron.png"
XDG_DATA_HOME=$HOME/.local/share "$TEST_ROOT/examples/desktop.sh" "$M"

# Under load a toolkit loses a key or a click now and then: what is a fault of ours is one the second time as well.
walk() { # MODEL
    local before
    rm -rf "$M"/.Trash*
    mkdir "$1/posters" "$1/shelf"
    echo "poster a" >"$1/posters/a.txt"
    wait_state "$1/posters/a.txt" SUCCESS
    before=$(posts)
    timeout 300 "$TEST_ROOT/tests/desktop/session.sh" /usr/bin/python3 "$TEST_ROOT/tests/desktop/walk.py" "$manager" "$M/$1" || return 1
    wait_state "$1/shelf/posters/a.txt" SUCCESS
    assert_eq "$(posts)" $((before + 3)) "submissions: a copy of a poster, a fox, a fox with a heron"
}
walk FLUX || walk GEMINI_2_5_FLASH || fail "$manager: see $SCREENSHOTS/failed.png (SCREENSHOTS=DIRECTORY keeps it)"
cd /
umount_fs
