/* SPDX-License-Identifier: MIT */
#pragma once
/* envelope_private: what the files share that take answers apart: envelope.c, envelope_submitted.c, envelope_tasks.c. */
#include <jansson.h>

#include "fs/api/envelope.h"
#include "fs/base/cleanup.h"

static inline void json_unrefp(json_t **json)
{
	json_decref(*json);
}
#define CLEANUP_JSON CLEANUP(json_unrefp)

#define ENVELOPE_ID_ROOM 32 /* bytes that the digits of a number fit in */

/* A task's id as text in `room` or in the JSON itself; NULL when it is none. */
const char *envelope_read_id(const json_t *value, char room[static ENVELOPE_ID_ROOM]);
/* Adds one result: a string, or an object around it (API reference 4.1); what cannot be fetched with ENVELOPE_REFUSED before it. */
int envelope_add_result(struct strlist *urls, const json_t *element);
/* Adds an address that is good; 1: it is none that can be taken. */
int envelope_add_url(struct strlist *urls, const char *url);
/* Line feeds and tabs stay, other control bytes do not; cut at a code point. Caller frees; NULL: no memory. */
char *envelope_copy_text(const char *text);
