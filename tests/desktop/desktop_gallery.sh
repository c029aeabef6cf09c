#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# The gallery in headless Chromium: it is painted, asks for files of the mount alone, and hostile prompts are text. GALLERY_RESULTS=10000 is by hand.
. "$(dirname "$0")/../lib/mount.sh"
command -v chromium >/dev/null || skip "no chromium"
python3 "$TEST_ROOT/tests/desktop/gallery.py" "$TEST_TMP" "${GALLERY_RESULTS:-300}" ${GALLERY_SCREENSHOT:+"$GALLERY_SCREENSHOT"}
