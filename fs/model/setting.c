/* SPDX-License-Identifier: MIT */
#include "fs/model/setting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"

#define WORD_MAX 64       /* bytes of a ratio, resolution or quality */
#define WEBHOOK_MAX 2048  /* bytes */
#define HOST_MAX 255      /* bytes, RFC 1035 */
#define DURATION_MAX 3600 /* s; a bound for nonsense, models list far less */
#define NUMBER_MAX 1000   /* likewise */

static const char *const names[SETTING_COUNT] = {
	[SETTING_RATIO] = "ratio",
	[SETTING_NEGATIVE] = "negative",
	[SETTING_NUMBER] = "number",
	[SETTING_RESOLUTION] = "resolution",
	[SETTING_QUALITY] = "quality",
	[SETTING_DURATION] = "duration",
	[SETTING_AUDIO] = "audio",
	[SETTING_WEB_SEARCH] = "web search",
	[SETTING_WEBHOOK] = "webhook",
	[SETTING_CALLER] = "caller",
};

const char *setting_name(enum setting setting)
{
	return names[setting];
}

static char fold(char c)
{
	if (c == '-' || c == '_')
		return ' ';
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int setting_find(const char *name, enum setting *ret_setting)
{
	for (unsigned s = 0; s < SETTING_COUNT; s++) {
		size_t i = 0;
		while (names[s][i] && fold(name[i]) == names[s][i])
			i++;
		if (!names[s][i] && !name[i]) {
			*ret_setting = (enum setting)s;
			return 0;
		}
	}
	return -ENOENT;
}

void setting_values_init(struct model_defaults *values)
{
	*values = (struct model_defaults){.number = API_UNSET,
		.duration = API_UNSET,
		.audio = API_UNSET,
		.web_search = API_UNSET};
}

void setting_values_finish(struct model_defaults *values)
{
	free(values->ratio);
	free(values->negative);
	free(values->resolution);
	free(values->quality);
	free(values->webhook);
	setting_values_init(values);
}

/* The field of a setting that is text, NULL for the others. */
static char **text_field(struct model_defaults *values, enum setting setting)
{
	switch (setting) {
	case SETTING_RATIO:
		return &values->ratio;
	case SETTING_NEGATIVE:
		return &values->negative;
	case SETTING_RESOLUTION:
		return &values->resolution;
	case SETTING_QUALITY:
		return &values->quality;
	case SETTING_WEBHOOK:
		return &values->webhook;
	default:
		return NULL;
	}
}

/* The field of a setting that is a small number, NULL for the others. */
static int *int_field(struct model_defaults *values, enum setting setting)
{
	switch (setting) {
	case SETTING_NUMBER:
		return &values->number;
	case SETTING_DURATION:
		return &values->duration;
	case SETTING_AUDIO:
		return &values->audio;
	case SETTING_WEB_SEARCH:
		return &values->web_search;
	default:
		return NULL;
	}
}

bool setting_is_set(const struct model_defaults *values, enum setting setting)
{
	struct model_defaults *v = (struct model_defaults *)values;

	if (setting == SETTING_CALLER)
		return values->has_caller;
	if (text_field(v, setting))
		return *text_field(v, setting) != NULL;
	return *int_field(v, setting) != API_UNSET;
}

int setting_set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

int setting_copy(struct model_defaults *to, const struct model_defaults *from, enum setting setting)
{
	struct model_defaults *source = (struct model_defaults *)from;

	if (!setting_is_set(from, setting))
		return 0;
	if (setting == SETTING_CALLER) {
		to->caller = from->caller;
		to->has_caller = true;
		return 0;
	}
	if (text_field(to, setting))
		return setting_set_text(text_field(to, setting), *text_field(source, setting));
	*int_field(to, setting) = *int_field(source, setting);
	return 0;
}

static int refuse(char **ret_message, enum setting setting, const char *value, const char *reason)
{
	CLEANUP_FREE char *shown = message_quote(value);

	if (!shown)
		return -ENOMEM;
	return message_refuse(ret_message, "%s '%s' %s", names[setting], shown, reason);
}

static bool is_loopback(const char *host)
{
	struct in_addr four;
	struct in6_addr six;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* https to anywhere; http only to this machine, so that nobody on the way reads what was made. */
static bool is_webhook(const char *url)
{
	char host[HOST_MAX + 1];
	bool https = strncasecmp(url, "https://", 8) == 0;

	if (!https && strncasecmp(url, "http://", 7) != 0)
		return false;
	for (const char *c = url; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '\\')
			return false;
	url += https ? 8 : 7;
	size_t length = strcspn(url, "/?#");
	const char *at = memrchr(url, '@', length);
	if (at) {
		length -= (size_t)(at + 1 - url);
		url = at + 1;
	}
	if (*url == '[') {
		const char *end = memchr(url, ']', length);
		if (!end)
			return false;
		url++;
		length = (size_t)(end - url);
	} else if (memchr(url, ':', length)) {
		length = (size_t)((const char *)memchr(url, ':', length) - url);
	}
	if (length == 0 || length > HOST_MAX)
		return false;
	memcpy(host, url, length);
	host[length] = '\0';
	return https || is_loopback(host);
}

/* "5", "5s", "5 s" */
static int parse_seconds(const char *value, int64_t *ret_seconds)
{
	char digits[16];
	size_t length = strlen(value);

	if (length > 0 && (value[length - 1] == 's' || value[length - 1] == 'S'))
		length--;
	while (length > 0 && value[length - 1] == ' ')
		length--;
	if (length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, value, length);
	digits[length] = '\0';
	return str_to_int(digits, 1, DURATION_MAX, ret_seconds);
}

static int parse_text(
	struct model_defaults *to, enum setting setting, const char *value, char **ret_message)
{
	if (setting == SETTING_NEGATIVE) {
		size_t count = str_utf8_count(value, strlen(value));
		if (count > SETTING_NEGATIVE_MAX)
			return message_refuse(ret_message,
				"negative has %zu characters; at most %d are taken", count,
				SETTING_NEGATIVE_MAX);
	} else if (setting == SETTING_WEBHOOK) {
		if (strlen(value) > WEBHOOK_MAX || !is_webhook(value))
			return refuse(ret_message, setting, value,
				"is not an https:// URL (http:// only to this machine)");
	} else if (strlen(value) > WORD_MAX) {
		return refuse(ret_message, setting, value, "is too long");
	}
	return setting_set_text(text_field(to, setting), value);
}

int setting_parse(
	struct model_defaults *to, enum setting setting, const char *value, char **ret_message)
{
	int64_t number;
	bool yes;

	if (!*value)
		return message_refuse(ret_message, "%s has no value", names[setting]);
	switch (setting) {
	case SETTING_NUMBER:
		if (str_to_int(value, 1, NUMBER_MAX, &number) < 0)
			return refuse(ret_message, setting, value,
				"is not a number of results such as 2");
		to->number = (int)number;
		return 0;
	case SETTING_DURATION:
		if (parse_seconds(value, &number) < 0)
			return refuse(
				ret_message, setting, value, "is not whole seconds such as 5");
		to->duration = (int)number;
		return 0;
	case SETTING_AUDIO:
	case SETTING_WEB_SEARCH:
		if (str_to_bool(value, &yes) < 0)
			return refuse(ret_message, setting, value, "is neither yes nor no");
		*int_field(to, setting) = yes;
		return 0;
	case SETTING_CALLER:
		if (str_to_int(value, INT64_MIN, INT64_MAX, &number) < 0)
			return refuse(ret_message, setting, value, "is not a whole number");
		to->caller = number;
		to->has_caller = true;
		return 0;
	default:
		return parse_text(to, setting, value, ret_message);
	}
}
