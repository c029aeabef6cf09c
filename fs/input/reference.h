/* SPDX-License-Identifier: MIT */
#pragma once
/* reference: what one reference line of a prompt stands for (design 1.4): an address, a file of the mount, or the result of
 * another prompt, which may not be there yet. First all inputs of a prompt are looked at, which starts nothing; where none
 * is wrong or missing, their addresses are asked for, which starts what that needs (an upload, a look at an address). Both
 * are asked again when something has changed. */
#include "fs/job/job.h"
#include "fs/prompt/prompt.h"
#include "fs/store/nodes.h"

struct inputs;

enum reference_verdict {
	REFERENCE_READY,   /* text: of reference_look(): NULL, or the address as it was when it was made; of reference_address(): the
			  address */
	REFERENCE_WAITS,   /* text: for what */
	REFERENCE_MISSING, /* text: the sentence; it may yet appear */
	REFERENCE_WRONG    /* text: the sentence */
};

struct reference {
	enum reference_verdict verdict;
	char *text;   /* owned by the caller */
	int64_t on;   /* the prompt whose job this one depends on; 0 none */
	int64_t size; /* bytes of the file behind it; -1 unknown */
	int64_t duration_ms; /* where the service limits it: how long it plays (limits.h); -1: not known */
	bool unmeasured; /* the service limits it, and it cannot be told */
	struct node node; /* the file, ino 0: none */
	const char *type; /* of the file's bytes, static; NULL: not looked at */
	bool later; /* text is no address yet: a dry run does not upload */
};

/* The job that asks, and where its prompt is now. */
struct asker {
	struct inputs *inputs;
	const struct job *job;
	struct job_place place;
};

/* 0 or -ENOMEM or an error of the disk. */
int reference_look(
	const struct asker *asker, const struct prompt_ref *ref, struct reference *ret_input);
/* Of one that is REFERENCE_READY, and stays so or becomes another. */
int reference_address(
	const struct asker *asker, const struct prompt_ref *ref, struct reference *input);
/* Where its bytes come from, as one line: "url https://…", "result TASK 0" (also of a plain file with the bytes of a result), "bytes
 * HASH"; NULL: that cannot be told now. The caller frees. */
int reference_origin(struct inputs *inputs, const struct prompt_ref *ref, const struct reference *input,
	char **ret_origin);
/* "line 3: 'fox.png' …"; -ENOMEM */
int reference_say(struct reference *input, const struct prompt_ref *ref, enum reference_verdict verdict,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
