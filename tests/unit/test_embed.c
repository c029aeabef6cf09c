/* SPDX-License-Identifier: MIT */
/* What a picture is made to carry by its job, whatever that has sent. */
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/queue/embed.h"
#include "fs/store/grafts.h"
#include "fs/store/store.h"
#include "tests/unit/source_file.h"

#define SETTINGS 100

static char root[] = "/tmp/weryaifs-unit.XXXXXX";
static struct store *store;

/* {"model":...,"prompt":...,"s00":"v00",...} */
static char *make_body(void)
{
	struct buf body;

	buf_init(&body, 65536);
	buf_adds(&body, "{\"model\":\"FLUX\",\"prompt\":\"a fox\"");
	for (int i = 0; i < SETTINGS; i++)
		buf_addf(&body, ",\"s%02d\":\"v%02d\"", i, i);
	buf_adds(&body, "}");
	assert_true(buf_ok(&body));
	return buf_steal(&body);
}

static void test_embed_takes_as_many_settings_as_there_is_room_for(void **state)
{
	size_t length;
	char *first = read_source("tests/data/pictures/small.png", &length), *body = make_body();
	const struct job_record job = {.id = 1, .model = (char *)"FLUX", .mode = (char *)"text-to-image", .text = (char *)"a fox\n",
		.text_length = 6, .body = body};
	struct result_record result = {.job = 1, .task = (char *)"T1", .type = (char *)"png", .size = (int64_t)length};
	struct graft_record graft;

	assert_int_equal(embed_result(store, &job, &result, first, length, true), 0);
	assert_true(result.extra > 0);
	assert_int_equal(grafts_get(store, 1, 0, &graft), 0);
	assert_non_null(memmem(graft.head, graft.head_length, "<weryai:s00>v00<", 16));
	assert_null(memmem(graft.head, graft.head_length, "<weryai:s99>", 12));
	/* what is behind the settings is not pushed out */
	assert_non_null(memmem(graft.head, graft.head_length, "<weryai:request>", 16));
	/* the same again, also when it is wished for no more */
	int64_t extra = result.extra;
	assert_int_equal(embed_result(store, &job, &result, first, length, false), 0);
	assert_int_equal(result.extra, extra);
	graft_record_finish(&graft);
	free(body);
	free(first);
}

static int set_up(void **state)
{
	char directory[64], cache[64], *message = NULL;

	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(directory, sizeof(directory), "%s/state", root);
	snprintf(cache, sizeof(cache), "%s/cache", root);
	return store_open(directory, cache, &store, &message);
}

static int tear_down(void **state)
{
	char command[128];

	store_close(store);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_embed_takes_as_many_settings_as_there_is_room_for)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
