#!/bin/bash
# SPDX-License-Identifier: MIT
# Whose files: uid, gid and umask change what is shown, allow_other lets others in by the modes, and without it nobody
# else comes in. An ordinary user mounts through fusermount3, with everything that root's mount does.

# where /dev/fuse is root's alone: with one for everybody, in a mount namespace of our own; without the mounts of others, which
# would live on in it when they are unmounted
if [ "$(id -u)" = 0 ] && ! setpriv --reuid nobody --clear-groups test -w /dev/fuse && [ -z "${IN_NAMESPACE:-}" ]; then
    IN_NAMESPACE=yes exec unshare -m bash -c 'umount -a -l -t fuse.weryaifs; mount -t tmpfs devices /mnt && mknod -m 666 /mnt/fuse c 10 229 &&
        mount --bind /mnt/fuse /dev/fuse; exec "$0"' "$0"
fi
. "$(dirname "$0")/../lib/mount.sh"
[ "$(id -u)" = 0 ] || skip "needs root, to be several users"
nobody=$(id -u nobody)

# as USER COMMAND...: in this test's surroundings
as() {
    local user=$1
    shift
    setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
}

chmod 755 "$TEST_TMP"

# --- by default: the owner alone ---
mount_fs
echo "a fox" >"$M/FLUX/fox.txt"
wait_state "$M/FLUX/fox.txt" SUCCESS
assert_eq "$(stat -c %u:%g "$M/FLUX/fox.txt" "$M/FLUX/fox.png" "$M/FLUX" | sort -u)" 0:0 owners
if as "$nobody" ls "$M" 2>/dev/null; then fail "another user looks in"; fi
umount_fs

# --- allow_other: as the modes say ---
mount_fs -o allow_other
cd "$M/FLUX"
mkdir private open
chmod 700 private
chmod 777 open
echo secret >private/a
as "$nobody" cat fox.txt >/dev/null
as "$nobody" cat fox.png >/dev/null
if as "$nobody" cat private/a 2>/dev/null; then fail "default_permissions are not kept"; fi
if as "$nobody" touch mine.txt 2>/dev/null; then fail "another user writes"; fi
if as "$nobody" bash -c 'echo submit >fox.status' 2>/dev/null; then fail "another user submits"; fi
if as "$nobody" rm -f fox.png 2>/dev/null; then fail "another user removes"; fi
as "$nobody" bash -c 'echo "a bat" >open/bat.txt'
assert_eq "$(stat -c %u open/bat.txt)" "$nobody" "owner of what another user made"
wait_state open/bat.txt SUCCESS
[ -s open/bat.png ] || fail "no result for another user"
as "$nobody" bash -c 'echo submit >open/bat.status'
chmod 1777 open
echo root >open/root
if as "$nobody" rm -f open/root 2>/dev/null; then fail "a sticky directory"; fi
if as "$nobody" chmod 777 open/root 2>/dev/null; then fail "chmod of what is another's"; fi
as "$nobody" rm open/bat.txt
chown "$nobody" fox.txt
assert_eq "$(stat -c %u fox.txt)" "$nobody" "chown"
cd /
umount_fs

# --- shown owners and modes ---
mount_fs -o allow_other,uid="$nobody",gid="$nobody",umask=027
cd "$M/FLUX"
assert_eq "$(stat -c %u:%g:%a .)" "$nobody:$nobody:750" "a directory's"
assert_eq "$(stat -c %u:%g:%a fox.png)" "$nobody:$nobody:640" "a result's"
as "$nobody" bash -c 'echo "an owl" >owl.txt; cat owl.txt' >/dev/null
wait_state owl.txt SUCCESS
assert_eq "$(stat -c %u:%g:%a owl.txt owl.png owl.status | sort -u | tr '\n' ' ')" \
    "$nobody:$nobody:640 " "what was made"
as "$nobody" chmod 600 owl.txt
as "$nobody" rm owl.txt owl.png
cd /
umount_fs

# --- an ordinary user ---
[ -u "$(command -v fusermount3)" ] || skip "the rest: fusermount3 is not setuid"
[ -w /dev/fuse ] && as "$nobody" test -w /dev/fuse || skip "the rest: /dev/fuse is root's alone"
U=$TEST_TMP/user
mkdir -p "$U/mnt" "$U/home/.config" "$U/tmp"
cp "$WERYAIFS" "$U/weryaifs" # where we are may be closed to others
chown -R "$nobody" "$U"
as "$nobody" env HOME="$U/home" XDG_CONFIG_HOME="$U/home/.config" XDG_STATE_HOME="$U/home/state" \
    XDG_CACHE_HOME="$U/home/cache" TMPDIR="$U/tmp" XDG_RUNTIME_DIR="$U/tmp" \
    WERYAI_API_KEY=sk-test WERYAI_BASE_URL="$URL" WERYAI_MODELS_BASE_URL="$URL" \
    "$U/weryaifs" -o "$FAST" "$U/mnt" || fail "an ordinary user cannot mount"
as "$nobody" inotifywait -m --format '%e %f' "$U/mnt/FLUX" >"$TEST_TMP/events" 2>"$TEST_TMP/watch.err" &
WATCH_PID=$!
await 10 grep -q established "$TEST_TMP/watch.err" || fail "inotifywait does not start"
as "$nobody" bash -c "echo 'a swift' >$U/mnt/FLUX/swift.txt; cat $U/mnt/FLUX/swift.wait" >/dev/null
as "$nobody" cat "$U/mnt/FLUX/swift.png" >"$TEST_TMP/swift.png"
assert_eq "$(type_of "$TEST_TMP/swift.png")" image/png "a user's result"
for event in 'CREATE swift.png' 'CLOSE_WRITE,CLOSE swift.png' 'MODIFY swift.status'; do
    await 10 grep -q "^$event\$" "$TEST_TMP/events" || fail "no $event for a user: $(cat "$TEST_TMP/events")"
done
kill "$WATCH_PID"
wait "$WATCH_PID" || true
if ls "$U/mnt" >/dev/null 2>&1; then fail "root looks into a user's mount"; fi
as "$nobody" fusermount3 -u "$U/mnt"
