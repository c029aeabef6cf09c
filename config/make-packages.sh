#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the Debian packages weryaifs and weryaifs-sandbox of this tree, as of the last commit.
#
#   config/make-packages.sh [DIRECTORY]     default: build-packages
#
# Installs what is missing for that, after a question where somebody can answer it (not when CI=true).
# DEB_BUILD_OPTIONS and DEB_BUILD_PROFILES (nocheck) hold, as for every package.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tests/lib/install.sh

# as Build-Depends in the control file has them, with the tools around them
mapfile -t packages < <(echo build-essential && echo dpkg-dev && echo fakeroot &&
    sed -n '/^Build-Depends:/,/^[A-Z]/ s/^ \([a-z0-9.+-]*\).*/\1/p' config/debian/control | sed 's/^debhelper-compat$/debhelper/')
ask_first "${packages[@]}"
install_packages "${packages[@]}"

version=$(sed -n "s/^ *version: '\(.*\)',$/\1/p" meson.build)
output=${1:-build-packages}
mkdir -p "$output"
output=$(readlink -f "$output")
tree=$output/weryaifs-$version

rm -rf "$tree"
mkdir "$tree"
if [ -e .git ] && command -v git >/dev/null; then
    git -c safe.directory="$PWD" archive HEAD | tar -x -C "$tree"
else
    tar -c --exclude './build*' . | tar -x -C "$tree" # an unpacked archive, or a copy
fi
case $(dpkg-parsechangelog -l "$tree/config/debian/changelog" -S Version) in
"$version"-*) ;;
*) echo "the changelog of config/debian is not of version $version, as meson.build is" >&2 && exit 1 ;;
esac
cp -r "$tree/config/debian" "$tree/debian"
cd "$tree"
dpkg-buildpackage --build=binary --no-sign
cd ..
rm -rf "$tree"
echo
ls -l "$output"/*.deb
