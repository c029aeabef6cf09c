/* SPDX-License-Identifier: MIT */
#pragma once
/* catalogue: config/models.json as it was at build time. A JSON array, one object a model. */
#include <stddef.h>

extern const char catalogue_json[];
extern const size_t catalogue_json_length;
/* config/tools.json, likewise: one object a tool (fs/api/tool.h). */
extern const char tools_json[];
extern const size_t tools_json_length;
