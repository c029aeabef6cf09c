#!/bin/bash
# SPDX-License-Identifier: MIT
# Prompts as real tools write them: each saves once and submits once, with the final text. The table is in
# tests/README.md. A tool that is not installed is left out, and said so.
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o settle=1,max_active=50
cd "$M/FLUX"
outside=$TEST_TMP/outside
mkdir -p "$outside"
rows=()
gi=/usr/bin/python3 # the one that Debian's python3-gi is for

# in_terminal KEYS COMMAND...: types KEYS (as printf %b has them) once the program has drawn something.
in_terminal() {
    python3 - "$@" <<'END'
import os, pty, select, sys
keys = sys.argv[1].encode().decode("unicode_escape").encode("latin1")
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp(sys.argv[2], sys.argv[2:])
def drain(seconds):
    while select.select([fd], [], [], seconds)[0]:
        try:
            if not os.read(fd, 65536):
                return False
        except OSError:
            return False
    return True
select.select([fd], [], [], 10)
for key in keys.split(b"\0"):
    drain(0.3)
    os.write(fd, key)
while drain(0.5):
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}

# row TOOL PROGRAM: is the program there? Then the text of this row is in $text, its file in $file.
row() {
    if ! command -v "$2" >/dev/null; then
        echo "left out: $1 ($2 is not installed)"
        return 1
    fi
    file=$1.txt
    text="a picture of $1"
    rows+=("$1")
}

# --- making a prompt ---

make() {
    row redirect bash && echo "$text" >"$file"
    row append bash && echo "a picture" >"$file" && echo "of append" >>"$file" && text=
    row subshell bash && (
        echo "a picture"
        sleep 0.3
        echo "of subshell"
    ) >"$file"
    row heredoc bash && cat >"$file" <<END
$text
END
    row tee tee && echo "$text" | tee "$file" >/dev/null
    echo "a picture of cp" >"$outside/cp.txt"
    row cp cp && cp "$outside/cp.txt" "$file"
    echo "a picture of cp-p" >"$outside/cp-p.txt"
    touch -d 2001-02-03 "$outside/cp-p.txt"
    row cp-p cp && cp -p "$outside/cp-p.txt" "$file"
    assert_eq "$(stat -c %y cp-p.txt | cut -c 1-10)" 2001-02-03 "the time that cp -p keeps"
    echo "a picture of mv" >"$outside/mv.txt"
    row mv mv && mv "$outside/mv.txt" "$file"
    echo "a picture of install" >"$outside/install.txt"
    row install install && install -m 640 "$outside/install.txt" "$file"
    row dd dd && echo "$text" | dd of="$file" bs=5 status=none
    echo "a picture of rsync" >"$outside/rsync.txt"
    row rsync rsync && rsync -a "$outside/rsync.txt" "$file"
    echo "a picture of rsync-inplace" >"$outside/rsync-inplace.txt"
    row rsync-inplace rsync && rsync -a --inplace "$outside/rsync-inplace.txt" "$file"
    row vim vim && in_terminal "i$text\0\x1b\0:wq\r" vim -Nu NONE "$file"
    row nano nano && in_terminal "$text\0\x0f\0\r\0\x18" nano -I "$file"
    row emacs emacs && emacs -Q --batch "$file" --eval "(insert \"$text\n\")" -f save-buffer 2>/dev/null
    row python python3 && python3 -c 'import sys; open(sys.argv[1], "w").write(sys.argv[2])' "$file" "$text"
    row python-fsync python3 && python3 - "$file" "$text" <<'END'
import os, sys
with open(sys.argv[1], "w") as f:
    f.write(sys.argv[2][:9])
    f.flush()
    os.fsync(f.fileno())
    f.write(sys.argv[2][9:])
    f.flush()
    os.fsync(f.fileno())
END
    row python-replace python3 && python3 - "$file" "$text" <<'END'
import os, sys, tempfile
fd, name = tempfile.mkstemp(dir=".")
os.write(fd, sys.argv[2].encode())
os.fsync(fd)
os.close(fd)
os.replace(name, sys.argv[1])
END
    if $gi -c 'import gi' 2>/dev/null && row gio $gi; then
        $gi - "$file" "$text" <<'END'
import sys
from gi.repository import Gio
Gio.File.new_for_path(sys.argv[1]).replace_contents(
    sys.argv[2].encode(), None, False, Gio.FileCreateFlags.NONE, None)
END
    fi
    echo "a picture of gio-copy" >"$outside/gio-copy.txt"
    row gio-copy gio && gio copy "$outside/gio-copy.txt" "$file"
    echo "a picture of tar" >"$outside/tar.txt"
    row tar tar && tar -C "$outside" -cf "$outside/t.tar" tar.txt && tar -xf "$outside/t.tar"
    if row git git; then
        git init -q "$outside/repository"
        echo "$text" >"$outside/repository/git.txt"
        git -C "$outside/repository" add git.txt
        git -C "$outside/repository" -c user.name=t -c user.email=t@example.org commit -qm one
        git --git-dir="$outside/repository/.git" --work-tree=. checkout -q -f
    fi
}

# --- changing one that was sent ---

change() {
    row sed-i sed && sed -i 's/$/ edited/' "$file"
    row perl-i perl && perl -i.bak -pe 's/$/ edited/ if 1; s/\n? edited/ edited/' "$file"
    if row patch patch; then
        printf -- '--- patch.txt\n+++ patch.txt\n@@ -1 +1 @@\n-%s\n+%s edited\n' "$text" "$text" |
            patch -s
    fi
    row vim-edit vim && in_terminal "A edited\0\x1b\0:wq\r" vim -Nu NONE --cmd 'set backup' "$file"
    row vim-swap vim && in_terminal "A edited\0\x1b\0:wq\r" vim -u NONE --cmd 'set nobackup writebackup backupcopy=no' "$file"
    row nano-edit nano && in_terminal "\x05\0 edited\0\x0f\0\r\0\x18" nano -B "$file"
    row emacs-edit emacs && emacs -Q --batch "$file" --eval '(progn (end-of-line) (insert " edited"))' -f save-buffer 2>/dev/null
    if $gi -c 'import gi' 2>/dev/null && row gio-edit $gi; then
        $gi - "$file" "$text edited" <<'END'
import sys
from gi.repository import Gio
Gio.File.new_for_path(sys.argv[1]).replace_contents(
    sys.argv[2].encode(), None, True, Gio.FileCreateFlags.NONE, None)
END
    fi
    echo "a picture of rsync-edit edited" >"$outside/rsync-edit.txt"
    row rsync-edit rsync && rsync -a --backup "$outside/rsync-edit.txt" "$file"
    row redirect-edit bash && echo "$text edited" >"$file"
}

# posted TOOL [SUFFIX]: how many submissions had the final text of the row.
posted() {
    jq -s --arg text "a picture of $1${2:-}" 'map(select(.method == "POST" and
        (.body.prompt // "" | gsub("\n"; " ")) == $text)) | length' "$REQUESTS"
}

check() {
    local tool state
    for tool in "${rows[@]}"; do
        wait_state "$tool.txt" SUCCESS 60
        assert_eq "$(posted "$tool" "${1:-}")" 1 "submissions of $tool"
        assert_eq "$(type_of "$(result_of "$tool.txt")")" image/png "the result of $tool"
    done
}

make
made=${#rows[@]}
check
assert_eq "$(posts)" "$made" "submissions of all that make prompts"

rows=()
edits="sed-i perl-i patch vim-edit vim-swap nano-edit emacs-edit gio-edit rsync-edit redirect-edit"
for tool in $edits; do
    echo "a picture of $tool" >"$tool.txt"
    rows+=("$tool")
done
check
before=$(posts)
rows=()
change
check " edited"
assert_eq "$(posts)" "$((before + ${#rows[@]}))" "submissions of all that change prompts"

# the same text again, whatever becomes of times and modes, sends nothing
before=$(posts)
for tool in redirect cp rsync sed-i; do
    cp -p "$tool.txt" "$outside/again.txt"
    cp "$outside/again.txt" "$tool.txt"
    touch "$tool.txt"
    chmod 600 "$tool.txt"
done
echo "the last one" >last.txt
wait_state last.txt SUCCESS
assert_eq "$(posts)" "$((before + 1))" "submissions of what was sent already"
echo "$made tools that make a prompt, ${#rows[@]} that change one"
cd /
umount_fs
