/* SPDX-License-Identifier: MIT */
#pragma once
/* check: what --check says of the configuration and of the account on disk. Changes nothing; asks nobody but
 * with --online (check_online.h). */
#include "fs/setup.h"

/* Writes what it finds to standard output; returns the exit code. key_problem: why there is no key, NULL: there is. */
int check_account(const struct setup *setup, const char *key_problem);
