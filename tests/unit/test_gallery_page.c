/* SPDX-License-Identifier: MIT */
/* The gallery's page: what comes from prompts and names is text, links are encoded, and the policy knows the page's own style and script. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/base/sha256.h"
#include "fs/report/gallery_page.h"

#define NOON INT64_C(1795780800000) /* 2026-11-27T12:00:00Z */

static char *page_of(const struct gallery_item *items, size_t count, unsigned next)
{
	struct gallery_page page;
	struct buf out;

	buf_init(&out, 1 << 20);
	gallery_page_begin(&page, &out, "a <title>");
	for (size_t i = 0; i < count; i++)
		gallery_page_add(&page, &items[i]);
	gallery_page_end(&page, next, next == 0 && count > 2);
	assert_true(buf_ok(&out));
	char *text = buf_steal(&out);
	assert_non_null(text);
	return text;
}

static struct gallery_item picture(const char *path, const char *prompt)
{
	return (struct gallery_item){.kind = GALLERY_PICTURE,
		.path = path,
		.prompt = prompt,
		.prompt_length = strlen(prompt),
		.model = "FLUX",
		.state = "SUCCESS",
		.when_ms = NOON,
		.credits = NAN};
}

static size_t occurrences(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		count++;
	return count;
}

static void markup_in_prompts_is_text(void **state)
{
	struct gallery_item item = picture("a.png", "<script>x</script> ]]> \"q\" 'r' &amp;\nnext \xff\x1b[2J");
	CLEANUP_FREE char *text = page_of(&item, 1, 0);

	assert_int_equal(occurrences(text, "<script"), 1); /* the page's own */
	assert_non_null(strstr(text,
		"&lt;script&gt;x&lt;/script&gt; ]]&gt; &quot;q&quot; &#39;r&#39; &amp;amp;\nnext ??[2J"));
	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(text, "<title>a &lt;title&gt;</title>"));
}

static void names_are_encoded_one_by_one(void **state)
{
	struct gallery_item item = picture("../FLUX/a dir/\"x\" #1?.png", "");
	CLEANUP_FREE char *text = page_of(&item, 1, 0);

	assert_non_null(strstr(text, "src=\"../FLUX/a%20dir/%22x%22%20%231%3F.png\""));
	struct gallery_item script = picture("javascript:alert(1)", "");
	CLEANUP_FREE char *other = page_of(&script, 1, 0);
	assert_non_null(strstr(other, "href=\"javascript%3Aalert%281%29\""));
}

static void what_failed_has_no_link_but_its_reason(void **state)
{
	struct gallery_item item = {.kind = GALLERY_NOTHING,
		.prompt = "a fox",
		.prompt_length = 5,
		.model = "FLUX",
		.state = "FAILED",
		.reason = "content <flagged>",
		.when_ms = NOON,
		.credits = 4};
	CLEANUP_FREE char *text = page_of(&item, 1, 0);

	assert_null(strstr(text, "src="));
	assert_null(strstr(text, "href="));
	assert_non_null(strstr(text, "content &lt;flagged&gt;"));
	assert_non_null(strstr(text, "4 credits"));
}

static void films_are_not_loaded_before_somebody_plays_them(void **state)
{
	struct gallery_item item = picture("sea.mp4", "waves");
	item.kind = GALLERY_FILM;
	item.poster = "sea.jpg";
	CLEANUP_FREE char *text = page_of(&item, 1, 0);

	assert_non_null(strstr(text, "<video controls preload=none poster=\"sea.jpg\" src=\"sea.mp4\">"));
}

static void each_day_is_a_section(void **state)
{
	struct gallery_item items[] = {picture("a.png", "a"), picture("b.png", "b"), picture("c.png", "c")};
	items[2].when_ms -= CLOCK_DAY_MS;
	CLEANUP_FREE char *text = page_of(items, array_length(items), 7);

	assert_int_equal(occurrences(text, "<section>"), 2);
	assert_int_equal(occurrences(text, "</section>"), 2);
	assert_true(strstr(text, "2026-11-27") < strstr(text, "2026-11-26"));
	assert_non_null(strstr(text, "<a href=\"gallery-7.html\">older</a>"));
	CLEANUP_FREE char *cut = page_of(items, array_length(items), 0);
	assert_non_null(strstr(cut, "The newest 3 are shown"));
	CLEANUP_FREE char *empty = page_of(NULL, 0, 0);
	assert_non_null(strstr(empty, "Nothing was made here yet."));
}

static void base64(const char hex[SHA256_TEXT], char text[45])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t padded[33] = {0};

	for (size_t i = 0; i < 32; i++)
		assert_int_equal(sscanf(hex + i * 2, "%2hhx", &padded[i]), 1);
	for (size_t i = 0; i < 11; i++) {
		unsigned three = (unsigned)padded[i * 3] << 16 | (unsigned)padded[i * 3 + 1] << 8 | padded[i * 3 + 2];
		for (size_t j = 0; j < 4; j++)
			text[i * 4 + j] = digits[three >> (18 - 6 * j) & 63];
	}
	text[43] = '=';
	text[44] = '\0';
}

static void assert_policy_knows(const char *page, const char *name)
{
	char open[32], close[32], allowed[64], encoded[45];
	char hash[SHA256_TEXT];
	struct sha256 sum;

	snprintf(open, sizeof(open), "<%s>", name);
	snprintf(close, sizeof(close), "</%s>", name);
	const char *begin = strstr(page, open) + strlen(open);
	sha256_init(&sum);
	sha256_add(&sum, begin, (size_t)(strstr(begin, close) - begin));
	sha256_finish(&sum, hash);
	base64(hash, encoded);
	snprintf(allowed, sizeof(allowed), "%s-src 'sha256-%s'", name, encoded);
	assert_non_null(strstr(page, allowed));
}

static void the_policy_lets_in_the_pages_own_style_and_script(void **state)
{
	CLEANUP_FREE char *text = page_of(NULL, 0, 0);

	assert_policy_knows(text, "style");
	assert_policy_knows(text, "script");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_in_prompts_is_text),
		cmocka_unit_test(names_are_encoded_one_by_one),
		cmocka_unit_test(what_failed_has_no_link_but_its_reason),
		cmocka_unit_test(films_are_not_loaded_before_somebody_plays_them),
		cmocka_unit_test(each_day_is_a_section),
		cmocka_unit_test(the_policy_lets_in_the_pages_own_style_and_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
