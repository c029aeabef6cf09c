#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 700
# A person's first hour, with pcmanfm: what walk.py says.
. "$(dirname "$0")/file_manager.sh"
