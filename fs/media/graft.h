/* SPDX-License-Identifier: MIT */
#pragma once
/* graft: where a picture takes a packet of XMP: which of its first bytes become others, and what comes behind its last. The
 * picture's own bytes stay as they are between the two:
 *
 *   head | original [cut, size) | tail
 *
 * PNG: an iTXt chunk behind IHDR. JPEG: an APP1 segment behind APP0 and Exif. WebP: a chunk at the end, with RIFF's length and
 * VP8X's flag in front. What is not exactly as expected, or has a packet of its own, is left alone. Pure. */
#include <stddef.h>
#include <stdint.h>

#include "fs/base/buf.h"

#define GRAFT_CUT_MAX 4096
#define GRAFT_HEAD_MAX (GRAFT_CUT_MAX + 65536)
#define GRAFT_TAIL_MAX 65536

struct graft {
	size_t cut;		/* at most GRAFT_CUT_MAX */
	struct buf head, tail;	/* never shorter together than `cut` */
};

/* `type`: a suffix of sniff.h; `first`: the first `length` bytes of a file of `size` bytes; `packet`: at most XMP_MAX bytes. 0: the caller
 * ends ret_graft with graft_finish(). -EINVAL: it takes none; -ENOMEM. */
int graft_make(const char *type, const void *first, size_t length, int64_t size, const struct buf *packet,
	struct graft *ret_graft);
void graft_finish(struct graft *graft);
