/* SPDX-License-Identifier: MIT */
#include "fs/fetch/readahead.h"

/* The kernel asks ahead of its reader, several at once and not always in order. */
#define NEIGHBOUR (INT64_C(1024) * 1024)

static struct reader *find_reader(struct readahead *readahead, int64_t offset)
{
	struct reader *oldest = &readahead->readers[0];

	for (int i = 0; i < 4; i++) {
		struct reader *reader = &readahead->readers[i];
		int64_t distance = offset - reader->next;
		/* the reader that stopped exactly here, or near here if it has read a lot in sequence */
		int64_t near = reader->run < NEIGHBOUR ? reader->run / 2 : NEIGHBOUR;
		if (reader->used != 0 && distance <= near && distance >= -near)
			return reader;
		if (reader->used < oldest->used)
			oldest = reader;
	}
	*oldest = (struct reader){.next = offset};
	return oldest;
}

struct readahead_plan readahead_note(struct readahead *readahead, int64_t offset, size_t length)
{
	struct reader *reader = find_reader(readahead, offset);
	int64_t end = offset + (int64_t)length, window;
	struct readahead_plan plan = {.run = reader->run, .target = end};

	reader->used = ++readahead->reads;
	if (reader->run == 0) {
		window = offset == 0 ? READAHEAD_FIRST : READAHEAD_SEEK;
		if (window < 2 * (int64_t)length)
			window = 2 * (int64_t)length;
		plan.target = offset + window;
	} else {
		window = reader->run * 4;
		plan.target = end + (window > READAHEAD_MAX ? READAHEAD_MAX : window);
	}
	reader->run += (int64_t)length;
	if (end > reader->next)
		reader->next = end;
	return plan;
}
