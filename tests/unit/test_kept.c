/* SPDX-License-Identifier: MIT */
/* A program shows that it could go on with a mount: whether it knows the keeper, the memory and the account. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/kept/carried.h"
#include "fs/kept/keeper.h"
#include "fs/kept/kept.h"

static struct keeper_memory *memory;

static int setup(void **state)
{
	struct carried *carried;
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, KEEPER_MEMORY_SIZE) < 0 || dup2(fd, KEEPER_MEMORY_FD) < 0)
		return -1;
	memory = mmap(NULL, KEEPER_MEMORY_HEAD, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED || carried_create(fd, false, &carried) < 0)
		return -1;
	carried_destroy(carried);
	return 0;
}

static int prove(const char *keeper_version, int64_t schema)
{
	setenv(KEEPER_ENVIRONMENT, keeper_version, 1);
	return kept_prove(schema);
}

static const char *own_version(void)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", KEEPER_VERSION);
	return text;
}

static void other_keeper(void **state)
{
	assert_int_equal(prove("1000", 7), -EPROTO);
	assert_int_equal(prove(own_version(), 7), 0);
}

static void newer_account(void **state)
{
	memory->schema = 7;
	assert_int_equal(prove(own_version(), 6), -EOVERFLOW);
	assert_int_equal(prove(own_version(), 7), 0);
	assert_int_equal(prove(own_version(), 8), 0);
	memory->schema = 0; /* a daemon that told nothing */
	assert_int_equal(prove(own_version(), 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_keeper),
		cmocka_unit_test(newer_account),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
