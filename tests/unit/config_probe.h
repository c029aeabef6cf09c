/* SPDX-License-Identifier: MIT */
#pragma once
/* config_probe: a configuration and a file of its own, for the tests of config. */
#include "config/config.h"

struct fixture {
	char directory[32], path[64];
	struct config config;
	char *message;
};

int set_up(void **state);
int tear_down(void **state);
void write_file(struct fixture *fixture, const char *data, size_t length);
int load(struct fixture *fixture, const char *text); /* the file has this text */
void assert_message(struct fixture *fixture, const char *part);
void assert_loads(struct fixture *fixture, const char *text);
