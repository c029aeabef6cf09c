/* SPDX-License-Identifier: MIT */
#pragma once
/* errclass_codes: the published codes of the service (API reference 5.1) and what each means. For errclass.c and
 * errclass_text.c. Pure. */
#include "fs/api/errclass.h"

struct errcode {
	enum errclass class;
	const char *cause;  /* NULL: that of the class */
	const char *advice; /* after a submission; NULL: that of the class */
};

/* NULL: in no table. 1001 and 1002 are not in this one either: their text decides. */
const struct errcode *errcode_find(int64_t code);
