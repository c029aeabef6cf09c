#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""drop.py FILE: a small window at the lower right from which this file can be dragged as text/uri-list, like one of another program."""
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk

window = Gtk.Window(title="drag me", type_hint=Gdk.WindowTypeHint.UTILITY)
window.set_default_size(160, 60)
window.set_keep_above(True)
window.set_accept_focus(False)
button = Gtk.Button(label="drag me")
button.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
button.drag_source_add_uri_targets()
button.connect("drag-data-get", lambda _, context, data, info, time: data.set_uris([GLib.filename_to_uri(sys.argv[1])]))
window.add(button)
window.show_all()
window.move(1100, 820)
Gtk.main()
