#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Every answer of the service, dropped, delayed, cut, garbled or refused, in turn: never charged twice, the right end, the
# right bytes, and a status that says why. tests/crash/answers.py alone takes all endpoints of submissions.
. "$(dirname "$0")/../lib/mount.sh"

python3 "$TEST_ROOT/tests/crash/answers.py" --part "submit text-to-image, several" --part "submit image-to-prompt" \
    --part "poll status" --part "poll batch" --part "cdn first bytes" --part "cdn rest" --part upload --part balance --part models
