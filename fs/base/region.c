/* SPDX-License-Identifier: MIT */
#include "fs/base/region.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* Not anonymous memory: where the kernel lets nobody take more than there is, it would count as taken at once. */
static int make_own(size_t size)
{
	int fd = memfd_create("region", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0)
		return fd;
	int r = -errno;
	if (fd >= 0)
		close(fd);
	return r;
}

int region_create(int fd, off_t at, size_t size, void **ret_memory)
{
	CLEANUP_CLOSE int own = fd < 0 ? make_own(size) : -1;

	if (fd < 0 && own < 0)
		return own;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		fd >= 0 ? fd : own, fd >= 0 ? at : 0);
	if (memory == MAP_FAILED)
		return -errno;
	*ret_memory = memory;
	return 0;
}

int region_clear(void *memory, size_t size)
{
	return madvise(memory, size, MADV_REMOVE) < 0 ? -errno : 0;
}

void region_destroy(void *memory, size_t size)
{
	if (memory != NULL)
		munmap(memory, size);
}
