/* SPDX-License-Identifier: MIT */
#pragma once
/* series: is a directory being read file after file (a file manager's pictures, cp -r, a montage)? Pure.
 *
 * A file is the next of another by its name, or by its number, which is the order of readdir(3); by which of them it goes, the
 * first files tell. After SERIES_LEAST files that followed each other the next ones may come along: two for each that was read,
 * up to SERIES_AHEAD, and of none more than was read of the last two. One that is begun without having been expected is a wrong
 * guess: it takes twice as many files from then on until the next guess. Readers side by side, who begin their files a little
 * out of order, are no wrong guess. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_LEAST 3
#define SERIES_AHEAD 16
#define SERIES_SEEN 24

struct series { /* zeroed memory: nothing was read */
	struct series_file {
		int64_t ino, read;       /* bytes, from the start */
		int64_t by_name, by_ino; /* the files that would be next; 0 none */
		unsigned length;         /* of the series, with this one */
	} seen[SERIES_SEEN];             /* the last ones, a ring */
	uint64_t count;
	int64_t expected[SERIES_SEEN]; /* those that may come along, a ring */
	uint64_t expectations;
	unsigned length; /* of the series, with the last file */
	bool by_ino;     /* so it goes */
	unsigned least;  /* 0: SERIES_LEAST */
	bool guessing;
};

struct series_guess {
	unsigned ahead; /* so many of the next files may come along; 0 none */
	bool wrong;     /* what is on its way is not wanted after all */
	int64_t bytes;  /* of each, at most */
};

/* A file is begun; by_name and by_ino: what comes after it, 0 none. */
struct series_guess series_begin(
	struct series *series, int64_t ino, int64_t by_name, int64_t by_ino);
/* It is one of those that may come along, in their order. */
void series_expect(struct series *series, int64_t ino);
void series_read(struct series *series, int64_t ino, int64_t end);
