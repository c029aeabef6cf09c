# SPDX-License-Identifier: MIT
"""Hands and eyes at a desk: finds what is on the screen by AT-SPI, as a screen reader does, and types and clicks by xdotool."""
import os
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

PATIENCE = 60  # seconds; what is waited for here comes within one on an idle machine
SHOTS = os.environ["SCREENSHOTS"]


class Missing(Exception):
    pass


def hear_news():
    """What AT-SPI knows is kept up to date by messages, which nobody else here takes in."""
    context = GLib.MainContext.default()
    while context.iteration(False):
        pass


def await_that(what, condition, seconds=PATIENCE):
    """The first true value of condition(), asked again and again: there are toolkits without events for half of this."""
    end = time.monotonic() + seconds
    while True:
        try:
            hear_news()
            found = condition()
        except (GLib.Error, Missing):  # what was looked at went away meanwhile
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise Missing(f"waited {seconds} s for {what}")
        time.sleep(0.1)


def until(what, act, condition, tries=3):
    """Does it, and does it again where nothing came of it: on a busy machine a toolkit loses a key or a click now and then. What is done
    must do no harm the second time; what is a fault of ours is one the last time as well."""
    for number in range(tries):
        last = number + 1 == tries
        try:
            act()
            return await_that(what, condition, PATIENCE if last else PATIENCE / 3)
        except (GLib.Error, Missing):
            if last:
                raise


def below(node, depth=40):
    yield node
    for index in range(min(node.get_child_count(), 500) if depth else 0):
        child = node.get_child_at_index(index)
        if child:
            yield from below(child, depth - 1)


def applications(name):
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        if application and name in (application.get_name() or "").lower():
            yield application


def shown(node):
    return node.get_state_set().contains(Atspi.StateType.SHOWING)


def nodes(application, roles, visible=True):
    for top in applications(application):
        for node in below(top):
            if node.get_role_name() in roles and (not visible or shown(node)):
                yield node


def find(application, roles, name, visible=True, seconds=PATIENCE):
    """The first node of one of these roles whose name begins with that, once there is one."""
    return await_that(
        f"'{name}' of {application}",
        lambda: next((n for n in nodes(application, roles, visible) if (n.get_name() or "").startswith(name)), None),
        seconds,
    )


def xdotool(*arguments):
    subprocess.run(["xdotool", *map(str, arguments)], check=True, timeout=60)


def key(*keys):
    xdotool("key", "--clearmodifiers", "--delay", 40, *keys)


def write(text):
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number:
            key("Return")
        if line:
            xdotool("type", "--clearmodifiers", "--delay", 15, "--", line)


def middle(node, origin=Atspi.CoordType.SCREEN):
    """Where to click, or nothing where it is not on the screen yet."""
    box = node.get_extents(origin)
    return None if box.width <= 0 or box.x < 0 else box.x + min(box.width // 2, 60), box.y + box.height // 2


def click(point, button=1):
    xdotool("mousemove", *point, "click", button)


def drag(start, end):
    """A person's hand: toolkits want to see it move."""
    xdotool("mousemove", *start, "mousedown", 1)
    for step in range(1, 11):
        xdotool("mousemove", *(int(a + (b - a) * step / 10) for a, b in zip(start, end)))
        time.sleep(0.05)
    xdotool("mouseup", 1)


def screenshot(name):
    file = os.path.join(SHOTS, name + ".png")
    subprocess.run(["import", "-window", "root", file], check=True, timeout=60)
    return file


def windows():
    """Titles of all windows that a person sees, with the kinds of alert among them marked."""
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        for number in range(application.get_child_count() if application else 0):
            window = application.get_child_at_index(number)
            if window and shown(window):
                yield window.get_role_name(), window


def no_dialog():
    """Fails where a message or a question is on the screen."""
    for role, window in windows():
        if role in ("alert", "dialog"):
            words = [n.get_name() for n in below(window) if n.get_role_name() == "label" and n.get_name()]
            raise Missing(f"a {role} says: {' / '.join(words)}")


def text_of(node):
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))


class Editor:
    """Mousepad, on a file that somebody opened."""

    @staticmethod
    def texts():
        return [text_of(node) for node in nodes("mousepad", ("text",))]

    def shows(self, part):
        return any(part in text for text in self.texts())

    def read(self, part):
        await_that(f"'{part}' in the editor", lambda: self.shows(part))

    def save(self, file):
        """What the editor shows is in the file."""

        def saved():
            with open(file, encoding="utf-8") as stream:
                return stream.read().strip() in (text.strip() for text in self.texts())

        until(f"what is shown in {file}", lambda: key("ctrl+s"), saved)

    def replace(self, file, text):
        def type_it():
            key("ctrl+a")
            write(text)

        until(f"'{text}' in the editor", type_it, lambda: text in self.texts())
        self.save(file)

    def leave(self):
        until("the editor's end", lambda: key("ctrl+q"), lambda: not self.texts())


def state(prompt):
    with open(prompt[: -len(".txt")] + ".status", encoding="utf-8") as status:
        return status.readline().split()[1]


def die(reason):
    screenshot("failed")
    for role, window in windows():
        print("on the screen:", role, repr(window.get_name()), file=sys.stderr)
    sys.exit(f"FAILED: {reason}")
