#!/bin/bash
# SPDX-License-Identifier: MIT
# session.sh COMMAND...: runs it in a desktop of its own, a screen in memory with a window manager and a bus, below $TEST_TMP.
set -euo pipefail

dir=$TEST_TMP/desktop
rm -rf "$dir" # of a session before this one
mkdir -p -m 700 "$dir/runtime"
export XDG_RUNTIME_DIR=$dir/runtime XDG_DATA_HOME=$HOME/.local/share XDG_CURRENT_DESKTOP= XDG_SESSION_TYPE=x11
# what is on the screen is told to whoever asks, as to a screen reader; no toolkit draws by a graphics card
export GTK_MODULES=gail:atk-bridge GTK_A11Y=atspi GDK_BACKEND=x11 GSK_RENDERER=cairo LIBGL_ALWAYS_SOFTWARE=1
export GSETTINGS_BACKEND=keyfile GTK_THEME=Adwaita GVFS_REMOTE_VOLUME_MONITOR_IGNORE=1

# each window fills the screen, so that a place in a window is a place on the screen
mkdir -p "$XDG_CONFIG_HOME"/{openbox,glib-2.0/settings} "$XDG_DATA_HOME"
cat >"$XDG_CONFIG_HOME/openbox/rc.xml" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
<focus><focusNew>yes</focusNew></focus>
<keyboard/>
<mouse><context name="Client"><mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind></context></mouse>
<applications><application class="*" type="normal"><decor>no</decor><maximized>yes</maximized></application></applications>
</openbox_config>
END
printf '[org/gnome/nautilus/window-state]\nmaximized=true\n' >"$XDG_CONFIG_HOME/glib-2.0/settings/keyfile"
printf '[Default Applications]\ntext/plain=org.xfce.mousepad.desktop\n' >"$XDG_CONFIG_HOME/mimeapps.list"
xdg-user-dirs-update

mkfifo "$dir/display"
# with a name of this directory, by which a test's leftovers are found
Xvfb -fbdir "$dir" -displayfd 5 -screen 0 1280x900x24 -nolisten tcp -fp built-ins 5>"$dir/display" >"$dir/Xvfb.log" 2>&1 &
server=$!
# what the bus has started does not end with it: indexers go on reading
end_session() {
    local ids
    unset XDG_RUNTIME_DIR # or what is looked for would be found in who looks
    while mapfile -t ids < <(grep -l -z -F -x "XDG_RUNTIME_DIR=$dir/runtime" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3) && [ ${#ids[@]} -gt 0 ]; do
        kill -KILL "${ids[@]}" 2>/dev/null || true
        sleep 0.1
    done
    wait $server || true
}
trap end_session EXIT
cd "$dir" # and not where the caller is: what is started here keeps that in use
read -r -t 60 number <"$dir/display" || { cat "$dir/Xvfb.log" >&2 && exit 1; }
export DISPLAY=:$number
dbus-run-session -- bash -c 'openbox --sm-disable --config-file "$XDG_CONFIG_HOME/openbox/rc.xml" >/dev/null 2>&1 & "$@"' desktop "$@"
