/* SPDX-License-Identifier: MIT */
#pragma once
/* input: what one reference line of a prompt stands for (design 1.4): an address, a file of the mount, or the result of
 * another prompt, which may not be there yet. First all inputs of a prompt are looked at, which starts nothing; where none
 * is wrong or missing, their addresses are asked for, which starts what that needs (an upload, a look at an address). Both
 * are asked again after waiting_recheck(). */
#include "fs/job/job.h"
#include "fs/prompt/prompt.h"
#include "fs/store/nodes.h"

struct gen;

/* In place of an address, in the request that a dry run shows; the path follows. */
#define INPUT_LATER "uploaded when it is sent: "

enum input_verdict {
	INPUT_READY,   /* text: of input_look(): NULL, or the address as it was when it was made; of input_address(): the
			  address */
	INPUT_WAITS,   /* text: for what */
	INPUT_MISSING, /* text: the sentence; it may yet appear */
	INPUT_WRONG    /* text: the sentence */
};

struct input {
	enum input_verdict verdict;
	char *text;   /* owned by the caller */
	int64_t on;   /* the prompt whose job this one depends on; 0 none */
	int64_t size; /* bytes of the file behind it; -1 unknown */
	int64_t duration_ms; /* where the service limits it: how long it plays; -1: not known */
	bool unmeasured; /* the service limits it, and it cannot be told */
	struct node node; /* the file, ino 0: none */
	const char *type; /* of the file's bytes, static; NULL: not looked at */
};

/* `job` is the asking one; its dir, ino and mode are up to date. 0 or -ENOMEM or an error of the disk. */
int input_look(struct gen *gen, const struct job *job, const struct prompt_ref *ref, struct input *ret_input);
/* Of one that is INPUT_READY, and stays so or becomes another. */
int input_address(
	struct gen *gen, const struct job *job, const struct prompt_ref *ref, struct input *input);
/* "line 3: 'fox.png' …"; -ENOMEM */
int input_say(struct input *input, const struct prompt_ref *ref, enum input_verdict verdict,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
