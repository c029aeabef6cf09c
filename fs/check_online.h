/* SPDX-License-Identifier: MIT */
#pragma once
/* check_online: what --check --online asks the service: key, balance, both lists of models. All of it is free; nothing is
 * generated. */
#include "fs/setup.h"

/* Writes what it finds to standard output, also how answers differ from what is expected; returns the exit code. */
int check_online(const struct setup *setup);
