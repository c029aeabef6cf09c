/* SPDX-License-Identifier: MIT */
#pragma once
/* spoil: one of all answers of the API spoiled in one of all ways: the faults answer-ENDPOINT=WAY. What is answered with
 * a number below 500, or above 599, is a refusal: nothing has been done; all else happens to an answer that is right. */
#include "tests/sandbox/request.h"

struct spoil {
	char way[FAULT_TEXT_MAX]; /* empty: not spoiled */
};

/* Is it this request's turn? */
bool spoil_choose(struct request *request, struct spoil *ret);
/* true: it is refused, the answer is complete. */
bool spoil_refuse(struct request *request, const struct spoil *spoil, struct answer *ret);
/* A refusal with this code, or, below 1000, this HTTP status. */
void spoil_code(struct wire *wire, int code, struct answer *ret);
void spoil_answer(const struct spoil *spoil, struct answer *answer);
