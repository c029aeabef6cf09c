#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# Histories at random, side by side on one mount: after every step as many POSTs, and the results at the places, that the rules say
# (tests/paid/model.py). A seeded sample; tests/paid/walk.py alone takes 2,000 of 30 steps. PAID_STEPS, PAID_SEED: more, others.
. "$(dirname "$0")/../lib/mount.sh"

python3 "$TEST_ROOT/tests/paid/walk.py" --histories 60 --group 60 --jobs 1 --steps "${PAID_STEPS:-5}" --seed "${PAID_SEED:-1}"
