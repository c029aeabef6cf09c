/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/sentence.h"
#include "config/table.h"
#include "config/url.h"
#include "fs/base/cleanup.h"
#include "fs/base/str.h"

#define ITEM_MAX 4096 /* bytes of one -o item */

int config_init(struct config *config, char **ret_message)
{
	size_t count;
	const struct config_entry *entries = config_table(&count);

	*config = (struct config){.uid = -1, .gid = -1, .umask = -1, .submit_gap_ms = -1};
	for (size_t i = 0; i < count; i++) {
		if (!entries[i].initial)
			continue;
		int r = config_apply(config, &entries[i], NULL, entries[i].initial,
			"built-in default", ret_message);
		if (r < 0) {
			config_finish(config);
			return r;
		}
	}
	return 0;
}

void config_finish(struct config *config)
{
	if (!config)
		return;
	free(config->account);
	free(config->base_url);
	free(config->models_base_url);
	free(config->key_file);
	free(config->ca_file);
	free(config->proxy);
	free(config->trace);
	free(config->key_command);
	free(config->cache_dir);
	free(config->webhook_listen);
	free(config->webhook_public_url);
	for (size_t i = 0; i < config->param_count; i++) {
		free(config->params[i].model);
		free(config->params[i].key);
		free(config->params[i].value);
		free(config->params[i].where);
	}
	free(config->params);
	*config = (struct config){0};
}

int config_environment(struct config *config, char **ret_message)
{
	static const struct {
		const char *variable, *key, *where;
	} pairs[] = {
		{"WERYAI_BASE_URL", "base_url", "$WERYAI_BASE_URL"},
		{"WERYAI_MODELS_BASE_URL", "models_base_url", "$WERYAI_MODELS_BASE_URL"},
	};

	for (size_t i = 0; i < array_length(pairs); i++) {
		const char *value = getenv(pairs[i].variable);
		if (!value || value[0] == '\0')
			continue;
		int r = config_apply(config, config_table_find(NULL, pairs[i].key), NULL, value,
			pairs[i].where, ret_message);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is quoted in messages and goes into requests: UTF-8 on one line. */
static bool is_plain_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return str_is_utf8(text, length);
}

/* "nokeeper" for keeper=no, as mount(8) has it of its own options. NULL: it is none of these. */
static const struct config_entry *find_negated(const char *key)
{
	const struct config_entry *entry =
		strncmp(key, "no", 2) == 0 ? config_table_find(NULL, key + 2) : NULL;

	return entry && entry->type->bare ? entry : NULL;
}

int config_set_option(struct config *config, const char *item, char **ret_message)
{
	size_t length = strlen(item);
	const char *equals = strchr(item, '=');
	const char *key = item, *value = equals ? equals + 1 : "";
	size_t key_length = equals ? (size_t)(equals - item) : length, value_length = strlen(value);
	CLEANUP_FREE char *key_text = NULL, *value_text = NULL, *hint = NULL;

	if (length > ITEM_MAX)
		return sentence_fail(
			ret_message, -EINVAL, "-o: an option is longer than %d bytes", ITEM_MAX);
	if (!is_plain_text(item, length))
		return sentence_fail(ret_message, -EINVAL,
			"-o: an option contains control characters or is not UTF-8");
	str_trim(&key, &key_length);
	str_trim(&value, &value_length);
	key_text = strndup(key, key_length);
	value_text = strndup(value, value_length);
	if (!key_text || !value_text)
		return sentence_fail(ret_message, -ENOMEM, "-o: out of memory");
	const struct config_entry *entry = config_table_find(NULL, key_text);
	if (!entry && !equals && (entry = find_negated(key_text)) != NULL)
		return config_apply(config, entry, NULL, "no", "-o", ret_message);
	if (!entry) {
		hint = config_table_hint(NULL, key_text);
		return sentence_fail(ret_message, -EINVAL, "-o: unknown option '%s'%s", key_text,
			hint ? hint : "");
	}
	if (!equals && !entry->type->bare)
		return sentence_fail(ret_message, -EINVAL, "-o: '%s' needs a value: %s=%s",
			entry->key, entry->key, entry->type->placeholder);
	return config_apply(config, entry, NULL, equals ? value_text : "yes", "-o", ret_message);
}

int config_check(const struct config *config, char **ret_message)
{
	const char *why = url_refusal(config->base_url);

	if (why)
		return sentence_fail(ret_message, -EINVAL, "base_url %s", why);
	why = url_refusal(config->models_base_url);
	if (why)
		return sentence_fail(ret_message, -EINVAL, "models_base_url %s", why);
	if (config->key_file && config->key_command)
		return sentence_fail(ret_message, -EINVAL,
			"key_file and key_command are both set; keep the one that gives the API "
			"key");
	return 0;
}

char *config_default_path(void)
{
	return config_user_path("weryaifs.conf");
}
