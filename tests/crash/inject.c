/* SPDX-License-Identifier: MIT */
/* inject: preloaded into weryaifs by crash.py. Counts the calls by which the program changes something outside itself
 * (disk, network, kernel), and at one of them, chosen by number, ends the process, half-done or not, or lets calls fail.
 * It can also shift the wall clock. Orders and findings are in a page shared with the test, named by $INJECT_PAGE.
 *
 * Only the process that has loaded it acts: its children do not count. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CLASS_DISK = 1, CLASS_DISK_READ = 2, CLASS_NET = 4, CLASS_FUSE = 8, CLASS_DESCRIPTOR = 16 /* makes one */, CLASS_CACHE = 32 /* opens there */ };
enum { ALWAYS_NO_CACHE = 1, ALWAYS_CACHE_UNREADABLE = 2, ALWAYS_FEW_DESCRIPTORS = 4 };
enum { MODE_COUNT, MODE_KILL, MODE_KILL_HALF, MODE_FAIL, MODE_SHORT };

/* As crash.py's Page has it. */
struct page {
	uint64_t count; /* calls so far, of the classes that are asked for */
	uint64_t at;    /* the first one to be hit; 0 none */
	uint64_t times; /* how many from there on */
	uint64_t hits;
	uint32_t classes, mode;
	int32_t error; /* MODE_FAIL: the errno */
	uint32_t always;     /* what is wrong at all times, whatever is counted */
	int64_t clock_shift; /* seconds, of the wall clock */
	char last[256];      /* the call that was hit, or the latest one */
};

static struct page *page;
static pid_t owner;
static bool struck; /* this process was hit; of a mount that outlives its daemon the page sees several */

__attribute__((constructor)) static void inject_start(void)
{
	const char *path = getenv("INJECT_PAGE");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *memory;

	if (fd < 0)
		return;
	memory = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return;
	owner = getpid();
	page = memory;
}

#define REAL(name) ((__typeof__(&(name)))real(#name))
static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

/* What a call on this descriptor belongs to; 0: to nothing that counts. */
static uint32_t class_of(int fd, bool reads)
{
	struct stat st;
	int saved = errno, domain = 0;
	uint32_t class = 0;

	if (page != NULL && getpid() == owner && fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
			class = reads ? CLASS_DISK_READ : CLASS_DISK;
		else if (S_ISSOCK(st.st_mode) && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain,
							 &(socklen_t){sizeof(domain)}) == 0)
			class = domain == AF_UNIX
					? 0
					: CLASS_NET; /* not what leads to our own processes */
		else if (S_ISCHR(st.st_mode) && st.st_rdev == 0xae5) /* 10:229, /dev/fuse */
			class = CLASS_FUSE;
	}
	errno = saved;
	return class;
}

/* ~/.cache of crash.py's account, and what lies in it. */
static bool is_in_cache(int dir, const char *path)
{
	char link[32], target[4096];

	if (strstr(path, "/home/cache") != NULL)
		return true;
	if (dir == AT_FDCWD || path[0] == '/')
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	ssize_t length = readlink(link, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	return strstr(target, "/home/cache") != NULL;
}

static bool is_always(uint32_t what)
{
	return page != NULL && (page->always & what) != 0 && getpid() == owner;
}

/* It answers, and what it has cannot be read. */
static bool is_unreadable(int fd)
{
	int saved = errno;
	bool unreadable = is_always(ALWAYS_CACHE_UNREADABLE) && is_in_cache(fd, "");

	errno = saved;
	return unreadable;
}

/* Each fourth call that makes a descriptor finds none. */
static bool has_none_left(void)
{
	static unsigned made;

	return is_always(ALWAYS_FEW_DESCRIPTORS) && __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED) % 4 == 0;
}

static void describe(const char *call, int fd, const char *path)
{
	char link[32], target[200] = "";
	ssize_t length;
	int saved = errno;

	if (path == NULL) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		path = target;
	}
	snprintf(page->last, sizeof(page->last), "%s %s", call, path);
	errno = saved;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

enum verdict { GO_ON, HALF, FAIL };

/* What is to happen to this call; may not return. */
static enum verdict inject(uint32_t class, const char *call, int fd, const char *path)
{
	if ((class & CLASS_DESCRIPTOR) != 0 && has_none_left()) {
		errno = EMFILE;
		return FAIL;
	}
	if (class == 0 || page == NULL || (page->classes & class) == 0)
		return GO_ON;
	uint64_t number = __atomic_add_fetch(&page->count, 1, __ATOMIC_RELAXED);
	if (page->at == 0 || number < page->at || number >= page->at + page->times)
		return GO_ON;
	describe(call, fd, path);
	page->hits++;
	struck = true;
	switch (page->mode) {
	case MODE_KILL:
		die();
		break;
	case MODE_KILL_HALF:
	case MODE_SHORT:
		return HALF;
	case MODE_FAIL:
		/* a connection that has failed is dead for good */
		if (class == CLASS_NET && fd >= 0)
			shutdown(fd, SHUT_RDWR);
		errno = page->error;
		return FAIL;
	default:
		break;
	}
	return GO_ON;
}

/* After the first half was done. */
static void after_half(void)
{
	if (page->mode == MODE_KILL_HALF)
		die();
}

#define DATA_CALL(name, reads, parameters, whole, half)                                            \
	ssize_t name parameters;                                                                   \
	ssize_t name parameters                                                                    \
	{                                                                                          \
		if ((reads) && is_unreadable(fd)) {                                                \
			errno = EIO;                                                               \
			return -1;                                                                 \
		}                                                                                  \
		enum verdict verdict = inject(class_of(fd, reads), #name, fd, NULL);               \
		if (verdict == FAIL)                                                               \
			return -1;                                                                 \
		if (verdict == GO_ON || size < 2)                                                  \
			return REAL(name) whole;                                                   \
		ssize_t done = REAL(name) half;                                                    \
		after_half();                                                                      \
		return done;                                                                       \
	}

DATA_CALL(write, false, (int fd, const void *data, size_t size), (fd, data, size),
	(fd, data, size / 2))
DATA_CALL(pwrite, false, (int fd, const void *data, size_t size, off_t offset),
	(fd, data, size, offset), (fd, data, size / 2, offset))
DATA_CALL(pread, true, (int fd, void *data, size_t size, off_t offset), (fd, data, size, offset),
	(fd, data, size / 2, offset))
DATA_CALL(send, false, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags),
	(fd, data, size / 2, flags))
DATA_CALL(recv, true, (int fd, void *data, size_t size, int flags), (fd, data, size, flags),
	(fd, data, size / 2, flags))

/* What lies in memory can be read from a disk that is broken: here there is nothing. */
long syscall(long number, ...)
{
	long a[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_preadv2 && is_unreadable((int)a[0])) {
		errno = EAGAIN;
		return -1;
	}
	return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	return pwrite(fd, data, size, (off_t)offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
	return pread(fd, data, size, (off_t)offset);
}

/* The kernel takes and gives its messages whole: no halves. */
ssize_t read(int fd, void *data, size_t size)
{
	uint32_t class = class_of(fd, true);

	if (is_unreadable(fd)) {
		errno = EIO;
		return -1;
	}
	if (class != CLASS_FUSE || page->mode <= MODE_KILL_HALF)
		if (inject(class, "read", fd, NULL) == FAIL)
			return -1;
	ssize_t done = REAL(read)(fd, data, size);
	if (class != 0 && page->mode == MODE_KILL_HALF && struck)
		die();
	return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	uint32_t class = class_of(fd, false);

	if (class != CLASS_FUSE || page->mode <= MODE_KILL_HALF)
		if (inject(class, "writev", fd, NULL) == FAIL)
			return -1;
	ssize_t done = REAL(writev)(fd, parts, count);
	if (class != 0 && page->mode == MODE_KILL_HALF && struck)
		die();
	return done;
}

/* A call without data: hit before it, or in the half mode right after it. */
#define PLAIN_CALL(name, class, fd, path, parameters, arguments)                                   \
	int name parameters;                                                                       \
	int name parameters                                                                        \
	{                                                                                          \
		enum verdict verdict = inject(class, #name, fd, path);                             \
		if (verdict == FAIL)                                                               \
			return -1;                                                                 \
		int done = REAL(name) arguments;                                                   \
		if (verdict == HALF)                                                               \
			after_half();                                                              \
		return done;                                                                       \
	}
#define OURS(class) (page != NULL && getpid() == owner ? (class) : 0u)
#define OF_PATH OURS(CLASS_DISK)

PLAIN_CALL(fsync, class_of(fd, false), fd, NULL, (int fd), (fd))
PLAIN_CALL(fdatasync, class_of(fd, false), fd, NULL, (int fd), (fd))
PLAIN_CALL(ftruncate, class_of(fd, false), fd, NULL, (int fd, off_t size), (fd, size))
PLAIN_CALL(fallocate, class_of(fd, false), fd, NULL, (int fd, int mode, off_t offset, off_t size),
	(fd, mode, offset, size))
PLAIN_CALL(connect, OURS(CLASS_NET), fd, NULL,
	(int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
PLAIN_CALL(unlink, OF_PATH, -1, path, (const char *path), (path))
PLAIN_CALL(unlinkat, OF_PATH, -1, path, (int fd, const char *path, int flags), (fd, path, flags))
PLAIN_CALL(rename, OF_PATH, -1, path, (const char *path, const char *other), (path, other))
PLAIN_CALL(renameat, OF_PATH, -1, path, (int fd, const char *path, int other_fd, const char *other),
	(fd, path, other_fd, other))
PLAIN_CALL(mkdir, OF_PATH, -1, path, (const char *path, mode_t mode), (path, mode))
PLAIN_CALL(socket, OURS(CLASS_DESCRIPTOR), -1, "", (int family, int type, int protocol), (family, type, protocol))
PLAIN_CALL(accept4, OURS(CLASS_DESCRIPTOR), fd, NULL, (int fd, struct sockaddr *address, socklen_t *size, int flags),
	(fd, address, size, flags))
PLAIN_CALL(eventfd, OURS(CLASS_DESCRIPTOR), -1, "", (unsigned value, int flags), (value, flags))
PLAIN_CALL(timerfd_create, OURS(CLASS_DESCRIPTOR), -1, "", (int clock, int flags), (clock, flags))
PLAIN_CALL(epoll_create1, OURS(CLASS_DESCRIPTOR), -1, "", (int flags), (flags))
PLAIN_CALL(pipe2, OURS(CLASS_DESCRIPTOR), -1, "", (int fds[2], int flags), (fds, flags))
PLAIN_CALL(socketpair, OURS(CLASS_DESCRIPTOR), -1, "", (int family, int type, int protocol, int fds[2]),
	(family, type, protocol, fds))
PLAIN_CALL(fchmod, class_of(fd, false), fd, NULL, (int fd, mode_t mode), (fd, mode))

int ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, (off_t)size);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size)
{
	return fallocate(fd, mode, (off_t)offset, (off_t)size);
}

static uint32_t class_of_open(int dir, const char *path, int flags)
{
	uint32_t class = OURS(CLASS_DESCRIPTOR);
	int saved = errno;

	if (class == 0)
		return 0;
	/* only opens that may make a file change something */
	if ((flags & (O_CREAT | O_TRUNC)) != 0)
		class |= CLASS_DISK;
	if ((page->classes & CLASS_CACHE) != 0 && is_in_cache(dir, path))
		class |= CLASS_CACHE;
	errno = saved;
	return class;
}

static int inject_open(int dir, const char *path, int flags, mode_t mode, const char *name)
{
	int (*open_real)(int, const char *, int, ...) =
		(int (*)(int, const char *, int, ...))real("openat");
	if (is_always(ALWAYS_NO_CACHE) && is_in_cache(dir, path)) {
		errno = EACCES;
		return -1;
	}
	enum verdict verdict = inject(class_of_open(dir, path, flags), name, -1, path);
	if (verdict == FAIL)
		return -1;
	int fd = open_real(dir, path, flags, mode);
	if (verdict == HALF)
		after_half();
	return fd;
}

#define OPEN_CALL(name, dir, ...)                                                                  \
	int name(__VA_ARGS__, const char *path, int flags, ...);                                   \
	int name(__VA_ARGS__, const char *path, int flags, ...)                                    \
	{                                                                                          \
		va_list args;                                                                      \
		va_start(args, flags);                                                             \
		mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;     \
		va_end(args);                                                                      \
		return inject_open(dir, path, flags, mode, #name);                                 \
	}

OPEN_CALL(openat, dir, int dir)
OPEN_CALL(openat64, dir, int dir)

int open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return inject_open(AT_FDCWD, path, flags, mode, "open");
}

int open64(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return inject_open(AT_FDCWD, path, flags, mode, "open");
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int r = REAL(clock_gettime)(id, now);

	if (r == 0 && id == CLOCK_REALTIME && page != NULL)
		now->tv_sec += (time_t)__atomic_load_n(&page->clock_shift, __ATOMIC_RELAXED);
	return r;
}
