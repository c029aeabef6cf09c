#!/bin/bash
# SPDX-License-Identifier: MIT
# What a killed writer has left is not sent by itself, however it was killed, and by no remount; all that was closed, or left open by a
# program that ended by itself, is. Who executes another program with a prompt open (close-on-exec) does not hang.
. "$(dirname "$0")/../lib/mount.sh"
command -v python3 >/dev/null || skip "no python3"

mount_fs
minor=$(mounts_below "$TEST_TMP" | sed -n '1s/ .*//p')
# a mount that hangs is cut off before anything else looks at the processes that hang
(
    for ((i = 0; i < 150; i++)); do sleep 1 && kill -0 $$ 2>/dev/null || exit 0; done
    echo 1 >"/sys/fs/fuse/connections/$minor/abort" || umount -f "$M"
) >/dev/null 2>&1 &
cd "$M/FLUX"
expected=0
# within COMMAND...: whatever its end, it has one soon
within() {
    local begin
    begin=$(clock_ms)
    timeout -s KILL 20 "$@" 2>/dev/null || true
    [ $(($(clock_ms) - begin)) -lt 19000 ] || fail "hangs: $*"
}

# is_cut NAME: a draft, and says so
is_cut() {
    assert_eq "$(state_of "$1.txt")" DRAFT "$1"
    assert_contains "$(status_of "$1.txt")" "was killed before it had ended" "$1"
}
# sent NAME
sent() {
    wait_state "$1.txt" SUCCESS
    expected=$((expected + 1))
}

# --- killed: written, not closed, and the signal
for signal in INT TERM HUP KILL SEGV QUIT; do
    within python3 -c 'import os, resource, signal, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.write(os.open(sys.argv[1] + ".txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), b"a fox that ju")
os.kill(os.getpid(), getattr(signal, "SIG" + sys.argv[1]))' "$signal"
done
# by way of a shell's redirection, as at a terminal
within timeout 2 bash -c '{ echo "a fox that ju"; sleep 30; } | exec cat >timeout.txt'
bash -c 'exec cat >job.txt' < <(echo "a fox that ju"; sleep 5) &
job=$!
await 5 test -s job.txt
kill -TERM "$job"
wait "$job" 2>/dev/null || true
# of a shell's own words
within bash -c '{ echo "a fox"; kill -TERM $BASHPID; } >builtin.txt'
# several of a group: the one that was killed wrote last
within bash -c '(echo "a fox"; bash -c "echo that ju; kill -TERM \$\$"; true) >group.txt'
# several threads
within python3 -c 'import os, threading, time
fd = os.open("threads.txt", os.O_WRONLY | os.O_CREAT)
for i in range(4): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
os.write(fd, b"a fox that ju"); os.kill(os.getpid(), 9)'
# written by one that has gone before the rest is killed
within python3 -c 'import os, threading, time
fd = os.open("thread.txt", os.O_WRONLY | os.O_CREAT)
threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
thread = threading.Thread(target=os.write, args=(fd, b"a fox that ju"))
thread.start(); thread.join(); os.kill(os.getpid(), 15)'
# a text that was sent before
echo "an owl" >again.txt
sent again
within python3 -c 'import os
os.write(os.open("again.txt", os.O_WRONLY | os.O_TRUNC), b"an owl that ju"); os.kill(os.getpid(), 15)'
# just closed, and gone on with by one that is killed
within python3 -c 'import os
open("append.txt", "w").write("a fox\n")
os.write(os.open("append.txt", os.O_WRONLY | os.O_APPEND), b"that ju"); os.kill(os.getpid(), 15)'
# who waits for its end hears of it
python3 -c 'import os, time
os.write(os.open("awaited.txt", os.O_WRONLY | os.O_CREAT), b"a fox that ju"); time.sleep(30)' &
writer=$!
await 5 test -s awaited.txt
timeout 10 cat awaited.wait 2>/dev/null &
waits=$!
sleep 0.3
kill -TERM "$writer"
code=0
wait "$waits" || code=$?
assert_eq "$code" 1 "a wait for a text that is cut short"
wait "$writer" 2>/dev/null || true
killed="awaited INT TERM HUP KILL SEGV QUIT timeout job builtin group threads thread again append"

# --- not killed
echo "a hare, closed" >closed.txt
within python3 -c 'import os
os.write(os.open("exit.txt", os.O_WRONLY | os.O_CREAT), b"a hare, exit"); os._exit(3)'
within python3 -c 'import os, threading, time
fd = os.open("exit-threads.txt", os.O_WRONLY | os.O_CREAT)
for i in range(4): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
os.write(fd, b"a hare, exit with threads"); os._exit(0)'
(echo "a hare,"; echo "in two steps") >steps.txt
# closed before the signal
within bash -c 'echo "a hare, closed first" >before.txt; kill -KILL $$'
# a child that shares the descriptor and never wrote
within bash -c 'exec 3>child.txt; sleep 30 & echo "a hare, with a child" >&3; sleep 0.2; kill -TERM $!; wait $!; exec 3>&-'
# another one goes on where one was killed
within bash -c '{ bash -c "echo a hare,; kill -TERM \$\$"; echo "goes on"; } >on.txt'
# who saves again what was cut short
within python3 -c 'import os
os.write(os.open("saved.txt", os.O_WRONLY | os.O_CREAT), b"a hare, ju"); os.kill(os.getpid(), 9)'
is_cut saved
echo "a hare, saved again" >saved.txt
for name in closed exit exit-threads steps before child on saved; do sent $name; done

# --- in the middle of execve(2): what is close-on-exec is closed by the kernel, which waits for us
begin=$(clock_ms)
for i in 1 2 3 4 5 6 7 8; do
    within python3 -c 'import os, sys
os.write(os.open("exec%s.txt" % sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC), b"a stoat %s" % sys.argv[1].encode())
os.execv("/bin/true", ["true"])' $i &
    execs[i]=$!
done
timeout -s KILL 20 ps -e -o pid,stat,args >/dev/null || fail "ps hangs"
for i in 1 2 3 4 5 6 7 8; do wait "${execs[i]}"; done
[ $(($(clock_ms) - begin)) -lt 15000 ] || fail "who executes waits"
for i in 1 2 3 4 5 6 7 8; do sent exec$i; done

# --- time passes, and so do daemons
sleep 1
for name in $killed; do is_cut $name; done
assert_eq "$(posts)" "$expected" "submissions"
# killed while another one has it open, and the daemon dies
if [ -n "$KEEPER_PID" ]; then
    exec 3>held.txt
    within python3 -c 'import os; os.write(3, b"a fox that ju"); os.kill(os.getpid(), 9)'
    await 5 grep -q "was killed" held.status
    kill -KILL "$FS_PID"
    await 20 timeout 5 test -s held.txt
    exec 3>&-
    FS_PID=$(daemon_of "$KEEPER_PID")
    sleep 0.5
    is_cut held
    killed+=" held"
    # the daemon dies while one is killed that it has seen write
    python3 -c 'import os, time
os.write(os.open("dies.txt", os.O_WRONLY | os.O_CREAT), b"a fox that ju"); time.sleep(30)' &
    writer=$!
    await 5 test -s dies.txt
    kill -KILL "$FS_PID"
    kill -KILL "$writer"
    wait "$writer" 2>/dev/null || true
    await 20 timeout 5 test -s dies.txt
    FS_PID=$(daemon_of "$KEEPER_PID")
    sleep 0.5
    is_cut dies
    killed+=" dies"
fi
cd /
umount_fs
mount_fs
cd "$M/FLUX"
sleep 1
for name in $killed; do is_cut $name; done
assert_eq "$(posts)" "$expected" "submissions after a remount"
code=0
timeout 5 cat TERM.wait 2>/dev/null || code=$?
assert_eq "$code" 1 "a wait for what only a person sends"
echo submit >TERM.status
sent TERM
# a new text in place of one that was sent
echo "an owl in the snow" >again.txt
sent again
assert_eq "$(posts)" "$expected" "submissions in the end"
