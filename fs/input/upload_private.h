/* SPDX-License-Identifier: MIT */
#pragma once
/* upload_private: what upload.c (who asks) and upload_send.c (the work) share. */
#include "fs/base/list.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/base/sha256.h"
#include "fs/input/source.h"
#include "fs/input/upload.h"

enum upload_state { UPLOAD_HASHING, UPLOAD_HASHED, UPLOAD_SENDING, UPLOAD_REFUSED };

/* One file's bytes. What is known of them holds as long as size and time stay. */
struct upload {
	struct uploads *uploads; /* borrowed */
	struct list link;
	int64_t ino, size, changed;
	enum upload_state state;
	const char *type;     /* static */
	struct source source; /* owned */
	struct sha256 sha;
	int64_t at; /* hashed so far, then sent so far */
	char hash[SHA256_TEXT];
	char *url, *trouble; /* owned; trouble: why it was refused, or is tried again */
	int64_t not_before;  /* monotonic ms */
	unsigned failures;   /* in a row, of its own */
};

struct uploads {
	const struct inputs_needs *needs; /* borrowed, like the next one */
	struct liveness *liveness;
	void (*changed)(void *arg);
	void *arg;
	struct map *by_ino;
	struct list all;          /* upload.link, owned; the order is that of sending */
	struct loop_timer *timer; /* owned */
	struct upload *sending;   /* NULL none */
	struct api_call *call;    /* owned */
	int64_t not_before, told; /* monotonic ms; the former of all */
	unsigned failures;        /* in a row, that were not about one file */
};

/* upload_send.c. Forgets the file, and calls it off where it is being sent. */
void upload_free(struct upload *upload);

/* The timer's; `arg` is the uploads. */
void uploads_step(void *arg);
