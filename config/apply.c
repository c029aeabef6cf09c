/* SPDX-License-Identifier: MIT */
/* Setting one key, wherever it was written. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sentence.h"
#include "config/table.h"

static int add_param(struct config *config, const char *key, const char *model, const char *value,
	const char *where)
{
	struct config_param param = {.model = model ? strdup(model) : NULL,
		.key = strdup(key),
		.value = strdup(value),
		.where = strdup(where)};
	struct config_param *params =
		reallocarray(config->params, config->param_count + 1, sizeof(*params));

	if (params)
		config->params = params;
	if (!params || (model && !param.model) || !param.key || !param.value || !param.where) {
		free(param.model);
		free(param.key);
		free(param.value);
		free(param.where);
		return -ENOMEM;
	}
	params[config->param_count++] = param;
	return 0;
}

int config_apply(struct config *config, const struct config_entry *entry, const char *model,
	const char *value, const char *where, char **ret_message)
{
	const struct config_type *type = entry->type;
	const char *why = NULL;
	char range[64] = "";
	int64_t unused;
	void *field = entry->size ? (char *)config + entry->offset : (char *)&unused;

	if (value[0] == '\0')
		return sentence_fail(ret_message, -EINVAL,
			"%s: '%s' has no value; give one, or leave it out for the default", where,
			entry->key);
	int r = type->parse(entry, value, field, &why);
	if (r == 0 && !entry->size)
		r = add_param(config, entry->key, model, value, where);
	if (r == 0)
		return 0;
	if (r == -ENOMEM)
		return sentence_fail(ret_message, r, "%s: out of memory", where);
	if (why)
		return sentence_fail(ret_message, r, "%s: %s %s", where, entry->key, why);
	if (type->scale > 0)
		snprintf(range, sizeof(range), " from %.10g to %.10g",
			(double)entry->min / type->scale, (double)entry->max / type->scale);
	return sentence_fail(ret_message, r, "%s: '%s' cannot be the value of %s, which takes %s%s",
		where, value, entry->key, type->expected, range);
}
