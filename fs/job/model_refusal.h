/* SPDX-License-Identifier: MIT */
#pragma once
/* model_refusal: the service has said that it does not have a model. That is remembered for a day and told in `.model`; nothing
 * else follows from it: prompts are sent all the same, since a refusal costs nothing and the service may have changed its mind. */
#include <stdint.h>

#include "fs/model/model.h"

struct store;

/* In `directory`, for a request of this mode; `words` are the service's, "" none. A transaction of its own. */
int model_refusal_note(
	struct store *store, const char *directory, const char *mode, const char *words);
/* The service has taken such a request. */
int model_refusal_forget(struct store *store, const char *directory, const char *mode);
/* A sentence for each refusal of the last day. Caller frees; NULL: there was none.
 * model NULL: it is not in the catalogue. */
int model_refusal_tell(struct store *store, const char *directory, const struct model *model,
	char **ret_text);
