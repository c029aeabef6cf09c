/* SPDX-License-Identifier: MIT */
#include "fs/base/text_key.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	KEY_MAX = 512,
	KEY_MIN = 4,   /* less would be found in plain words */
	LONG_MIN_BYTES = 12, /* from here on in other writings, and as a beginning of half of it and at least so many bytes */
	ALIGNMENTS = 3,
};

static struct {
	char plain[KEY_MAX + 1];
	size_t length; /* 0: there is no key */
	char hex[2 * KEY_MAX + 1];
	/* Base64 takes three bytes together, so what it makes of the key depends on how many bytes are before it */
	char base64[ALIGNMENTS][KEY_MAX * 4 / 3 + 4];
	bool begins[UCHAR_MAX + 1];
} key;

static void make_base64(size_t before, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t bits = 8 * (before + key.length), used = 0;

	/* whole digits that have nothing of what is before it or behind it */
	for (size_t bit = (8 * before + 5) / 6 * 6; bit + 6 <= bits; bit += 6) {
		unsigned value = 0;
		for (size_t i = bit; i < bit + 6; i++)
			value = value << 1 | ((unsigned char)key.plain[i / 8 - before] >> (7 - i % 8) & 1);
		text[used++] = digits[value];
	}
	text[used] = '\0';
}

static char base64_digit(char c)
{
	return (char)(c == '-' ? '+' : c == '_' ? '/' : c);
}

static char hex_digit(char c)
{
	return (char)tolower((unsigned char)c);
}

static bool can_begin(char c)
{
	bool begins = c == '%' || c == key.plain[0] || hex_digit(c) == key.hex[0];

	for (size_t i = 0; i < ALIGNMENTS; i++)
		begins = begins || base64_digit(c) == key.base64[i][0];
	return begins;
}

void text_key_set(const char *word)
{
	size_t length = word == NULL ? 0 : strlen(word);

	explicit_bzero(&key, sizeof(key));
	if (length < KEY_MIN || length > KEY_MAX)
		return;
	memcpy(key.plain, word, length);
	key.length = length;
	for (size_t i = 0; i < length; i++)
		snprintf(key.hex + 2 * i, 3, "%02x", (unsigned char)word[i]);
	for (size_t i = 0; i < ALIGNMENTS; i++)
		make_base64(i, key.base64[i]);
	for (size_t c = 0; c <= UCHAR_MAX; c++)
		key.begins[c] = can_begin((char)c);
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte, as it is or as "%2D"; *ret_size: of it in the text. */
static unsigned char read_byte(const char *text, size_t length, size_t *ret_size)
{
	int high = length >= 3 && text[0] == '%' ? hex_value(text[1]) : -1;
	int low = high >= 0 ? hex_value(text[2]) : -1;

	*ret_size = low >= 0 ? 3 : 1;
	return low >= 0 ? (unsigned char)(high << 4 | low) : (unsigned char)text[0];
}

static size_t plain_at(const char *text, size_t length)
{
	size_t at = 0, same = 0, size;
	size_t enough = key.length;

	if (enough >= LONG_MIN_BYTES)
		enough = enough / 2 > LONG_MIN_BYTES ? enough / 2 : LONG_MIN_BYTES;
	for (; at < length && same < key.length; at += size, same++)
		if (read_byte(text + at, length - at, &size) != (unsigned char)key.plain[same])
			break;
	return same >= enough ? at : 0;
}

static size_t written_at(const char *text, size_t length, const char *written, char (*digit)(char c))
{
	size_t at = 0;

	for (; written[at] != '\0'; at++)
		if (at == length || digit(text[at]) != written[at])
			return 0;
	return at;
}

size_t text_key_at(const char *text, size_t length)
{
	if (key.length == 0 || length < KEY_MIN || !key.begins[(unsigned char)text[0]])
		return 0;
	size_t found = plain_at(text, length);
	if (found > 0 || key.length < LONG_MIN_BYTES)
		return found;
	found = written_at(text, length, key.hex, hex_digit);
	for (size_t i = 0; i < ALIGNMENTS && found == 0; i++)
		found = written_at(text, length, key.base64[i], base64_digit);
	return found;
}

const bool *text_key_begins(void)
{
	return key.begins;
}
