/* SPDX-License-Identifier: MIT */
#pragma once
/* status_hash: tells whether two texts of X.status say the same, so that nobody is told of a change that is none. */
#include <stddef.h>
#include <stdint.h>

/* Of all lines but `elapsed:`, which is another one in every second, and `queue:`, which is when anything is sent; never 0. */
uintptr_t status_hash(const char *text, size_t length);
