#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 240
# Prompts by eight shells, faults in a tenth of all answers, SIGKILLs: each accepted once, each result right, no text
# lost. tests/crash/storm.py alone takes 1,000 prompts and 20 kills.
. "$(dirname "$0")/../lib/mount.sh"

python3 "$TEST_ROOT/tests/crash/storm.py" --prompts "${STORM_PROMPTS:-120}" --kills "${STORM_KILLS:-4}"
