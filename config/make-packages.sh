#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the Debian packages weryaifs and weryaifs-sandbox of this tree, as of the last commit.
#
#   config/make-packages.sh [DIRECTORY]     default: build-packages
#
# Installs nothing: what is missing is named; config/debian/control has the list (apt-get build-dep ./DIRECTORY/weryaifs-*).
# DEB_BUILD_OPTIONS and DEB_BUILD_PROFILES (nocheck) hold, as for every package.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
version=$(sed -n "s/^ *version: '\(.*\)',$/\1/p" meson.build)
output=${1:-build-packages}
mkdir -p "$output"
output=$(readlink -f "$output")
tree=$output/weryaifs-$version

rm -rf "$tree"
mkdir "$tree"
if [ -e .git ]; then
    git archive HEAD | tar -x -C "$tree"
else
    tar -c --exclude './build*' . | tar -x -C "$tree" # an unpacked archive
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
