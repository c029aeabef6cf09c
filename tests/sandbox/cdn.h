/* SPDX-License-Identifier: MIT */
#pragma once
/* cdn: serves results and uploads, with ranges (RFC 9110, 13 and 14) and with faults. */
#include "tests/sandbox/request.h"

enum MHD_Result cdn_handle(struct request *request);
/* Logs the download; complete: all that was announced was sent. */
void cdn_finish(struct request *request, bool complete);
