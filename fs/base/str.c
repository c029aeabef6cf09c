/* SPDX-License-Identifier: MIT */
#include "fs/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/base/buf.h"
#include "fs/base/clock.h"
#include "fs/base/text.h"

/* Locale-independent, unlike isdigit(3) and its family. */
static bool str_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char str_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool str_same(const char *a, const char *b)
{
	while (*a != '\0' && str_lower(*a) == str_lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

int strlist_addn(struct strlist *list, const char *string, size_t length)
{
	if (list->count >= SIZE_MAX / sizeof(char *) - 1)
		return -ENOMEM;
	char *copy = strndup(string, length);
	if (copy == NULL)
		return -ENOMEM;

	/* The array grows at each power of two, so its size need not be kept. */
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count == 0 ? 1 : list->count * 2;
		char **items = reallocarray(list->items, room, sizeof(*items));
		if (items == NULL) {
			free(copy);
			return -ENOMEM;
		}
		list->items = items;
	}
	list->items[list->count++] = copy;
	return 0;
}

int strlist_add(struct strlist *list, const char *string)
{
	return strlist_addn(list, string, strlen(string));
}

bool strlist_has(const struct strlist *list, const char *string)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], string) == 0)
			return true;
	}
	return false;
}

const char *strlist_find(const struct strlist *list, const char *string)
{
	for (size_t i = 0; i < list->count; i++) {
		if (str_same(list->items[i], string))
			return list->items[i];
	}
	return NULL;
}

int strlist_copy(struct strlist *to, const struct strlist *from)
{
	struct strlist copy = {0};
	for (size_t i = 0; i < from->count; i++) {
		int r = strlist_add(&copy, from->items[i]);
		if (r < 0) {
			strlist_finish(&copy);
			return r;
		}
	}
	*to = copy;
	return 0;
}

char *strlist_join(const struct strlist *list, const char *separator)
{
	struct buf buf;
	buf_init(&buf, SIZE_MAX - 1);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_adds(&buf, separator);
		buf_adds(&buf, list->items[i]);
	}
	return buf_steal(&buf);
}

void strlist_finish(struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strlist){0};
}

static bool str_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void str_trim(const char **data, size_t *length)
{
	while (*length > 0 && str_blank((*data)[0])) {
		(*data)++;
		(*length)--;
	}
	while (*length > 0 && str_blank((*data)[*length - 1]))
		(*length)--;
}

static size_t str_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t str_distance(const char *a, const char *b)
{
	enum { LIMIT = 64 };
	size_t length_a = strnlen(a, LIMIT + 1), length_b = strnlen(b, LIMIT + 1);
	if (length_a > LIMIT || length_b > LIMIT)
		return SIZE_MAX;

	size_t rows[3][LIMIT + 1]; /* of the row i: rows[i % 3] */
	for (size_t j = 0; j <= length_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			char ca = str_lower(a[i - 1]), cb = str_lower(b[j - 1]);
			size_t best = str_min(above[j] + 1, row[j - 1] + 1);
			best = str_min(best, above[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == str_lower(b[j - 2]) &&
				cb == str_lower(a[i - 2]))
				best = str_min(best, rows[(i + 1) % 3][j - 2] + 1);
			row[j] = best;
		}
	}
	return rows[length_a % 3][length_b];
}

int str_to_int(const char *string, int64_t min, int64_t max, int64_t *ret_value)
{
	bool negative = *string == '-';
	if (negative)
		string++;
	if (!str_digit(*string))
		return -EINVAL;
	int64_t value = 0; /* of the wanted sign: INT64_MIN has no positive counterpart */
	bool overflow = false;
	for (; str_digit(*string); string++) {
		int digit = *string - '0';
		overflow = overflow || __builtin_mul_overflow(value, 10, &value) ||
			   __builtin_add_overflow(value, negative ? -digit : digit, &value);
	}
	if (*string != '\0')
		return -EINVAL;
	if (overflow || value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int str_to_ms(const char *string, int64_t *ret_ms)
{
	const int64_t ten_years_ms = 10 * 366 * CLOCK_DAY_MS;
	const char *c = string;
	int64_t ms = 0;
	for (; str_digit(*c); c++) {
		if (ms <= ten_years_ms)
			ms = ms * 10 + (int64_t)(*c - '0') * 1000;
	}
	if (*c == '.') {
		c++;
		if (!str_digit(*c))
			return -EINVAL;
		for (int unit = 100; str_digit(*c); c++, unit /= 10)
			ms += (*c - '0') * unit;
	}
	if (c == string || *c != '\0')
		return -EINVAL;
	if (ms > ten_years_ms)
		return -ERANGE;
	*ret_ms = ms;
	return 0;
}

int str_to_bool(const char *string, bool *ret_value)
{
	static const char *const words[][2] = {
		{"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (int value = 0; value < 2; value++) {
			if (str_same(string, words[i][value])) {
				*ret_value = value == 1;
				return 0;
			}
		}
	}
	return -EINVAL;
}

int str_to_bytes(const char *string, uint64_t *ret_bytes)
{
	if (!str_digit(*string))
		return -EINVAL;
	uint64_t value = 0;
	bool overflow = false;
	for (; str_digit(*string); string++) {
		overflow = overflow || __builtin_mul_overflow(value, 10U, &value) ||
			   __builtin_add_overflow(value, (unsigned)(*string - '0'), &value);
	}
	if (*string != '\0') {
		static const char units[] = "kmgt";
		const char *unit = strchr(units, str_lower(*string));
		if (unit == NULL || string[1] != '\0')
			return -EINVAL;
		uint64_t factor = (uint64_t)1 << (10 * (unit - units + 1));
		overflow = overflow || __builtin_mul_overflow(value, factor, &value);
	}
	if (overflow)
		return -ERANGE;
	*ret_bytes = value;
	return 0;
}

int str_prepend_name(char **path, const char *name, size_t length, const char *suffix)
{
	char *longer = NULL;

	if (asprintf(&longer, "%.*s%s%s%s", (int)length, name, suffix, **path != '\0' ? "/" : "",
		    *path) < 0)
		return -ENOMEM;
	free(*path);
	*path = longer;
	return 0;
}

char *str_printable(const char *data, size_t length, size_t max)
{
	/* a character is replaced by less than itself, but a cut is marked by three bytes */
	size_t room = length + 3 < max ? length + 3 : max;
	char *copy = malloc(room + 1);

	if (copy != NULL)
		copy[text_copy(copy, room, data, length)] = '\0';
	return copy;
}
