/* SPDX-License-Identifier: MIT */
#pragma once
/* fault_rows: the names of the faults and what each takes, as data; for faults.c. */
#include <stdbool.h>

#include "tests/sandbox/faults.h"

enum fault_takes { TAKES_NOTHING, TAKES_OPTIONAL, TAKES_NUMBER, TAKES_TEXT, TAKES_WORD, TAKES_WAY };

struct fault_row {
	const char *name;
	enum fault_takes takes;
	unsigned times; /* unless *TIMES says otherwise; 0: always */
	bool task;      /* fixed when the task is made */
};

extern const struct fault_row fault_rows[FAULT_COUNT];

/* README.md has the table: a word, or NUMBER[-RETRY_AFTER]. */
bool fault_is_way(const char *text);
