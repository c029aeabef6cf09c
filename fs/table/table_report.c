/* SPDX-License-Identifier: MIT */
/* What the status of a table says beside its state. */
#include <stdlib.h>

#include "fs/base/buf.h"
#include "fs/table/table_private.h"

#define REPORT_MAX (256 * 1024)
#define LINES_MAX 20 /* of each kind */

static const char *words_of(const struct table_work *work, size_t index)
{
	switch (work->plans[index].step) {
	case STEP_WRONG:
		return work->rows.rows[index].error;
	case STEP_TAKEN:
		return "there is a file of this name that is not of this table: it is left as it is";
	case STEP_EDITED:
		return "its prompt was edited by hand, and is the table's no longer";
	case STEP_GONE:
		return "its prompt was removed or renamed by hand, and is not made again";
	case STEP_SAME:
	case STEP_ADOPT:
	case STEP_WRITE:
		break;
	}
	return NULL;
}

static bool is_fault(enum table_step step)
{
	return step == STEP_WRONG || step == STEP_TAKEN;
}

/* "error: line 3: ..." and its like below it. Returns how many there are. */
static size_t add_lines(const struct table_work *work, const char *key, bool faults, struct buf *text)
{
	size_t count = 0;

	for (size_t i = 0; i < work->rows.count; i++) {
		const struct prompt_table_row *row = &work->rows.rows[i];
		const char *words = words_of(work, i);
		if (words == NULL || is_fault(work->plans[i].step) != faults || ++count > LINES_MAX)
			continue;
		buf_addf(text, "%s%sline %zu%s%s: %s\n", count == 1 ? key : "", count == 1 ? ": " : "  ", row->line,
			row->name != NULL ? ", " : "", row->name != NULL ? row->name : "", words);
	}
	if (count > LINES_MAX)
		buf_addf(text, "  and %zu more\n", count - LINES_MAX);
	return count;
}

char *table_report(const struct table_work *work, enum sheet_state *ret_state)
{
	int limit = work->tables->needs.ask_above;
	bool held = *ret_state == SHEET_HELD;
	struct buf text;

	buf_init(&text, REPORT_MAX);
	buf_addf(&text, "rows: %zu\n", work->rows.count);
	if (work->dir_error != NULL)
		buf_addf(&text, "error: %s\n", work->dir_error);
	else
		buf_addf(&text, "prompts: %s/\n", work->stem);
	if (held)
		buf_addf(&text,
			"warning: it asks for %lld new results, more than ask_above (%d): nothing was made; "
			"to make them: echo submit into this file\n",
			(long long)work->results, limit);
	add_lines(work, "note", false, &text);
	bool faulty = add_lines(work, "error", true, &text) > 0 || work->dir_error != NULL;
	if (!held)
		*ret_state = faulty ? SHEET_FAULTY : SHEET_DONE;
	return buf_steal(&text);
}
