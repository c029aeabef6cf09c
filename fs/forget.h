/* SPDX-License-Identifier: MIT */
#pragma once
/* forget: --forget ACCOUNT. Says what this machine has of the account, asks, and removes it. */
#include "fs/setup.h"

/* Asks on standard input, where the account's name has to be given once more. Returns the exit code. */
int forget_account(const struct setup *setup);
