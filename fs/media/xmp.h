/* SPDX-License-Identifier: MIT */
#pragma once
/* xmp: what a picture was made from as a packet of XMP (ISO 16684-1), which exiftool, catalogues and viewers read. Pure. */
#include <stddef.h>

#include "fs/base/buf.h"

#define XMP_MAX 60000 /* of a packet: a JPEG has it in one segment of 65,533 bytes */

struct xmp_fact {
	const char *name;  /* letters and '_' */
	const char *value; /* any bytes; NULL: it is left out */
};

/* Adds to an empty buf with a ceiling of XMP_MAX. `description` is shown by viewers. What XML cannot say becomes U+FFFD. Long
 * values are cut at a code point, with "…" behind; what has no room any more is left out. -ENOMEM. */
int xmp_packet(const char *description, const struct xmp_fact *facts, size_t count, struct buf *packet);
