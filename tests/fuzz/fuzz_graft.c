/* SPDX-License-Identifier: MIT */
/* Any bytes as a picture of each type: no crash, no read outside of what is known; a graft keeps its bounds, and takes nothing away. */
#include <errno.h>
#include <stdint.h>

#include "fs/base/cleanup.h"
#include "fs/media/graft.h"
#include "fs/media/xmp.h"
#include "tests/fuzz/holds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"png", "jpg", "webp", "gif"};
	const struct xmp_fact fact = {"prompt", "a fox"};
	struct buf packet;

	buf_init(&packet, XMP_MAX);
	HOLDS(xmp_packet("a fox", &fact, 1, &packet) == 0);
	for (size_t i = 0; i < array_length(types); i++) {
		for (int64_t more = 0; more < 3; more++) {
			struct graft graft;
			int r = graft_make(types[i], data, size, (int64_t)size + more * 1000, &packet, &graft);
			HOLDS(r == 0 || r == -EINVAL);
			if (r < 0)
				continue;
			HOLDS(graft.cut <= size && graft.cut <= GRAFT_CUT_MAX);
			HOLDS(graft.head.length <= GRAFT_HEAD_MAX && graft.tail.length <= GRAFT_TAIL_MAX);
			HOLDS(graft.head.length + graft.tail.length > graft.cut + packet.length);
			graft_finish(&graft);
		}
	}
	buf_finish(&packet);
	return 0;
}
