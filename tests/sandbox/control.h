/* SPDX-License-Identifier: MIT */
#pragma once
/* control: what tests turn and read while the server runs: /_control and /_stats. Neither needs a
 * key, neither is logged. */
#include "tests/sandbox/request.h"

void control_handle(struct request *request, struct answer *ret);
