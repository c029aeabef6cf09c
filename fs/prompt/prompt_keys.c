/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_keys.h"

#include <stdint.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/str.h"
#include "fs/model/setting.h"
#include "fs/prompt/prompt.h"

#define WORDS_MAX 3
#define NEAR_MIN 4     /* letters: shorter keys resemble too many words */
#define NEAR_TWO_MIN 6 /* letters of a key in which two slips are seen */

static const struct prompt_key keys[] = {
	{"ratio", KEY_SETTING, SETTING_RATIO, NULL},
	{"aspect ratio", KEY_SETTING, SETTING_RATIO, NULL},
	{"negative", KEY_SETTING, SETTING_NEGATIVE, NULL},
	{"negative prompt", KEY_SETTING, SETTING_NEGATIVE, NULL},
	{"number", KEY_SETTING, SETTING_NUMBER, NULL},
	{"n", KEY_SETTING, SETTING_NUMBER, NULL},
	{"resolution", KEY_SETTING, SETTING_RESOLUTION, NULL},
	{"quality", KEY_SETTING, SETTING_QUALITY, NULL},
	{"duration", KEY_SETTING, SETTING_DURATION, NULL},
	{"audio", KEY_SETTING, SETTING_AUDIO, NULL},
	{"web search", KEY_SETTING, SETTING_WEB_SEARCH, NULL},
	{"webhook", KEY_SETTING, SETTING_WEBHOOK, NULL},
	{"caller", KEY_SETTING, SETTING_CALLER, NULL},
	{"image", KEY_REF, REF_IMAGE, NULL},
	{"first frame", KEY_REF, REF_FIRST_FRAME, NULL},
	{"last frame", KEY_REF, REF_LAST_FRAME, NULL},
	{"video", KEY_REF, REF_VIDEO, NULL},
	{"audio ref", KEY_REF, REF_AUDIO, NULL},
	{"dry run", KEY_DRY_RUN, 0, NULL},
	{"take", KEY_TAKE, 0, NULL},
	{"fallback", KEY_FALLBACK, 0, NULL},
	/* Names of the service's own fields, too far from ours to be seen as slips of the pen. */
	{"aspect", KEY_SETTING, SETTING_RATIO, "ratio"},
	{"image number", KEY_SETTING, SETTING_NUMBER, "number"},
	{"video number", KEY_SETTING, SETTING_NUMBER, "number"},
	{"generate audio", KEY_SETTING, SETTING_AUDIO, "audio"},
	{"use web search", KEY_SETTING, SETTING_WEB_SEARCH, "web search"},
	{"webhook url", KEY_SETTING, SETTING_WEBHOOK, "webhook"},
	{"caller id", KEY_SETTING, SETTING_CALLER, "caller"},
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '-' || c == '_';
}

bool prompt_key_fold(const char *data, size_t length, char ret_folded[PROMPT_KEY_MAX + 1])
{
	size_t used = 0, words = 0;

	for (size_t i = 0; i < length; i++) {
		char c = data[i];
		if (is_blank(c))
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c < 'a' || c > 'z')
			return false;
		if (i == 0 || is_blank(data[i - 1])) {
			if (++words > WORDS_MAX)
				return false;
			if (used > 0 && used < PROMPT_KEY_MAX)
				ret_folded[used++] = ' ';
		}
		if (used == PROMPT_KEY_MAX)
			return false;
		ret_folded[used++] = c;
	}
	ret_folded[used] = '\0';
	return words > 0;
}

const struct prompt_key *prompt_key_find(const char *folded)
{
	for (size_t i = 0; i < array_length(keys); i++)
		if (!keys[i].right && strcmp(keys[i].word, folded) == 0)
			return &keys[i];
	return NULL;
}

const struct prompt_key *prompt_key_near(const char *folded)
{
	const struct prompt_key *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (size_t i = 0; i < array_length(keys); i++) {
		const char *word = keys[i].word;
		size_t distance = str_distance(word, folded);
		/* Two slips, one of them in the first letter, are rather another word: "summer", "valley". */
		bool two = strlen(word) >= NEAR_TWO_MIN && word[0] == folded[0];
		if (keys[i].right && distance > 0)
			continue;
		/* "lake: calm", "cake: of three layers" */
		if (keys[i].kind == KEY_TAKE)
			continue;
		if (strlen(word) < NEAR_MIN || distance > (two ? 2U : 1U))
			continue;
		if (distance < best_distance) {
			best = &keys[i];
			best_distance = distance;
		}
	}
	return best;
}

const struct prompt_key *prompt_key_begin(const char *line, size_t length, size_t *ret_length)
{
	const struct prompt_key *best = NULL;
	char folded[PROMPT_KEY_MAX + 1];

	for (size_t i = 1; i < length; i++) {
		if ((line[i] != ' ' && line[i] != '\t') || is_blank(line[i - 1]))
			continue;
		if (!prompt_key_fold(line, i, folded))
			break;
		if (prompt_key_find(folded)) {
			best = prompt_key_find(folded);
			*ret_length = i;
		}
	}
	return best;
}

const char *prompt_key_name(const struct prompt_key *key)
{
	return key->right ? key->right : key->word;
}
