/* SPDX-License-Identifier: MIT */
#pragma once
/* api: finds what an API request is for: a submission, a status, the balance, an upload or a
 * registry (API reference 3.1). Everything here needs a key. */
#include "tests/sandbox/request.h"

void api_handle(struct request *request, struct answer *ret);
