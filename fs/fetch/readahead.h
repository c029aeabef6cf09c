/* SPDX-License-Identifier: MIT */
#pragma once
/* readahead: from the reads of one file to how much of it should be on its way. Pure.
 *
 * A reader that goes on in sequence is met with four times what it has read so far, up to a limit; where it starts or
 * seeks, little is fetched, so that a look into a file costs little. Several readers are told apart by where they are. */
#include <stddef.h>
#include <stdint.h>

#define READAHEAD_FIRST (256 * 1024)
#define READAHEAD_SEEK (32 * 1024)
#define READAHEAD_MAX (INT64_C(20) * 1024 * 1024)

struct readahead { /* zeroed memory: nothing was read */
	struct reader {
		int64_t next; /* where it will go on */
		int64_t run;  /* bytes read in sequence */
		uint64_t used;
	} readers[4];
	uint64_t reads;
};

struct readahead_plan {
	int64_t run;    /* bytes that this reader has read in sequence before this */
	int64_t target; /* up to here bytes should be on their way; at least the read's end */
};

struct readahead_plan readahead_note(struct readahead *readahead, int64_t offset, size_t length);
