/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "fs/media/graft.h"
#include "fs/media/xmp.h"
#include "tests/unit/source_file.h"

static const char *const pictures[] = {"small.png", "small.jpg", "exif.jpg", "lossy.webp", "lossless.webp", "alpha.webp"};
#define PICTURES (sizeof(pictures) / sizeof(pictures[0]))

static unsigned char *load(const char *name, size_t *ret_length)
{
	char path[256];

	snprintf(path, sizeof(path), "tests/data/pictures/%s", name);
	return (unsigned char *)read_source(path, ret_length);
}

static struct buf make_packet(const char *words)
{
	const struct xmp_fact facts[] = {{"prompt", words}, {"model", "FLUX"}, {"task", "t-1"}, {"nothing", NULL}};
	struct buf packet;

	buf_init(&packet, XMP_MAX);
	assert_int_equal(xmp_packet(words, facts, 4, &packet), 0);
	return packet;
}

/* head | original [cut, size) | tail */
static struct buf deliver(const struct graft *graft, const unsigned char *data, size_t size)
{
	struct buf file;

	buf_init(&file, 1 << 20);
	buf_add(&file, graft->head.data, graft->head.length);
	buf_add(&file, data + graft->cut, size - graft->cut);
	buf_add(&file, graft->tail.data, graft->tail.length);
	assert_true(buf_ok(&file));
	return file;
}

static const char *type_of(const char *name)
{
	return strrchr(name, '.') + 1;
}

static void test_graft_carries_the_packet_in_each_kind(void **state)
{
	struct buf packet = make_packet("a fox");

	for (size_t i = 0; i < PICTURES; i++) {
		size_t length;
		unsigned char *data = load(pictures[i], &length);
		struct graft graft;
		print_message("%s\n", pictures[i]);
		assert_int_equal(graft_make(type_of(pictures[i]), data, length, (int64_t)length, &packet, &graft), 0);
		assert_true(graft.cut <= length && graft.head.length + graft.tail.length > graft.cut);
		struct buf file = deliver(&graft, data, length);
		assert_non_null(memmem(file.data, file.length, packet.data, packet.length));
		/* no more of it has to be known than where it goes */
		struct graft again;
		assert_int_equal(graft_make(type_of(pictures[i]), data, length < 60 ? length : 60,
					 (int64_t)length, &packet, &again), 0);
		if (strcmp(pictures[i], "exif.jpg") != 0)
			assert_int_equal(again.head.length, graft.head.length);
		/* twice is once */
		struct graft twice;
		assert_int_equal(graft_make(type_of(pictures[i]), file.data, file.length, (int64_t)file.length,
					 &packet, &twice), -EINVAL);
		graft_finish(&again);
		graft_finish(&graft);
		buf_finish(&file);
		free(data);
	}
	buf_finish(&packet);
}

static void test_graft_png_is_behind_the_header(void **state)
{
	struct buf packet = make_packet("a fox");
	struct graft graft;
	size_t length;
	unsigned char *data = load("small.png", &length);

	assert_int_equal(graft_make("png", data, length, (int64_t)length, &packet, &graft), 0);
	assert_int_equal(graft.cut, 33);
	assert_memory_equal(graft.head.data, data, 33);
	assert_memory_equal(graft.head.data + 37, "iTXtXML:com.adobe.xmp\0\0\0\0\0<?xpacket", 35);
	assert_int_equal(graft.tail.length, 0);
	graft_finish(&graft);
	buf_finish(&packet);
	free(data);
}

static void test_graft_webp_says_its_length_and_size(void **state)
{
	struct buf packet = make_packet("a fox");

	for (size_t i = 3; i < PICTURES; i++) {
		struct graft graft;
		size_t length;
		unsigned char *data = load(pictures[i], &length);
		assert_int_equal(graft_make("webp", data, length, (int64_t)length, &packet, &graft), 0);
		struct buf file = deliver(&graft, data, length);
		const unsigned char *at = (const unsigned char *)file.data;
		assert_int_equal(at[4] | at[5] << 8 | at[6] << 16, file.length - 8);
		assert_memory_equal(at + 12, "VP8X\x0a\0\0\0", 8);
		assert_int_equal(at[20] & 0x04, 0x04);
		assert_memory_equal(at + 24, "\x0b\0\0\x06\0\0", 6);
		assert_int_equal(file.length % 2, 0);
		graft_finish(&graft);
		buf_finish(&file);
		free(data);
	}
	buf_finish(&packet);
}

/* With any byte of its beginning wrong, cut anywhere, of any length: some answer, and never a file that has lost bytes. */
static void test_graft_of_broken_pictures(void **state)
{
	static const unsigned char wrong[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct buf packet = make_packet("a fox");

	for (size_t i = 0; i < PICTURES; i++) {
		size_t length;
		unsigned char *data = load(pictures[i], &length);
		for (size_t at = 0; at < length; at++) {
			unsigned char right = data[at];
			for (size_t w = 0; w < sizeof(wrong); w++) {
				struct graft graft;
				data[at] = wrong[w];
				int r = graft_make(type_of(pictures[i]), data, length, (int64_t)length, &packet, &graft);
				assert_true(r == 0 || r == -EINVAL);
				if (r == 0)
					graft_finish(&graft);
			}
			data[at] = right;
			/* of the exact size, so that a sanitizer sees a read behind the end */
			unsigned char *part = malloc(at + 1);
			assert_non_null(part);
			memcpy(part, data, at);
			for (int64_t size = (int64_t)at; size < (int64_t)at + 3; size++) {
				struct graft graft;
				int r = graft_make(type_of(pictures[i]), part, at, size, &packet, &graft);
				assert_true(r == 0 || r == -EINVAL);
				if (r == 0) {
					assert_true(graft.cut <= at);
					graft_finish(&graft);
				}
			}
			free(part);
		}
		free(data);
	}
	buf_finish(&packet);
}

static void test_graft_of_other_kinds(void **state)
{
	struct buf packet = make_packet("a fox");
	struct graft graft;
	size_t length;
	unsigned char *data = load("small.png", &length);

	assert_int_equal(graft_make("gif", data, length, (int64_t)length, &packet, &graft), -EINVAL);
	assert_int_equal(graft_make("jpg", data, length, (int64_t)length, &packet, &graft), -EINVAL);
	assert_int_equal(graft_make("webp", data, length, (int64_t)length, &packet, &graft), -EINVAL);
	buf_finish(&packet);
	free(data);
}

static void test_xmp_any_words_are_text(void **state)
{
	struct buf packet = make_packet("<script>]]>&\"'\x01\xff\xef\xbf\xbe \xf0\x9f\xa6\x8a\r");

	assert_non_null(strstr(packet.data,
		"<weryai:prompt>&lt;script&gt;]]&gt;&amp;\"'\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xf0\x9f\xa6\x8a\xef\xbf\xbd</weryai:prompt>"));
	assert_null(strstr(packet.data, "nothing"));
	buf_finish(&packet);
}

static void test_xmp_is_never_too_long(void **state)
{
	const size_t length = 300000;
	char *words = malloc(length + 1);
	struct xmp_fact facts[40];

	assert_non_null(words);
	for (unsigned way = 0; way < 2; way++) {
		struct buf packet;
		memset(words, way == 0 ? '&' : 'a', length);
		words[length] = '\0';
		for (size_t i = 0; i < 40; i++)
			facts[i] = (struct xmp_fact){"prompt", words};
		buf_init(&packet, XMP_MAX);
		assert_int_equal(xmp_packet(words, facts, 40, &packet), 0);
		assert_true(packet.length <= XMP_MAX);
		assert_memory_equal(packet.data + packet.length - 19, "<?xpacket end=\"r\"?>", 19);
		assert_non_null(strstr(packet.data, "\xe2\x80\xa6</weryai:prompt>"));
		buf_finish(&packet);
	}
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_graft_carries_the_packet_in_each_kind),
		cmocka_unit_test(test_graft_png_is_behind_the_header),
		cmocka_unit_test(test_graft_webp_says_its_length_and_size),
		cmocka_unit_test(test_graft_of_broken_pictures),
		cmocka_unit_test(test_graft_of_other_kinds),
		cmocka_unit_test(test_xmp_any_words_are_text),
		cmocka_unit_test(test_xmp_is_never_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
