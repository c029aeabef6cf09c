/* SPDX-License-Identifier: MIT */
/* The half of prompt_foreign.h about options: "--ar 16:9", as they are written behind the words of a prompt elsewhere. */
#include "fs/prompt/prompt_foreign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_value.h"

#define WORD_MAX 200 /* bytes of an argument */

enum argument { RATIO_OF, NUMBER_OF, WORD_OF, ADDRESS_OF, NOTHING_OF, TEXT_OF };

static const struct option {
	const char *name;
	enum argument argument;
	const char *here;
} options[] = {
	{"ar", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"aspect", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"aspect-ratio", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"ratio", RATIO_OF, "write a line 'ratio: 16:9'"},
	{"size", RATIO_OF, PROMPT_HAS_SHAPE},
	{"no", TEXT_OF, "write a line 'negative: …'"},
	{"neg", TEXT_OF, "write a line 'negative: …'"},
	{"negative", TEXT_OF, "write a line 'negative: …'"},
	{"negative-prompt", TEXT_OF, "write a line 'negative: …'"},
	{"n", NUMBER_OF, "write a line 'number: 2'"},
	{"num", NUMBER_OF, "write a line 'number: 2'"},
	{"number", NUMBER_OF, "write a line 'number: 2'"},
	{"r", NUMBER_OF, "write a line 'number: 2'"},
	{"repeat", NUMBER_OF, "write a line 'number: 2'"},
	{"duration", NUMBER_OF, "write a line 'duration: 5'"},
	{"quality", WORD_OF, "write a line 'quality: high' where the model has that"},
	{"q", NUMBER_OF, NULL},
	{"resolution", WORD_OF, "write a line 'resolution: 2k' where the model has that"},
	{"image", ADDRESS_OF, "write a line 'image: …'"},
	{"v", NUMBER_OF, NULL},
	{"version", NUMBER_OF, NULL},
	{"niji", NUMBER_OF, NULL},
	{"s", NUMBER_OF, NULL},
	{"stylize", NUMBER_OF, NULL},
	{"c", NUMBER_OF, NULL},
	{"chaos", NUMBER_OF, NULL},
	{"w", NUMBER_OF, NULL},
	{"h", NUMBER_OF, NULL},
	{"weird", NUMBER_OF, NULL},
	{"width", NUMBER_OF, PROMPT_HAS_SHAPE},
	{"height", NUMBER_OF, PROMPT_HAS_SHAPE},
	{"seed", NUMBER_OF, NULL},
	{"sameseed", NUMBER_OF, NULL},
	{"steps", NUMBER_OF, NULL},
	{"cfg", NUMBER_OF, NULL},
	{"cfg-scale", NUMBER_OF, NULL},
	{"guidance", NUMBER_OF, NULL},
	{"fps", NUMBER_OF, NULL},
	{"stop", NUMBER_OF, NULL},
	{"iw", NUMBER_OF, NULL},
	{"sw", NUMBER_OF, NULL},
	{"cw", NUMBER_OF, NULL},
	{"ow", NUMBER_OF, NULL},
	{"sv", NUMBER_OF, NULL},
	{"exp", NUMBER_OF, NULL},
	{"bs", NUMBER_OF, NULL},
	{"sref", WORD_OF, NULL},
	{"cref", ADDRESS_OF, NULL},
	{"oref", ADDRESS_OF, NULL},
	{"style", WORD_OF, NULL},
	{"profile", WORD_OF, NULL},
	{"p", WORD_OF, NULL},
	{"motion", WORD_OF, NULL},
	{"camera", WORD_OF, NULL},
	{"model", WORD_OF, "the directory decides about the model"},
	{"sampler", WORD_OF, NULL},
	{"tile", NOTHING_OF, NULL},
	{"fast", NOTHING_OF, NULL},
	{"relax", NOTHING_OF, NULL},
	{"turbo", NOTHING_OF, NULL},
	{"draft", NOTHING_OF, NULL},
	{"raw", NOTHING_OF, NULL},
	{"video", NOTHING_OF, NULL},
	{"loop", NOTHING_OF, NULL},
	{"hd", NOTHING_OF, NULL},
	{"niji", NOTHING_OF, NULL},
	{"creative", NOTHING_OF, NULL},
	{"test", NOTHING_OF, NULL},
	{"testp", NOTHING_OF, NULL},
	{"uplight", NOTHING_OF, NULL},
	{"upbeta", NOTHING_OF, NULL},
	{"public", NOTHING_OF, NULL},
	{"stealth", NOTHING_OF, NULL},
	{"p", NOTHING_OF, NULL},
};

/* Does `text` begin with an argument of this sort? One word of it is copied. */
static bool has_argument(enum argument argument, const char *text, char word[WORD_MAX])
{
	size_t length = strcspn(text, " ,;");

	if (length >= WORD_MAX)
		return false;
	memcpy(word, text, length);
	word[length] = '\0';
	switch (argument) {
	case RATIO_OF:
		return prompt_value_is_pair(word, ":xX/");
	case NUMBER_OF:
		if (length > 1 && (word[length - 1] == 's' || word[length - 1] == '.'))
			word[length - 1] = '\0';
		return prompt_value_is_number(word);
	case ADDRESS_OF:
		return prompt_value_is_place(word);
	case WORD_OF:
	case TEXT_OF:
		return length > 0;
	default:
		return length == 0 || strncmp(text, "--", 2) == 0;
	}
}

/* The option whose name is at `name`; `word` gets its argument. */
static const struct option *find_option(const char *name, bool sure, char word[WORD_MAX])
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
	const char *text = name + length;

	if (*text && !strchr(" =:", *text))
		return NULL;
	text += strspn(text, " =:");
	for (size_t i = 0; i < array_length(options); i++) {
		enum argument argument = options[i].argument;
		if (strlen(options[i].name) != length ||
			strncasecmp(options[i].name, name, length) != 0)
			continue;
		/* a dash that a word processor made of two, or a single one, is one of prose, too */
		if (!sure && argument != RATIO_OF && argument != NUMBER_OF)
			continue;
		if (has_argument(argument, text, word))
			return &options[i];
	}
	return NULL;
}

/* Bytes of the dashes at `text` that may begin an option; *ret_sure: nothing but an option begins with them. */
static size_t dashes(const char *text, bool *ret_sure)
{
	static const char *const others[] = {"\xe2\x80\x94", "\xe2\x80\x93\xe2\x80\x93",
		"\xe2\x80\x93", "\xe2\x88\x92\xe2\x88\x92", "\xe2\x80\x90\xe2\x80\x90",
		"\xef\xbc\x8d\xef\xbc\x8d"};

	*ret_sure = strncmp(text, "--", 2) == 0;
	if (*ret_sure)
		return 2;
	for (size_t i = 0; i < array_length(others); i++)
		if (strncmp(text, others[i], strlen(others[i])) == 0)
			return strlen(others[i]);
	return strncasecmp(text, "-ar", 3) == 0 ? 1 : 0;
}

/* "<lora:name:0.8>", as Stable Diffusion's programs have it. */
static const char *find_network(const char *line)
{
	static const char *const kinds[] = {"<lora:", "<lyco:", "<hypernet:"};

	for (size_t i = 0; i < array_length(kinds); i++) {
		const char *start = strcasestr(line, kinds[i]);
		if (start && strchr(start, '>'))
			return start;
	}
	return NULL;
}

int prompt_foreign_option(const char *line, size_t length, char **ret_message)
{
	CLEANUP_FREE char *text = strndup(line, length);
	char word[WORD_MAX];
	bool sure;

	if (!text)
		return -ENOMEM;
	char *network = (char *)find_network(text);
	if (network) {
		strchr(network, '>')[1] = '\0';
		return prompt_foreign_complain(network, "", "", NULL, ret_message);
	}
	for (const char *at = text; *at; at++) {
		size_t width = dashes(at, &sure);
		if (width == 0 || (at > text && !strchr(" \t", at[-1])))
			continue;
		const struct option *option = find_option(at + width, sure, word);
		if (!option)
			continue;
		CLEANUP_FREE char *name = NULL;
		if (asprintf(&name, "--%s", option->name) < 0)
			return -ENOMEM;
		return prompt_foreign_complain(
			name, *word ? " " : "", word, option->here, ret_message);
	}
	return 0;
}
