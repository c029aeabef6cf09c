/* SPDX-License-Identifier: MIT */
#pragma once
/* descriptors: how many files may be open, and that some of them are kept back.
 *
 * What users open takes descriptors until they close it. The last DESCRIPTORS_RESERVE of the limit are for what must go on
 * then: submissions, polls, the database, a look at a text that is to be sent. */

#define DESCRIPTORS_RESERVE 48

/* Raises the limit to what is allowed. */
void descriptors_raise(void);
/* How many may be kept for one purpose, only since that is faster: `most`, or a tenth of a small limit, but two at least. */
unsigned descriptors_part(unsigned most);
/* For a descriptor that somebody else asked for and keeps: itself, or -EMFILE, closed, where only the reserve is left. Negative
 * ones are passed on. */
int descriptors_spare(int fd);
