/* SPDX-License-Identifier: MIT */
#pragma once
/* set_key: --set-key. Asks for the API key, tries it by asking for the balance, and stores it where a mount with the same
 * settings looks for it. */
#include "fs/setup.h"

/* The key is read from standard input, without echo where that is a terminal. Returns the exit code. */
int set_key(struct setup *setup);
