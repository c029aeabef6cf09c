/* SPDX-License-Identifier: MIT */
#pragma once
/* models: config/models.json, compiled in by meson.build. */
#include <stddef.h>

extern const unsigned char models_json[];
extern const size_t models_json_size;
