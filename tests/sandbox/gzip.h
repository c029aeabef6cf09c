/* SPDX-License-Identifier: MIT */
#pragma once
/* gzip: bytes as a gzip file that is a few bytes longer than they are (RFC 1951, 3.2.4: blocks that are stored). Pure. */
#include <stddef.h>

/* Caller frees. */
unsigned char *gzip_store(const unsigned char *data, size_t size, size_t *ret_size);
