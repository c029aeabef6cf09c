# SPDX-License-Identifier: MIT
"""The ways by which a text comes to a place: each does it on a real mount, as the tool does, and says to the model what it was.

A way is a function of a cell: `cell.dir` is a directory of its own in a model's directory, `cell.out` one outside of the mount,
"x" the prompt that is there, `cell.text` what is to come. HERE leave the text at x, MOVES bring back what was there (so that it
is the same text), THERE bring it to another place, with the original there, gone, gone and back, or in the trash.
"""
import ctypes
import os
import shutil
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
EXCHANGE = 2


def run(*words, **options):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)


def put(path, text):
    with open(path, "w", newline="") as file:
        file.write(text)


def exchange(one, two):
    if LIBC.renameat2(-100, one.encode(), -100, two.encode(), EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


# --- to x, with any text ---

def redirect(cell):
    put(cell.x, cell.text)


def unlink_create(cell):
    os.unlink(cell.x)
    put(cell.x, cell.text)


def rename_temporary(cell):     # sed -i, python's os.replace, GTK, Qt, VS Code "atomic"
    put(cell.dir + "/sedXQ71a", cell.text)
    os.rename(cell.dir + "/sedXQ71a", cell.x)


def fsync_replace(cell):
    with open(cell.dir + "/tmpk2j_x", "w", newline="") as file:
        file.write(cell.text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(cell.dir + "/tmpk2j_x", cell.x)


def vim(cell):                  # backupcopy=no
    os.rename(cell.x, cell.x + "~")
    put(cell.x, cell.text)
    os.unlink(cell.x + "~")


def kept_backup(cell):          # gio, perl -i.bak, patch
    os.rename(cell.x, cell.dir + "/x.txt.orig")
    put(cell.x, cell.text)


def exchange_temporary(cell):
    put(cell.dir + "/new.tmp", cell.text)
    exchange(cell.dir + "/new.tmp", cell.x)
    os.unlink(cell.dir + "/new.tmp")


def rsync(cell):
    put(cell.out + "/x.txt", cell.text)
    os.utime(cell.out + "/x.txt", (1e9, 1e9))
    run("rsync", "-a", cell.out + "/x.txt", cell.x)


def rsync_inplace(cell):
    put(cell.out + "/x.txt", cell.text)
    run("rsync", "-a", "--inplace", "--ignore-times", cell.out + "/x.txt", cell.x)


def rsync_backup(cell):
    put(cell.out + "/x.txt", cell.text)
    run("rsync", "-a", "--backup", "--ignore-times", cell.out + "/x.txt", cell.x)


def cp(cell):
    put(cell.out + "/x.txt", cell.text)
    run("cp", cell.out + "/x.txt", cell.x)


def cp_preserve(cell):
    put(cell.out + "/x.txt", cell.text)
    os.utime(cell.out + "/x.txt", (1e9, 1e9))
    run("cp", "-p", "--remove-destination", cell.out + "/x.txt", cell.x)


def install(cell):
    put(cell.out + "/x.txt", cell.text)
    run("install", "-m", "640", cell.out + "/x.txt", cell.x)


def tee(cell):
    run("tee", cell.x, input=cell.text.encode())


def dd(cell):
    put(cell.out + "/x.txt", cell.text)
    run("dd", "if=" + cell.out + "/x.txt", "of=" + cell.x, "bs=5")


def tar(cell):
    put(cell.out + "/x.txt", cell.text)
    run("tar", "-C", cell.out, "-cf", cell.out + "/a.tar", "x.txt")
    run("tar", "-C", cell.dir, "-xf", cell.out + "/a.tar")


def gio_copy(cell):
    put(cell.out + "/x.txt", cell.text)
    run("gio", "copy", "-b", cell.out + "/x.txt", cell.x)


def directory_out_and_back(cell):
    shutil.copytree(cell.dir, cell.out + "/tree", ignore=shutil.ignore_patterns("*.status"))
    shutil.rmtree(cell.dir)
    put(cell.out + "/tree/x.txt", cell.text)
    shutil.copytree(cell.out + "/tree", cell.dir, copy_function=shutil.copy)


def git(cell):                  # another branch has another text, then this one is checked out again
    repository = cell.out + "/r"
    tool = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-c", "core.autocrlf=false",
            "--git-dir=" + repository, "--work-tree=" + cell.dir]
    run(*tool, "init", "-q", "-b", "main")
    put(cell.x, cell.text)
    run(*tool, "add", "x.txt")
    run(*tool, "commit", "-qm", "a")
    run(*tool, "checkout", "-q", "-b", "other")
    run(*tool, "rm", "-qf", "x.txt")
    run(*tool, "commit", "-qm", "b")
    run(*tool, "checkout", "-q", "-f", "main")


def git_stash(cell):
    repository = cell.out + "/r"
    tool = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-c", "core.autocrlf=false",
            "--git-dir=" + repository, "--work-tree=" + cell.dir]
    run(*tool, "init", "-q", "-b", "main")
    run(*tool, "add", "x.txt")
    run(*tool, "commit", "-qm", "a")
    put(cell.x, cell.text + "\n")
    run(*tool, "stash", "-q", cwd=cell.dir)
    put(cell.x, cell.text)


# --- what was there comes back ---

def renamed_and_back(cell):
    os.rename(cell.x, cell.dir + "/x.bak")
    os.rename(cell.dir + "/x.bak", cell.x)


def prompt_renamed_and_back(cell):
    os.rename(cell.x, cell.dir + "/other.txt")
    os.rename(cell.dir + "/other.txt", cell.x)


def directory_renamed_and_back(cell):
    os.rename(cell.dir, cell.dir + ".moved")
    os.rename(cell.dir + ".moved", cell.dir)


def other_model_and_back(cell):
    os.rename(cell.x, cell.other_dir + "/x.txt")
    os.rename(cell.other_dir + "/x.txt", cell.x)


def out_and_back(cell):
    shutil.move(cell.x, cell.out + "/x.txt")
    shutil.move(cell.out + "/x.txt", cell.x)


def trash_and_back(cell):
    os.makedirs(cell.dir + "/.Trash-0/files")
    os.rename(cell.x, cell.dir + "/.Trash-0/files/x.txt")
    os.rename(cell.dir + "/.Trash-0/files/x.txt", cell.x)


def touched(cell):
    os.utime(cell.x)
    os.chmod(cell.x, 0o600)


# --- to another place ---

def to_sibling(cell, text):
    put(cell.dir + "/y.txt", text)
    return "y"


def rsync_to_sibling(cell, text):
    put(cell.out + "/y.txt", text)
    run("rsync", "-a", cell.out + "/y.txt", cell.dir + "/y.txt")
    return "y"


def to_other_directory(cell, text):
    os.makedirs(cell.dir + "/d", exist_ok=True)
    put(cell.dir + "/d/x.txt", text)
    return "d/x"


def tar_to_other_directory(cell, text):
    os.makedirs(cell.dir + "/d", exist_ok=True)
    put(cell.out + "/x.txt", text)
    run("tar", "-C", cell.out, "-cf", cell.out + "/a.tar", "x.txt")
    run("tar", "-C", cell.dir + "/d", "-xf", cell.out + "/a.tar")
    return "d/x"


def syncthing(cell, text):
    put(cell.dir + "/.syncthing.y.txt.tmp", text)
    os.rename(cell.dir + "/.syncthing.y.txt.tmp", cell.dir + "/y.txt")
    return "y"


HERE = [redirect, unlink_create, rename_temporary, fsync_replace, vim, kept_backup, exchange_temporary,
        rsync, rsync_inplace, rsync_backup, cp, cp_preserve, install, tee, dd, tar, gio_copy,
        directory_out_and_back, git, git_stash]
MOVES = [renamed_and_back, prompt_renamed_and_back, directory_renamed_and_back, other_model_and_back,
         out_and_back, trash_and_back, touched]
THERE = [to_sibling, rsync_to_sibling, to_other_directory, tar_to_other_directory, syncthing]
ORIGINALS = ["there", "gone", "gone after", "gone and back", "in the trash"]
