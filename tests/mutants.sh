#!/bin/bash
# SPDX-License-Identifier: MIT
# Each mutant of tests/mutants.py has its place in the code still; they are run by hand.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
tests/mutants.py --places
