#!/bin/bash
# SPDX-License-Identifier: MIT
# What goes wrong at the start is one sentence on standard error that says what to do, and an exit code.
. "$(dirname "$0")/../lib/mount.sh"
start_sandbox

# expect CODE PART ARGUMENT...
expect() {
    local code=$1 part=$2 output actual=0
    shift 2
    output=$(weryaifs "$@" 2>&1) || actual=$?
    assert_eq "$actual" "$code" "exit code of weryaifs $* ($output)"
    assert_eq "$(wc -l <<<"$output")" 1 "lines of: $output"
    [[ $output == "weryaifs: "[^A-Z]* ]] || fail "beginning of: $output"
    assert_contains "$output" "$part" "message"
    assert_lacks "$output" sk-test "message"
    assert_eq "$(mounts_below "$TEST_TMP")" "$mounted" "mounts after: $output"
}
mounted=

expect 2 "where to mount?"
expect 2 "--sandbox" --sandbx "$M"
expect 2 "did you mean 'settle'" -o setle=3 "$M"
expect 2 "settle" -o settle=soon "$M"

said=$(weryaifs --help 2>&1 >/dev/full) && fail "--help into a full disk ends with 0"
assert_contains "$said" "cannot write to standard output: No space left on device" "--help into a full disk"

KEY= expect 1 "no API key found" "$M"
echo "sk-test" >"$XDG_CONFIG_HOME/weryaifs/key"
chmod 644 "$XDG_CONFIG_HOME/weryaifs/key"
KEY= expect 1 "chmod 600" "$M"
rm "$XDG_CONFIG_HOME/weryaifs/key"

config=$XDG_CONFIG_HOME/weryaifs/weryaifs.conf
printf '[submit]\nsettle = 1\nsettel = 2\n' >"$config"
expect 1 "$config:3: unknown key 'settel'" "$M"
printf '[model FLUXX]\nratio = 1:1\n' >"$config"
expect 1 "$config:2" "$M"
rm "$config"
expect 1 "/nowhere.conf" --config /nowhere.conf "$M"

expect 1 "mkdir -p '$TEST_TMP/missing'" "$TEST_TMP/missing"
: >"$TEST_TMP/file"
expect 1 "not a directory" "$TEST_TMP/file"
expect 1 "would be hidden" "$HOME"

# an ordinary user needs fusermount3
if [ "$(id -u)" = 0 ]; then
    mkdir "$TEST_TMP/bin" "$TEST_TMP/programs"
    # an ordinary user may not look into the build
    cp "$WERYAIFS" "$TEST_TMP/weryaifs"
    chmod 755 "$TEST_TMP"
    export TEST_TMP URL
    output=$(unshare -m bash -e <<'END' 2>&1 || true
        umount -a -l -t fuse.weryaifs # the mounts of others, which would live on in here
        mount --bind /usr/bin "$TEST_TMP/programs"
        ln -s "$TEST_TMP"/programs/* "$TEST_TMP/bin"
        rm "$TEST_TMP/bin/fusermount3"
        mount --bind "$TEST_TMP/bin" /usr/bin
        mount -t tmpfs devices /mnt && mknod -m 666 /mnt/fuse c 10 229 && mount --bind /mnt/fuse /dev/fuse
        chown -R nobody "$TEST_TMP"/{home,tmp,mnt}
        WERYAI_API_KEY=sk-test WERYAI_BASE_URL=$URL WERYAI_MODELS_BASE_URL=$URL \
            setpriv --reuid nobody --clear-groups "$TEST_TMP/weryaifs" "$TEST_TMP/mnt"
END
    )
    chown -R root "$TEST_TMP"/{home,tmp,mnt}
    assert_contains "$output" "weryaifs: mounting on '$M' failed: fusermount3" "without fusermount3"
    assert_contains "$output" "install fuse3" "without fusermount3"
fi

mkdir "$TEST_TMP/other"
mount_fs
mounted=$(mounts_below "$TEST_TMP")
expect 1 "mounted already" "$TEST_TMP/other"
expect 1 "mounted on '$M' already" --account other "$M"
# that the account is in use is nothing wrong
assert_contains "$(weryaifs --check)" "mounted, so it was not looked at" "check of a mounted account"
umount_fs
# by whom, also where the other mount is in a namespace of its own and cannot be seen from here
if [ "$(id -u)" = 0 ]; then
    mounted=
    unshare -m sh -c 'umount -a -l -t fuse.weryaifs; exec "$@"' sh env WERYAI_API_KEY=sk-test WERYAI_BASE_URL="$URL" WERYAI_MODELS_BASE_URL="$URL" "$WERYAIFS" "$M"
    assert_eq "$(mounts_below "$TEST_TMP")" "" "what is seen of the other namespace"
    mounted_here
    expect 1 "mounted already, by process $FS_PID " "$TEST_TMP/other"
    assert_contains "$(findmnt -t fuse.weryaifs -N "$FS_PID" -o TARGET)" "$M" "where the sentence says to look"
    nsenter -t "$FS_PID" -m fusermount3 -u "$M"
    ended_here 30 || fail "the daemon of the other namespace goes on"
fi
# a key that only systemd has is no reason not to look at the disk
said=$(KEY= XDG_CONFIG_HOME=$TEST_TMP/other weryaifs --check) && fail "--check is content without a key"
assert_contains "$said" "problem: no API key found" "check without a key"
assert_contains "$said" "nothing is wrong with it" "check without a key"
# what the mount hides is told, and is no error
: >"$M/not mounted"
assert_contains "$(weryaifs "$M" 2>&1)" "'$M' is not empty: what is in it (1) is hidden until it is unmounted" "a mount point with a file"
mounted_here
umount_fs
rm "$M/not mounted"
