#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# Each way that a text comes to a place, with each state of what was there: as many POSTs as the rules say (tests/paid/model.py). A seeded
# tenth; tests/paid/matrix.py alone takes all cells. PAID_CELLS, PAID_SEED: more of them, others.
. "$(dirname "$0")/../lib/mount.sh"

python3 "$TEST_ROOT/tests/paid/matrix.py" --sample "${PAID_CELLS:-711}" --seed "${PAID_SEED:-1}"
