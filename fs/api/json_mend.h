/* SPDX-License-Identifier: MIT */
#pragma once
/* json_mend: what jansson refuses a whole text for, though it is one odd character in somebody's message: a NUL, half of a
 * surrogate pair, bytes that are no UTF-8, a byte order mark in front. */
#include <stddef.h>

struct buf;

/* Adds the text with U+FFFD in the place of each. Whether it is JSON is not looked at. 0, -ENOMEM. */
int json_mend(const char *text, size_t length, struct buf *out);
