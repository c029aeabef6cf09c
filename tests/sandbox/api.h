/* SPDX-License-Identifier: MIT */
#pragma once
/* api: finds what an API request is for: a submission, a status, the balance, an upload or a
 * registry (API reference 3.1). Everything here needs a key. */
#include "tests/sandbox/request.h"

/* A task as it is shown; fills the URLs of the view. */
json_t *api_task(struct sandbox *sandbox, struct wire_task *view);
void api_handle(struct request *request, struct answer *ret);
