/* SPDX-License-Identifier: MIT */
#pragma once
/* input: what one reference line of a prompt stands for (design 1.4): an address, a file of the mount, or the result of
 * another prompt, which may not be there yet. Says what is known now and starts what is missing (an upload, a look at an
 * address); asked again after waiting_recheck(). */
#include "fs/gen/job.h"
#include "fs/gen/prompt.h"

struct gen;

/* In place of an address, in the request that a dry run shows; the path follows. */
#define INPUT_LATER "uploaded when it is sent: "

enum input_verdict {
	INPUT_READY,   /* text: the address */
	INPUT_WAITS,   /* text: for what */
	INPUT_MISSING, /* text: the sentence; it may yet appear */
	INPUT_WRONG    /* text: the sentence */
};

struct input {
	enum input_verdict verdict;
	char *text;   /* owned by the caller */
	int64_t on;   /* the prompt whose job this one depends on; 0 none */
	int64_t size; /* bytes of the file behind it; -1 unknown */
	int64_t ino;  /* the file; 0 none */
};

/* `job` is the asking one; its dir and ino are up to date. 0 or -ENOMEM or an error of the disk. */
int input_look(struct gen *gen, const struct job *job, const struct prompt_ref *ref, struct input *ret_input);
