#!/bin/bash
# SPDX-License-Identifier: MIT
# The gallery of a mount for browsers of this machine, at http://127.0.0.1:8000/.weryaifs/gallery.html; that of one directory is
# http://127.0.0.1:8000/FLUX/sets/.gallery.html.
#
#   MOUNT=~/weryai examples/pipelines/gallery.sh [PORT]          # ^C ends it
#
# It serves the whole mount, to be read only: let nobody in who should not see every prompt.
set -euo pipefail
exec python3 -u -m http.server --bind 127.0.0.1 --directory "${MOUNT:-$HOME/weryai}" "${1:-8000}"
