#!/bin/bash
# SPDX-License-Identifier: MIT
# For people with a file manager: "New document > Prompt for weryaifs" in the menu of Nautilus, Thunar, PCManFM and Dolphin, and
# icons that tell directories that make pictures from those that make videos and from tools.
#
#   examples/desktop.sh ~/weryai          # as the user of the desktop; again after new models came
#   examples/desktop.sh --remove ~/weryai
#
# Dolphin reads a directory's icon from the mount itself (DIRECTORY/.directory). Nautilus and Thunar keep icons in the user's own
# metadata, so that they have to be told.
set -euo pipefail

remove=no
[ "${1:-}" != --remove ] || { remove=yes && shift; }
mount=$(readlink -f "${1:?the directory where weryaifs is mounted}")
[ -s "$mount/.weryaifs/models.json" ] || { echo "$mount is no mount of weryaifs" >&2; exit 1; }

templates=$(xdg-user-dir TEMPLATES 2>/dev/null || true)
# without user directories xdg-user-dir says the home itself
[ -n "$templates" ] && [ "$templates" != "$HOME" ] || templates=$HOME/Templates
template="$templates/Prompt for weryaifs.txt"
kde=${XDG_DATA_HOME:-$HOME/.local/share}/templates/weryaifs-prompt.desktop

if [ $remove = yes ]; then
    rm -f "$template" "$kde"
else
    mkdir -p "$templates" "${kde%/*}"
    # a line of settings is a comment until its "# " is taken away; comments alone are an empty prompt, which is not sent
    cat >"$template" <<'END'
# Write below what is to be seen, take the "# " away where a setting is to hold, save, and close.
# ratio: 16:9
# negative: text, watermark
# image: fox.png

END
    cat >"$kde" <<END
[Desktop Entry]
Type=Link
URL=$template
Icon=text-plain
Name=Prompt for weryaifs...
END
fi

# gvfsd-metadata keeps them: without a session of a desktop there is none, and nothing to be shown either
command -v gio >/dev/null || exit 0
for directory in "$mount"/*/; do
    icon=$(sed -n 's/^Icon=//p' "$directory/.directory" 2>/dev/null) || continue
    if [ $remove = yes ]; then
        gio set -d "$directory" metadata::custom-icon-name 2>/dev/null || true
    else
        gio set "$directory" metadata::custom-icon-name "$icon" 2>/dev/null || true
    fi
done
