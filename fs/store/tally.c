/* SPDX-License-Identifier: MIT */
#include "fs/store/tally.h"

#include <errno.h>
#include <math.h>

#include "fs/store/store_private.h"

#define COLUMNS "day, model, state, jobs, asked, made, measured, expected"

static int visit_all(struct store *store, int r, sqlite3_stmt *row,
	int (*visit)(void *arg, const struct tally_row *row), void *arg)
{
	while (r == 1) {
		const struct tally_row tally = {.day = (const char *)sqlite3_column_text(row, 0),
			.model = (const char *)sqlite3_column_text(row, 1),
			.state = (enum job_state)sqlite3_column_int(row, 2),
			.jobs = sqlite3_column_int64(row, 3),
			.asked = sqlite3_column_int64(row, 4),
			.made = sqlite3_column_int64(row, 5),
			.measured = sqlite3_column_double(row, 6),
			.expected = sqlite3_column_double(row, 7)};
		if (tally.day == NULL || tally.model == NULL)
			return -ENOMEM;
		r = tally.jobs > 0 ? visit(arg, &tally) : 0;
		if (r == 0)
			r = db_row_next(store->db, row);
	}
	return r;
}

int tally_list(struct store *store, const char *day, int (*visit)(void *arg, const struct tally_row *row), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT " COLUMNS " FROM tally WHERE day = ? ORDER BY model, state", &row, "s", day);

	return visit_all(store, r, row, visit, arg);
}

int tally_list_since(struct store *store, const char *day, int (*visit)(void *arg, const struct tally_row *row), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS " FROM tally WHERE day >= ? AND day != '' ORDER BY day DESC, model, state", &row, "s",
		day);

	return visit_all(store, r, row, visit, arg);
}

int tally_credits(struct store *store, const char *day, double *ret_credits)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT total(measured + expected) FROM tally WHERE day = ?", &row, "s", day);

	if (r < 0)
		return r;
	*ret_credits = r == 1 ? sqlite3_column_double(row, 0) : 0;
	return 0;
}

int tally_sent(struct store *store, int64_t job, int asked, int64_t price, double expected)
{
	enum cost_kind kind = isnan(expected) ? COST_UNKNOWN : COST_EXPECTED;

	return db_run(store->db, "UPDATE job SET asked = ?, made = 0, price = ?, most = NULL, cost = ?, cost_kind = ? WHERE id = ?",
		"iidii", (int64_t)asked, price, expected, (int64_t)kind, job);
}

int tally_made(struct store *store, int64_t job, int made)
{
	return db_run(store->db, "UPDATE job SET made = ? WHERE id = ?", "ii", (int64_t)made, job);
}

int tally_set_cost(struct store *store, int64_t job, const struct job_cost *cost)
{
	return db_run(store->db, "UPDATE job SET cost = ?, cost_kind = ?, most = ? WHERE id = ?", "didi",
		cost->credits, (int64_t)cost->kind, cost->most, job);
}

static double read_credits(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

int tally_get_cost(struct store *store, int64_t job, struct job_cost *ret_cost)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT cost, cost_kind, most FROM job WHERE id = ?", &row, "i", job);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	ret_cost->credits = read_credits(row, 0);
	ret_cost->kind = (enum cost_kind)sqlite3_column_int(row, 1);
	ret_cost->most = read_credits(row, 2);
	return 0;
}

int prices_set(struct store *store, int64_t price, double credits, int64_t now)
{
	int r = db_run(store->db, "INSERT OR REPLACE INTO price(key, credits, \"when\") VALUES(?,?,?)", "idi", price,
		credits, now);

	return r < 0 ? r
		     : db_run(store->db,
			       "UPDATE job SET cost = ?, cost_kind = 4 WHERE price = ? AND cost_kind = 0 AND price != 0"
			       " AND submitted != 0",
			       "di", credits, price);
}

int prices_get(struct store *store, int64_t price, double *ret_credits)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT credits FROM price WHERE key = ?", &row, "i", price);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_credits = sqlite3_column_double(row, 0);
	return 0;
}
