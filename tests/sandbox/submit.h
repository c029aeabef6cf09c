/* SPDX-License-Identifier: MIT */
#pragma once
/* submit: a submission: parsed, checked, admitted, answered (API reference 3.2-3.8, 5). */
#include "tests/sandbox/request.h"

void submit_handle(struct request *request, const struct endpoint *endpoint, struct answer *ret);
