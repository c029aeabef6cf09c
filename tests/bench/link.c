/* SPDX-License-Identifier: MIT */
/* link: a point-to-point link between two network namespaces, with a delay one way, a rate and a bounded queue, made of
 * two TUN devices: kernels without sch_netem have nothing else. What travels over it is real TCP; large packets pass
 * whole, so that one core carries more than a gigabit.
 *
 *   link NETNS_A IF_A NETNS_B IF_B DELAY_MS MBIT_S QUEUE_BYTES
 *
 * Prints "ready" and runs until it is killed; the devices end with it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX (1 << 17)

struct packet {
	struct packet *next;
	uint64_t due_ns;
	size_t length;
	char data[];
};

struct direction {
	int from, to;
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct packet *first, **last; /* protected by lock, like the next two */
	size_t queued;
	uint64_t sent_ns; /* when the last packet has left the sender's device */
};

static uint64_t delay_ns;
static double ns_per_byte;
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
	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0)
		die("TUNSETOFFLOAD");
	return fd;
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
		packet->next = NULL;
		pthread_mutex_lock(&direction->lock);
		if (direction->queued + length > queue_max) {
			free(packet);
		} else {
			uint64_t now = now_ns();
			if (direction->sent_ns < now)
				direction->sent_ns = now;
			direction->sent_ns += (uint64_t)((double)length * ns_per_byte);
			packet->due_ns = direction->sent_ns + delay_ns;
			direction->queued += length;
			*direction->last = packet;
			direction->last = &packet->next;
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
	for (;;) {
		pthread_mutex_lock(&direction->lock);
		while (direction->first == NULL)
			pthread_cond_wait(&direction->arrived, &direction->lock);
		struct packet *packet = direction->first;
		pthread_mutex_unlock(&direction->lock);
		struct timespec due = {.tv_sec = (time_t)(packet->due_ns / 1000000000U),
			.tv_nsec = (long)(packet->due_ns % 1000000000U)};
		if (packet->due_ns > now_ns())
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		/* EINVAL, EIO: the device is not up yet */
		if (write(direction->to, packet->data, packet->length) < 0 && errno != EINVAL &&
			errno != EIO)
			perror("write");
		pthread_mutex_lock(&direction->lock);
		direction->first = packet->next;
		if (direction->first == NULL)
			direction->last = &direction->first;
		direction->queued -= packet->length;
		pthread_mutex_unlock(&direction->lock);
		free(packet);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct direction directions[2];
	pthread_t thread;

	if (argc != 8) {
		fprintf(stderr, "usage: link NETNS_A IF_A NETNS_B IF_B DELAY_MS MBIT_S "
				"QUEUE_BYTES\n");
		return 2;
	}
	int a = open_device(argv[1], argv[2]), b = open_device(argv[3], argv[4]);
	delay_ns = (uint64_t)(atof(argv[5]) * 1e6);
	ns_per_byte = 8000.0 / atof(argv[6]);
	queue_max = (size_t)atol(argv[7]);
	for (int i = 0; i < 2; i++) {
		struct direction *direction = &directions[i];
		direction->from = i == 0 ? a : b;
		direction->to = i == 0 ? b : a;
		pthread_mutex_init(&direction->lock, NULL);
		pthread_cond_init(&direction->arrived, NULL);
		direction->last = &direction->first;
		if (pthread_create(&thread, NULL, take_in, direction) != 0 ||
			pthread_create(&thread, NULL, give_out, direction) != 0)
			die("pthread_create");
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
