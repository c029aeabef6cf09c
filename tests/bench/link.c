/* SPDX-License-Identifier: MIT */
/* link: a point-to-point link between two network namespaces, with a delay one way, a rate and a bounded queue, made of
 * two TUN devices: kernels without sch_netem have nothing else. What travels over it is real TCP; large packets pass
 * whole, so that one core carries more than a gigabit, but not where chance decides: on a real link it is each segment's.
 *
 *   link NETNS_A IF_A NETNS_B IF_B DELAY_MS MBIT_S QUEUE_BYTES [loss=SHARE] [jitter=MS] [limit=MBIT_S]
 *
 * loss: of all packets from A to B. jitter: so much more or less, at random, but packets stay in
 * their order. limit: of each connection (its port at B) from A to B.
 *
 * Prints "ready" and runs until it is killed; the devices end with it. A number on standard input, and "ready" once more: what
 * chance decides begins anew from there, the same for the same number, so that those who are compared lose the same packets.
 * `matrix.py --self-test` measures whether it keeps to its numbers. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX (1 << 17)
#define FLOWS 65536
#define FLOW_QUEUE_NS 200000000U /* what a limited connection may have waiting; more is dropped */

struct packet {
	uint64_t due_ns,
		number; /* number: of packets that are due at the same time the first comes first */
	size_t length;
	char data[];
};

struct direction {
	int from, to;
	bool spoiled; /* loss and limit are one way */
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	/* protected by lock, to the end */
	struct packet **heap; /* by due time, the first at 0 */
	size_t count, room, queued;
	uint64_t numbers;
	uint64_t sent_ns; /* when the last packet has left the sender's device */
	uint64_t last_due_ns;
	uint64_t flow_ns[FLOWS]; /* the same of each connection, by its port at B */
	uint64_t random;
};

static uint64_t delay_ns, jitter_ns;
static double ns_per_byte, flow_ns_per_byte, loss;
static size_t queue_max;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static int open_device(const char *netns, const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
	char path[256];

	snprintf(path, sizeof(path), "/var/run/netns/%s", netns);
	int space = open(path, O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWNET) < 0)
		die(path);
	close(space);
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/net/tun");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		die("TUNSETIFF");
	if (ioctl(fd, TUNSETOFFLOAD, loss > 0 || jitter_ns > 0 ? 0 : TUN_F_CSUM | TUN_F_TSO4) < 0)
		die("TUNSETOFFLOAD");
	return fd;
}

static double chance(struct direction *direction)
{
	direction->random = direction->random * 6364136223846793005U + 1442695040888963407U;
	return (double)(direction->random >> 11) / (double)(UINT64_C(1) << 53);
}

static bool is_before(const struct packet *a, const struct packet *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void put(struct direction *direction, struct packet *packet)
{
	size_t at = direction->count++;

	if (direction->count > direction->room) {
		direction->room = direction->room == 0 ? 1024 : 2 * direction->room;
		direction->heap =
			realloc(direction->heap, direction->room * sizeof(*direction->heap));
		if (direction->heap == NULL)
			die("realloc");
	}
	packet->number = direction->numbers++;
	for (; at > 0 && is_before(packet, direction->heap[(at - 1) / 2]); at = (at - 1) / 2)
		direction->heap[at] = direction->heap[(at - 1) / 2];
	direction->heap[at] = packet;
}

static struct packet *take(struct direction *direction)
{
	struct packet *first = direction->heap[0], *last = direction->heap[--direction->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;
		if (child + 1 < direction->count &&
			is_before(direction->heap[child + 1], direction->heap[child]))
			child++;
		if (child >= direction->count || !is_before(direction->heap[child], last))
			break;
		direction->heap[at] = direction->heap[child];
		at = child;
	}
	direction->heap[at] = last;
	return first;
}

/* The port of a TCP packet over IPv4 that goes to B. */
static unsigned port_at_b(const struct packet *packet)
{
	const unsigned char *ip =
		(const unsigned char *)packet->data + sizeof(struct virtio_net_hdr);
	size_t head = (size_t)(ip[0] & 15) * 4;

	return packet->length < sizeof(struct virtio_net_hdr) + head + 4
		       ? 0
		       : ip[head + 2] * 256U + ip[head + 3];
}

/* When it arrives; 0: it does not. */
static uint64_t due(struct direction *direction, const struct packet *packet)
{
	uint64_t now = now_ns(), flow_due = 0;

	if (direction->queued + packet->length > queue_max ||
		(direction->spoiled && loss > 0 && chance(direction) < loss))
		return 0;
	if (direction->spoiled && flow_ns_per_byte > 0) {
		uint64_t *flow = &direction->flow_ns[port_at_b(packet)];
		if (*flow > now + FLOW_QUEUE_NS)
			return 0;
		if (*flow < now)
			*flow = now;
		*flow += (uint64_t)((double)packet->length * flow_ns_per_byte);
		flow_due = *flow + delay_ns;
	}
	if (direction->sent_ns < now)
		direction->sent_ns = now;
	direction->sent_ns += (uint64_t)((double)packet->length * ns_per_byte);
	uint64_t at = direction->sent_ns + delay_ns;
	if (jitter_ns > 0) {
		at += (uint64_t)(chance(direction) * 2 * (double)jitter_ns);
		at -= at > jitter_ns ? jitter_ns : 0;
		if (at < direction->last_due_ns)
			at = direction->last_due_ns;
		direction->last_due_ns = at;
	}
	return at > flow_due ? at : flow_due;
}

static void *take_in(void *arg)
{
	struct direction *direction = arg;
	char *buffer = malloc(PACKET_MAX);

	prctl(PR_SET_TIMERSLACK, 1UL);
	while (buffer != NULL) {
		ssize_t n = read(direction->from, buffer, PACKET_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("read");
		size_t length = (size_t)n;
		struct packet *packet = malloc(sizeof(*packet) + length);
		if (packet == NULL)
			die("malloc");
		memcpy(packet->data, buffer, length);
		packet->length = length;
		pthread_mutex_lock(&direction->lock);
		packet->due_ns = due(direction, packet);
		if (packet->due_ns == 0) {
			free(packet);
		} else {
			direction->queued += length;
			put(direction, packet);
			if (direction->heap[0] == packet)
				pthread_cond_signal(&direction->arrived);
		}
		pthread_mutex_unlock(&direction->lock);
	}
	return NULL;
}

static void *give_out(void *arg)
{
	struct direction *direction = arg;

	prctl(PR_SET_TIMERSLACK, 1UL);
	pthread_mutex_lock(&direction->lock);
	for (;;) {
		if (direction->count == 0) {
			pthread_cond_wait(&direction->arrived, &direction->lock);
			continue;
		}
		uint64_t at = direction->heap[0]->due_ns;
		if (at > now_ns()) {
			struct timespec until = {.tv_sec = (time_t)(at / 1000000000U),
				.tv_nsec = (long)(at % 1000000000U)};
			pthread_cond_timedwait(&direction->arrived, &direction->lock, &until);
			continue;
		}
		struct packet *packet = take(direction);
		direction->queued -= packet->length;
		pthread_mutex_unlock(&direction->lock);
		/* EINVAL, EIO: the device is not up yet */
		if (write(direction->to, packet->data, packet->length) < 0 && errno != EINVAL &&
			errno != EIO)
			perror("write");
		free(packet);
		pthread_mutex_lock(&direction->lock);
	}
	return NULL;
}

static void seed(struct direction *direction, uint64_t number)
{
	pthread_mutex_lock(&direction->lock);
	direction->random = number * 0x9e3779b97f4a7c15U + 1;
	pthread_mutex_unlock(&direction->lock);
}

static void read_option(const char *option)
{
	if (strncmp(option, "loss=", 5) == 0)
		loss = atof(option + 5);
	else if (strncmp(option, "jitter=", 7) == 0)
		jitter_ns = (uint64_t)(atof(option + 7) * 1e6);
	else if (strncmp(option, "limit=", 6) == 0)
		flow_ns_per_byte = atof(option + 6) > 0 ? 8000.0 / atof(option + 6) : 0;
	else
		die(option);
}

int main(int argc, char **argv)
{
	static struct direction directions[2];
	pthread_t thread;
	char line[32];

	if (argc < 8) {
		fprintf(stderr, "usage: link NETNS_A IF_A NETNS_B IF_B DELAY_MS MBIT_S "
				"QUEUE_BYTES [loss=SHARE] [jitter=MS] [limit=MBIT_S]\n");
		return 2;
	}
	for (int i = 8; i < argc; i++)
		read_option(argv[i]);
	int a = open_device(argv[1], argv[2]), b = open_device(argv[3], argv[4]);
	delay_ns = (uint64_t)(atof(argv[5]) * 1e6);
	ns_per_byte = 8000.0 / atof(argv[6]);
	queue_max = (size_t)atol(argv[7]);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (int i = 0; i < 2; i++) {
		struct direction *direction = &directions[i];
		direction->from = i == 0 ? a : b;
		direction->to = i == 0 ? b : a;
		direction->spoiled = i == 0;
		direction->random = 1;
		pthread_mutex_init(&direction->lock, NULL);
		pthread_cond_init(&direction->arrived, &monotonic);
		if (pthread_create(&thread, NULL, take_in, direction) != 0 ||
			pthread_create(&thread, NULL, give_out, direction) != 0)
			die("pthread_create");
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		for (int i = 0; i < 2; i++)
			seed(&directions[i], strtoull(line, NULL, 10));
		puts("ready");
		fflush(stdout);
	}
	for (;;)
		pause();
}
