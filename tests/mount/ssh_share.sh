#!/bin/bash
# SPDX-License-Identifier: MIT
# Clients of SFTP and sshfs write a prompt, which is one submission, wait for it and read the result: examples/share-with-ssh.sh.
. "$(dirname "$0")/../lib/mount.sh"
PATH=$PATH:/usr/sbin command -v sshd >/dev/null && command -v sftp >/dev/null || skip "there is no sshd or no sftp"
start_sandbox --seconds 2
mount_fs
cd "$TEST_TMP"
port=$((20000 + $$ % 20000))
ssh-keygen -q -t ed25519 -N '' -f mine
share() {
    rm -f "$TEST_TMP/sshd.log"
    PORT=$port STATE=$TEST_TMP/ssh "$TEST_ROOT/examples/share-with-ssh.sh" "$M" mine.pub >"$TEST_TMP/sshd.log" 2>&1 &
    SSHD_PID=$!
    await 20 grep -qs listening "$TEST_TMP/sshd.log" || fail "no share: $(cat "$TEST_TMP/sshd.log")"
}
end_share() {
    kill "$SSHD_PID"
    wait "$SSHD_PID" || true
}
options=(-o "IdentityFile=$TEST_TMP/mine" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR)
me=$(id -un)
sftp_do() {
    timeout 30 sftp -q -b - -P "$port" "${options[@]}" "$me@127.0.0.1" >sftp.log 2>&1
}
share
echo "a fox from afar" >fox.txt
sftp_do <<<"put fox.txt FLUX/fox.txt" || fail "$(cat sftp.log)"
# before the end it is waited for, after it the text is there
for time in before after; do
    sftp_do <<<"get FLUX/fox.wait $time" || fail "$(cat sftp.log)"
    assert_eq "$(cat $time)" fox.png "the wait, $time the end"
done
sftp_do <<<"get FLUX/fox.png" || fail "$(cat sftp.log)"
cmp fox.png "$M/FLUX/fox.png"
sftp_do <<<"put fox.txt FLUX/fox.txt" || fail "$(cat sftp.log)"
sftp_do <<<"put fox.txt FLUX/.model" && fail "written"
timeout 30 ssh -p "$port" "${options[@]}" "$me@127.0.0.1" "touch $TEST_TMP/ran" >/dev/null 2>&1 || true
[ ! -e ran ] || fail "a command was run"
end_share

if command -v sshfs >/dev/null && [ -e /dev/fuse ]; then
    mkdir far
    share
    # as people type it, and as the manual has it
    for mode in "" "-o direct_io,cache=no"; do
        # shellcheck disable=SC2086
        sshfs -p "$port" "${options[@]}" $mode "$me@127.0.0.1:" far
        stem=owl${mode:+-direct}
        echo "an owl ${mode:-from afar}" >far/FLUX/$stem.txt
        assert_eq "$(timeout 30 cat far/FLUX/$stem.wait)" $stem.png "a wait over sshfs $mode"
        printf 'rato: 16:9\n' >far/FLUX/wrong.txt
        wait_state "$M/FLUX/wrong.txt" INVALID
        timeout 30 cat far/FLUX/wrong.wait 2>/dev/null && fail "a wait that has no end succeeded over sshfs $mode"
        cat far/.weryaifs/balance >balance
        [ -s balance ] || fail "the balance is empty over sshfs $mode"
        rm far/FLUX/wrong.txt
        [ -z "$mode" ] || assert_contains "$(cat far/FLUX/$stem.status)" "state: SUCCESS" "the status"
        [ -z "$mode" ] || cmp far/FLUX/$stem.png "$M/FLUX/$stem.png"
        await 10 fusermount3 -u -q far || fail "cannot unmount the sshfs"
    done
    end_share
    assert_eq "$(posts)" 3 "submissions of three prompts"
fi
cd /
umount_fs
