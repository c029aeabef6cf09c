#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""walk.py thunar|pcmanfm|nautilus MODEL-DIRECTORY: a person's first hour with this mount, without F5 and without a message box."""
import os
import subprocess
import sys
import time
from collections import Counter

from desk import (PATIENCE, Atspi, Editor, Missing, await_that, click, die, drag, find, key, middle, no_dialog, nodes, screenshot,
                  state, text_of, until, write)

HOME = os.environ["HOME"]
EMPTY = (700, 600)  # of the window: below all names
TEMPLATE = "Prompt for weryaifs"
editor = Editor()


class Manager:
    """What the three have in common; each shows a list of names in cells of a table."""

    application = ""
    command = ()
    cells = ("table cell",)
    origin = Atspi.CoordType.SCREEN
    says_what_shows = True

    def __init__(self, place):
        self.place = place
        self.process = subprocess.Popen([*self.command, place], stdin=subprocess.DEVNULL)
        find(self.application, ("frame",), "", self.says_what_shows)

    def names(self):
        return {n.get_name() for n in nodes(self.application, self.cells, self.says_what_shows)}

    def sees(self, *names):
        await_that(f"{' and '.join(names)} in {self.application}", lambda: set(names) <= self.names())
        no_dialog()

    def sees_no_more(self, *names):
        await_that(f"{' and '.join(names)} to go in {self.application}", lambda: not set(names) & self.names())
        no_dialog()

    def item(self, name):
        return await_that(
            f"'{name}' in {self.application}",
            lambda: next((n for n in nodes(self.application, self.cells, self.says_what_shows) if n.get_name() == name), None),
        )

    def point(self, name):
        """Where it stays."""

        def still():
            was = middle(self.item(name), self.origin)
            time.sleep(0.3)
            return was if was == middle(self.item(name), self.origin) else None

        return await_that(f"a place for '{name}' in {self.application}", still)

    def select(self, name):
        click(self.point(name))

    def open(self, name):
        self.select(name)
        key("Return")

    def edit(self, name, part):
        """Opens it in the editor, which then shows this."""
        until(f"'{part}' in the editor", lambda: self.open(name), lambda: editor.shows(part))

    def press(self, roles, name):
        """By the mouse: an action by AT-SPI that opens a dialog is answered when that is closed."""
        named = lambda: (n for n in nodes(self.application, roles) if (n.get_name() or "").startswith(name))
        click(await_that(f"'{name}' of {self.application}", lambda: next(filter(None, (middle(n, self.origin) for n in named())), None)))

    def menu(self, *path):
        for name in path:
            self.press(("menu", "menu item"), name)

    def rename(self, old, new):
        """Toolkits select the name without its suffix."""

        def asked():
            self.select(old)
            time.sleep(1)  # PCManFM knows later than it shows what is selected
            key("F2")
            return self.name_asked(20)

        await_that("the question for a name", asked)
        self.answer(new)

    def answer(self, stem):
        """The name without its suffix is selected."""
        write(stem)
        try:
            await_that("the name", lambda: self.asks(stem + ".txt"), 5)
        except Missing:  # a letter was lost
            until("the name", lambda: (key("ctrl+a"), write(stem + ".txt")), lambda: self.asks(stem + ".txt"))
        key("Return")

    def asks(self, name):
        return any(text_of(n) == name for n in nodes(self.application, ("text", "entry"), self.says_what_shows))

    def name_asked(self, seconds=PATIENCE):
        return find(self.application, ("dialog",), "", seconds=seconds)

    def copy_path(self, name):
        self.select(name)
        key("ctrl+c")

    def throw_away(self, name):
        self.select(name)
        key("Delete")

    def enter(self, name, gone):
        """Opens a directory, in which there is no such name as there was here."""
        until(f"the directory '{name}'", lambda: self.open(name), lambda: gone not in self.names())

    def visit_trash(self, name):
        """By its address, which is no path: what completes paths would type along."""

        def go():
            key("ctrl+l")
            key("ctrl+a")
            write("trash:///")
            key("Return")

        until("the trash", go, lambda: name in self.names())

    def back(self, name):
        """To where it began, which has this; there is nothing further back."""
        until("the directory before", lambda: key("alt+Left"), lambda: name in self.names())
        no_dialog()

    def leave(self):
        """Not by a signal that it could answer with a question."""
        self.process.kill()
        self.process.wait(30)


class Thunar(Manager):
    application = "thunar"
    command = ("thunar",)

    def new(self, stem):
        self.menu("File", "Create Document", TEMPLATE)
        self.name_asked()
        self.answer(stem)

    def restore(self, name):
        self.select(name)
        self.press(("push button",), "Restore Selected")

    def as_list(self):
        key("ctrl+2")

    def as_icons(self):
        key("ctrl+1")


class Pcmanfm(Manager):
    application = "pcmanfm"
    command = ("pcmanfm",)

    def popup(self, point, *keys):
        """Where the entries of a menu of GTK 2 are cannot be asked before they are there: by keys."""
        click(point, 3)
        find(self.application, ("window",), "", visible=False)
        key(*keys)

    def new(self, stem):
        self.popup(EMPTY, "n", "Down", "Return")  # Create New, after "Folder"
        self.name_asked()
        self.answer(stem)

    def copy_path(self, name):
        self.popup(self.point(name), "Up", "Up", "Up", "Return")  # Copy Path(s), above Rename and Properties

    def throw_away(self, name):
        super().throw_away(name)
        self.press(("push button",), "Yes")

    def restore(self, name):
        self.popup(self.point(name), "r")

    def as_list(self):
        key("ctrl+4")

    def as_icons(self):
        key("ctrl+1")


class Nautilus(Manager):
    application = "nautilus"
    command = ("nautilus",)
    origin = Atspi.CoordType.WINDOW  # of GTK 4, which does not know where its windows are: this one fills the screen
    says_what_shows = False

    def popup(self, point, *path):
        click(point, 3)
        for name in path:
            find(self.application, ("menu item",), name, False).do_action(0)

    def new(self, stem):
        self.popup(EMPTY, "New Document", TEMPLATE)
        self.rename(TEMPLATE + ".txt", stem)

    def name_asked(self, seconds=PATIENCE):
        return find(self.application, ("label", "heading"), "Rename File", False, seconds)

    def asks(self, name):
        return True  # what is in an entry of GTK 4 cannot be asked

    def restore(self, name):
        self.popup(self.point(name), "Restore From Trash")

    def as_list(self):
        pass  # its icons have their names, which those of the others keep to themselves

    as_icons = as_list


def colours(file):
    """How often each colour is in a picture, roughly."""
    pixels = subprocess.run(["convert", file, "-depth", "8", "rgb:-"], check=True, timeout=60, capture_output=True).stdout
    return Counter(bytes(b >> 4 for b in pixels[at : at + 3]) for at in range(0, len(pixels), 3))


def thumbnail_is_shown(picture, before):
    """Are there colours on the screen that the picture has, and that were not there before?"""
    own = {colour for colour, count in picture.most_common(40) if colour not in before}
    now = colours(screenshot("now"))
    return sum(now[colour] for colour in own) > 200


def walk(manager, place):
    name = manager.application
    shot = lambda step: screenshot(f"{name}-{step}")
    prompt = os.path.join(place, "fox.txt")
    # a window that has just come may not have the keyboard yet
    await_that("the directory", lambda: manager.as_list() or "posters" in manager.names())
    plain = colours(shot("0-the-directory"))

    manager.new("fox")
    manager.sees("fox.txt", "fox.status")
    shot("1-new-prompt")

    manager.edit("fox.txt", "# ratio: 16:9")
    editor.replace(prompt, "ratio: 7:5\na fox in the snow")
    await_that("the state INVALID", lambda: state(prompt) == "INVALID")
    editor.leave()
    manager.sees("fox.txt", "fox.status")
    manager.edit("fox.status", "error: line 1")
    shot("2-invalid-is-seen")
    editor.leave()

    manager.edit("fox.txt", "ratio: 7:5")
    editor.replace(prompt, "ratio: 16:9\na fox in the snow")
    editor.leave()
    manager.sees("fox.png", "fox.status")
    manager.as_icons()
    picture = colours(os.path.join(place, "fox.png"))
    await_that("a thumbnail", lambda: thumbnail_is_shown(picture, plain))
    shot("3-result-with-thumbnail")
    manager.as_list()

    manager.rename("fox.txt", "vixen")
    manager.sees("vixen.txt", "vixen.status", "fox.png")
    manager.sees_no_more("fox.txt", "fox.status")
    shot("4-renamed")

    manager.select("posters")
    key("ctrl+c")
    manager.enter("shelf", "vixen.txt")
    click(EMPTY)
    copied = os.path.join(place, "shelf", "posters")
    until("a copy of the folder", lambda: os.path.isdir(copied) or key("ctrl+v"), lambda: os.path.isdir(copied))
    manager.sees("posters")
    await_that("all files of the copy", lambda: {"a.txt", "a.status", "a.png"} <= set(os.listdir(copied)))
    no_dialog()
    shot("5-copy-of-a-folder")
    manager.back("vixen.txt")

    renamed = os.path.join(place, "vixen.txt")
    until("its end", lambda: manager.throw_away("vixen.txt"), lambda: not os.path.exists(renamed))
    manager.sees_no_more("vixen.txt", "vixen.status")
    manager.visit_trash("vixen.txt")
    no_dialog()
    shot("6-in-the-trash")
    until("its return", lambda: manager.restore("vixen.txt"), lambda: os.path.exists(renamed))
    manager.sees_no_more("vixen.txt")
    manager.back("vixen.txt")
    manager.sees("vixen.txt", "vixen.status")
    await_that("the state after it", lambda: state(renamed) == "SUCCESS")
    shot("7-restored")

    heron = os.path.join(place, "heron.png")
    with subprocess.Popen([os.path.join(os.path.dirname(__file__), "drop.py"), os.path.join(HOME, "heron.png")]) as source:
        find("drop.py", ("push button",), "drag me")
        until("what was dropped", lambda: os.path.exists(heron) or drag((1180, 850), EMPTY), lambda: os.path.exists(heron))
        manager.sees("heron.png")
        source.terminate()
    manager.copy_path("heron.png")
    manager.edit("vixen.txt", "ratio: 16:9")
    key("ctrl+End")
    write("\nimage: ")
    key("ctrl+v")
    editor.read("image: ")
    editor.read("heron.png")
    editor.save(renamed)
    shot("8-a-reference-pasted")
    editor.leave()
    await_that("the picture of a picture", lambda: "vixen.png" in manager.names())
    manager.sees("vixen.png", "vixen.status")
    shot("9-made-of-it")


def main():
    kind = {"thunar": Thunar, "pcmanfm": Pcmanfm, "nautilus": Nautilus}[sys.argv[1]]
    place = sys.argv[2]
    manager = None
    try:
        manager = kind(place)
        walk(manager, place)
    except Missing as missing:
        die(missing)
    finally:
        if manager:
            manager.leave()


main()
