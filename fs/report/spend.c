/* SPDX-License-Identifier: MIT */
#include "fs/report/spend.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/job/job.h"
#include "fs/store/tally.h"

#define TEXT_MAX (64 * 1024 * 1024)
#define DAYS 31 /* that people are shown; programs get all */

/* What is made counts when it is in the tree, as the statuses have it. */
static void add_to(struct spend_total *total, const struct tally_row *row)
{
	enum job_state shown = job_state_shown(row->state);

	total->asked += row->asked;
	total->measured += row->measured;
	total->estimated += row->expected;
	if (shown == JOB_UNKNOWN) {
		total->unknown += row->asked;
	} else if (job_state_is_final(shown)) {
		total->made += row->made;
		total->failed += row->asked > row->made ? row->asked - row->made : 0;
	}
}

static int note_sum(void *arg, const struct tally_row *row)
{
	add_to(arg, row);
	return 0;
}

int spend_sum(struct store *store, struct spend_total *ret_total)
{
	*ret_total = (struct spend_total){0};
	return tally_list(store, "", note_sum, ret_total);
}

/* --- for programs --- */

static int add_csv(void *arg, const struct tally_row *row)
{
	struct spend_total total = {0};
	struct buf *text = arg;

	add_to(&total, row);
	buf_addf(text, "%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%.10g,%.10g\n", row->day, row->model,
		job_state_name(job_state_shown(row->state)), total.asked, total.made, total.failed, total.unknown,
		total.measured, total.estimated);
	return text->failed;
}

static int finish(struct buf *text, int r, char **ret_text)
{
	if (r == 0)
		r = text->failed;
	if (r < 0)
		return r;
	*ret_text = buf_steal(text);
	return *ret_text == NULL ? -ENOMEM : 0;
}

int spend_format_csv(struct store *store, char **ret_text)
{
	CLEANUP(buf_finish) struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_adds(&text, "day,model,state,asked,made,failed,unknown,credits,credits_estimated\n");
	return finish(&text, tally_list_since(store, "", add_csv, &text), ret_text);
}

/* --- for people --- */

struct table {
	struct buf *text; /* borrowed */
	char day[CLOCK_DAY], model[256]; /* of the line that is being summed up; "": none */
	struct spend_total line, all;
};

static void add_line(struct table *table)
{
	const struct spend_total *line = &table->line;

	if (table->model[0] == '\0')
		return;
	buf_addf(table->text, "%-10s  %-24s %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 " %10.10g %10.10g\n",
		table->day[0] != '\0' ? table->day : "all days", table->model, line->asked, line->made, line->failed,
		line->unknown, line->measured, line->estimated);
	table->model[0] = '\0';
	table->line = (struct spend_total){0};
}

static int sum_up(void *arg, const struct tally_row *row)
{
	struct table *table = arg;

	if (strcmp(table->day, row->day) != 0 || strcmp(table->model, row->model) != 0)
		add_line(table);
	snprintf(table->day, sizeof(table->day), "%s", row->day);
	snprintf(table->model, sizeof(table->model), "%s", row->model);
	add_to(&table->line, row);
	add_to(&table->all, row);
	return table->text->failed;
}

int spend_format(struct store *store, char **ret_text)
{
	CLEANUP(buf_finish) struct buf text;
	struct table models = {.text = &text}, days = {.text = &text};
	char first[CLOCK_DAY];

	buf_init(&text, TEXT_MAX);
	buf_adds(&text, "day         model                       asked     made   failed  unknown    credits  estimated\n");
	int r = tally_list(store, "", sum_up, &models);
	add_line(&models);
	snprintf(models.model, sizeof(models.model), "all models");
	models.line = models.all;
	add_line(&models);
	buf_adds(&text, "\n");
	clock_day(clock_wall_ms() - DAYS * CLOCK_DAY_MS, first);
	if (r == 0)
		r = tally_list_since(store, first, sum_up, &days);
	add_line(&days);
	buf_adds(&text, "\nResults and credits, by the day (UTC) of the submission. Estimated: not measured, but by what the same request has "
			"cost before, or by the configuration.\nAll days, by state too: spend.csv\n");
	return finish(&text, r, ret_text);
}
