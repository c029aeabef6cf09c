/* SPDX-License-Identifier: MIT */
/* probe: one load on a file tree, or the same over libcurl alone, timed; prints one JSON object.
 *
 *   seq FILE [BLOCK]          read from start to end          curl-seq URL [OUT|- [FIRST]]
 *   head FILE OFFSET          open and read 4 KiB             curl-head URL OFFSET [FIRST]
 *   mib FILE OFFSET           the first MiB of a reader        curl-mib URL OFFSET [FIRST]
 *   random FILE COUNT SEED THREADS   4 KiB each               curl-random URL SIZE COUNT SEED
 *   many LIST THREADS         each file of LIST whole         curl-many LIST THREADS [FIRST]
 *                             the same by one multi handle    curl-multi LIST AT_ONCE [FIRST]
 *   list DIR                  readdir and lstat of each
 *   stat PATH SECONDS         latency of stat(2), one a millisecond
 *   pin FILE                  drops the file's pages from the page cache
 *
 * FIRST: a URL that is fetched before, so that there is a connection which has carried as much as those of others.
 * CA: $CURL_CA_BUNDLE. A failed read counts in "errors". */
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_MAX (1 << 20)
#define LATENCIES_MAX 200000

static atomic_ullong bytes;
static atomic_int errors, next_item;
static double *latencies;
static int latency_count;
static double started, first_byte;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int report(int items)
{
	double seconds = now() - started;

	qsort(latencies, (size_t)latency_count, sizeof(*latencies), compare);
	printf("{\"seconds\":%.6f,\"bytes\":%llu,\"errors\":%d,\"items\":%d,\"mbps\":%.2f,"
	       "\"per_s\":%.2f",
		seconds, (unsigned long long)bytes, errors, items, (double)bytes / seconds / 1e6,
		items / seconds);
	if (first_byte > 0)
		printf(",\"first_ms\":%.4f", (first_byte - started) * 1e3);
	if (latency_count > 0)
		printf(",\"p50_ms\":%.4f,\"p99_ms\":%.4f", latencies[latency_count / 2] * 1e3,
			latencies[latency_count * 99 / 100] * 1e3);
	puts("}");
	return 0;
}

static uint64_t xorshift(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static char **lines;
static int line_count;

static void read_list(const char *path)
{
	FILE *file = must(fopen(path, "r"));
	char line[4096];

	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		lines = must(realloc(lines, (size_t)(line_count + 1) * sizeof(*lines)));
		lines[line_count++] = must(strdup(line));
	}
	fclose(file);
	latency_count = line_count;
}

static void run_threads(void *(*work)(void *arg), int count)
{
	pthread_t threads[256];

	started = now();
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			abort();
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

/* Files */

static int seq(const char *path, size_t block)
{
	char *buffer = must(aligned_alloc(4096, block));
	ssize_t n;

	started = now();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while ((n = read(fd, buffer, block)) > 0) {
		if (first_byte == 0)
			first_byte = now();
		bytes += (unsigned long long)n;
	}
	errors += n < 0;
	return report(1);
}

static int head(const char *path, off_t offset)
{
	char buffer[4096];

	started = now();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	errors += pread(fd, buffer, sizeof(buffer), offset) <= 0;
	first_byte = now();
	return report(1);
}

/* The first MiB of a reader in sequence. */
static int mib(const char *path, off_t offset)
{
	char *buffer = must(malloc(128 * 1024));
	size_t had = 0;
	ssize_t n = 0;

	started = now();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	lseek(fd, offset, SEEK_SET);
	while (had < (1 << 20) && (n = read(fd, buffer, 128 * 1024)) > 0) {
		if (first_byte == 0)
			first_byte = now();
		had += (size_t)n;
	}
	bytes += had;
	errors += had < (1 << 20);
	return report(1);
}

static const char *random_path;
static int random_count, random_seed;
static atomic_int random_thread;

static void *random_work(void *arg)
{
	int self = random_thread++;
	uint64_t state = (uint64_t)(random_seed * 64 + self + 1) * 2654435761U + 88172645463325252U;
	int fd = open(random_path, O_RDONLY | O_CLOEXEC);
	char buffer[4096];
	struct stat st = {0};

	if (fd < 0 || fstat(fd, &st) < 0)
		abort();
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (int i = 0; i < random_count; i++) {
		off_t at = (off_t)(xorshift(&state) % (uint64_t)(st.st_size / 4096)) * 4096;
		double begin = now();
		errors += pread(fd, buffer, sizeof(buffer), at) != sizeof(buffer);
		latencies[self * random_count + i] = now() - begin;
		bytes += sizeof(buffer);
	}
	return NULL;
}

static void *many_work(void *arg)
{
	char *buffer = must(malloc(128 * 1024));

	for (int i = next_item++; i < line_count; i = next_item++) {
		double begin = now();
		int fd = open(lines[i], O_RDONLY | O_CLOEXEC);
		ssize_t n;
		while ((n = read(fd, buffer, 128 * 1024)) > 0)
			bytes += (unsigned long long)n;
		errors += n < 0;
		close(fd);
		latencies[i] = now() - begin;
	}
	free(buffer);
	return NULL;
}

static int list(const char *path)
{
	struct dirent *entry;
	struct stat st;
	int count = 0;

	started = now();
	DIR *dir = must(opendir(path));
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		lines = must(realloc(lines, (size_t)(count + 1) * sizeof(*lines)));
		lines[count++] = must(strdup(entry->d_name));
	}
	for (int i = 0; i < count; i++)
		errors += fstatat(dirfd(dir), lines[i], &st, AT_SYMLINK_NOFOLLOW) != 0;
	return report(count);
}

static int stat_for(const char *path, double seconds)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct statx st;

	started = now();
	while (now() - started < seconds && latency_count < LATENCIES_MAX) {
		double begin = now();
		/* one that the kernel does not answer by itself */
		errors += statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st) != 0;
		latencies[latency_count++] = now() - begin;
		nanosleep(&pause, NULL);
	}
	return report(latency_count);
}

static int pin(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	started = now();
	errors += fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0;
	return report(1);
}

/* libcurl */

static FILE *curl_out;
static long http_version = CURL_HTTP_VERSION_1_1;

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	if (first_byte == 0)
		first_byte = now();
	bytes += size * count;
	return curl_out == NULL ? size * count : fwrite(data, size, count, curl_out) * size;
}

static CURL *make_curl(void)
{
	CURL *curl = must(curl_easy_init());

	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, http_version);
	if (getenv("CURL_CA_BUNDLE") != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("CURL_CA_BUNDLE"));
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)CURL_MAX_READ_SIZE);
	return curl;
}

static void fetch(CURL *curl, const char *url, long long from, long long length)
{
	char range[64];

	snprintf(range, sizeof(range), "%lld-%lld", from, from + length - 1);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_RANGE, length > 0 ? range : NULL);
	errors += curl_easy_perform(curl) != CURLE_OK;
}

static int curl_seq(const char *url, const char *out, const char *first)
{
	CURL *curl = make_curl();

	if (first != NULL)
		fetch(curl, first, 0, 0);
	if (out != NULL && strcmp(out, "-") != 0)
		curl_out = must(fopen(out, "w"));
	first_byte = 0;
	bytes = 0;
	started = now();
	fetch(curl, url, 0, 0);
	if (curl_out != NULL)
		fclose(curl_out);
	return report(1);
}

static int curl_head(const char *url, long long offset, const char *first)
{
	CURL *curl = make_curl();

	if (first != NULL)
		fetch(curl, first, 0, 0);
	first_byte = 0;
	bytes = 0;
	started = now();
	fetch(curl, url, offset, 4096);
	return report(1);
}

static int curl_mib(const char *url, long long offset, const char *first)
{
	CURL *curl = make_curl();

	if (first != NULL)
		fetch(curl, first, 0, 0);
	first_byte = 0;
	bytes = 0;
	started = now();
	fetch(curl, url, offset, 1 << 20);
	return report(1);
}

/* The files of the list over one multi handle, so many at a time: HTTP/2 where the server speaks it. */
static int curl_multi_many(int count, const char *first)
{
	CURLM *multi = must(curl_multi_init());
	int next = 0, running = 0, done = 0, left;

	http_version = CURL_HTTP_VERSION_2TLS;
	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)count);
	if (first != NULL) {
		CURL *curl = make_curl();
		curl_easy_setopt(curl, CURLOPT_URL, first);
		curl_multi_add_handle(multi, curl);
		do {
			curl_multi_perform(multi, &running);
			curl_multi_poll(multi, NULL, 0, 10, NULL);
		} while (running > 0);
		curl_multi_info_read(multi, &left);
		curl_multi_remove_handle(multi, curl);
		curl_easy_cleanup(curl);
	}
	bytes = 0;
	started = now();
	while (done < line_count) {
		while (next < line_count && next - done < count) {
			CURL *curl = make_curl();
			curl_easy_setopt(curl, CURLOPT_URL, lines[next++]);
			curl_easy_setopt(curl, CURLOPT_PIPEWAIT, 1L);
			curl_multi_add_handle(multi, curl);
		}
		curl_multi_perform(multi, &running);
		CURLMsg *m;
		while ((m = curl_multi_info_read(multi, &left)) != NULL) {
			if (m->msg != CURLMSG_DONE)
				continue;
			CURL *curl = m->easy_handle;
			errors += m->data.result != CURLE_OK;
			curl_multi_remove_handle(multi, curl);
			curl_easy_cleanup(curl);
			done++;
		}
		if (done < line_count && next - done >= count)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	latency_count = 0;
	return report(line_count);
}

static int curl_random(const char *url, uint64_t size, int count, int seed)
{
	CURL *curl = make_curl();
	uint64_t state = (uint64_t)(seed * 64 + 1) * 2654435761U + 88172645463325252U;

	fetch(curl, url, 0, 1);
	started = now();
	for (int i = 0; i < count; i++) {
		long long at = (long long)(xorshift(&state) % (size / 4096)) * 4096;
		double begin = now();
		fetch(curl, url, at, 4096);
		latencies[i] = now() - begin;
	}
	latency_count = count;
	return report(count);
}

static _Atomic(CURL *) connected; /* the one that has a connection already; NULL: taken */

static void *curl_many_work(void *arg)
{
	CURL *curl = atomic_exchange(&connected, NULL);

	if (curl == NULL)
		curl = make_curl();

	for (int i = next_item++; i < line_count; i = next_item++) {
		double begin = now();
		fetch(curl, lines[i], 0, 0);
		latencies[i] = now() - begin;
	}
	curl_easy_cleanup(curl);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *name = argc > 2 ? argv[2] : "";
	const char *third = argc > 3 ? argv[3] : NULL;
	long numbers[4] = {0};

	latencies = must(calloc(LATENCIES_MAX, sizeof(*latencies)));
	for (int i = 0; i < 4 && i + 3 < argc; i++)
		numbers[i] = atol(argv[i + 3]);
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return 1;
	if (strcmp(what, "seq") == 0)
		return seq(name, numbers[0] > 0 ? (size_t)numbers[0] : BLOCK_MAX);
	if (strcmp(what, "head") == 0)
		return head(name, numbers[0]);
	if (strcmp(what, "random") == 0) {
		random_path = name;
		random_count = (int)numbers[0];
		random_seed = (int)numbers[1];
		latency_count = random_count * (int)numbers[2];
		run_threads(random_work, (int)numbers[2]);
		return report(latency_count);
	}
	if (strcmp(what, "many") == 0 || strcmp(what, "curl-many") == 0) {
		read_list(name);
		if (argc > 4) {
			connected = make_curl();
			fetch(connected, argv[4], 0, 0);
			bytes = 0;
		}
		run_threads(what[0] == 'm' ? many_work : curl_many_work, (int)numbers[0]);
		return report(line_count);
	}
	if (strcmp(what, "mib") == 0)
		return mib(name, numbers[0]);
	if (strcmp(what, "curl-mib") == 0)
		return curl_mib(name, numbers[0], argc > 4 ? argv[4] : NULL);
	if (strcmp(what, "curl-multi") == 0) {
		read_list(name);
		return curl_multi_many((int)numbers[0], argc > 4 ? argv[4] : NULL);
	}
	if (strcmp(what, "list") == 0)
		return list(name);
	if (strcmp(what, "stat") == 0)
		return stat_for(name, third != NULL ? atof(third) : 1);
	if (strcmp(what, "pin") == 0)
		return pin(name);
	if (strcmp(what, "curl-seq") == 0)
		return curl_seq(name, third, argc > 4 ? argv[4] : NULL);
	if (strcmp(what, "curl-head") == 0)
		return curl_head(name, numbers[0], argc > 4 ? argv[4] : NULL);
	if (strcmp(what, "curl-random") == 0)
		return curl_random(name, (uint64_t)numbers[0], (int)numbers[1], (int)numbers[2]);
	fprintf(stderr, "probe: see the top of probe.c\n");
	return 2;
}
