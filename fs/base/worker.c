/* SPDX-License-Identifier: MIT */
#include "fs/base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/base/loop.h"

enum {
	PRIORITY = 5,  /* after the kernel's requests, before transfers */
	LATER_MS = 10, /* for what nobody waits for, unless there are so many: */
	LATER_MAX = 8,
};

struct worker {
	pthread_t thread;
	bool started;
	int event_fd; /* owned; tells the loop of finished jobs */
	struct loop_watch *watch;
	struct loop_timer *later;
	unsigned pending, unwoken; /* loop thread; of the latter the thread has not been told */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct list queue, finished; /* worker_job.link; protected by lock, like ending */
	bool ending;
};

static void wake_loop(struct worker *worker)
{
	uint64_t one = 1;

	/* EAGAIN: the counter is full, and the loop is awake anyway */
	if (write(worker->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_errno(LOG_LEVEL_ERROR, -errno, "worker: the loop is not woken");
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		while (list_empty(&worker->queue) && !worker->ending)
			pthread_cond_wait(&worker->changed, &worker->lock);
		if (list_empty(&worker->queue))
			break;
		struct worker_job *job = list_entry(worker->queue.next, struct worker_job, link);
		list_remove(&job->link);
		pthread_mutex_unlock(&worker->lock);
		job->run(job);
		pthread_mutex_lock(&worker->lock);
		bool first = list_empty(&worker->finished);
		list_append(&worker->finished, &job->link);
		pthread_cond_broadcast(&worker->changed);
		if (first)
			wake_loop(worker);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static void finish_jobs(struct worker *worker)
{
	struct list finished;

	list_init(&finished);
	pthread_mutex_lock(&worker->lock);
	while (!list_empty(&worker->finished)) {
		struct list *item = worker->finished.next;
		list_remove(item);
		list_append(&finished, item);
	}
	pthread_mutex_unlock(&worker->lock);
	while (!list_empty(&finished)) {
		struct worker_job *job = list_entry(finished.next, struct worker_job, link);
		list_remove(&job->link);
		worker->pending--;
		job->done(job);
	}
}

static void on_event(void *arg, unsigned events)
{
	struct worker *worker = arg;
	uint64_t value;

	if (read(worker->event_fd, &value, sizeof(value)) < 0 && errno != EAGAIN)
		log_errno(LOG_LEVEL_ERROR, -errno, "worker: reading the event");
	finish_jobs(worker);
}

static void enqueue(struct worker *worker, struct worker_job *job)
{
	worker->pending++;
	worker->unwoken++;
	list_init(&job->link);
	pthread_mutex_lock(&worker->lock);
	list_append(&worker->queue, &job->link);
	pthread_mutex_unlock(&worker->lock);
}

/* Without the lock, which the thread would wait for at once. */
static void wake_thread(void *arg)
{
	struct worker *worker = arg;

	if (worker->unwoken > 0)
		pthread_cond_broadcast(&worker->changed);
	worker->unwoken = 0;
	loop_timer_disarm(worker->later);
}

int worker_create(struct loop *loop, struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	sigset_t all, before;

	if (worker == NULL)
		return -ENOMEM;
	list_init(&worker->queue);
	list_init(&worker->finished);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = worker->event_fd < 0 ? -errno : 0;
	if (r == 0)
		r = loop_watch_add(loop, worker->event_fd, LOOP_READ, PRIORITY, on_event, worker,
			&worker->watch);
	if (r == 0)
		r = loop_timer_create(loop, wake_thread, worker, &worker->later);
	if (r == 0) {
		/* signals are the loop's */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		r = -pthread_create(&worker->thread, NULL, work, worker);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		worker->started = r == 0;
	}
	if (r < 0) {
		worker_destroy(worker);
		return r;
	}
	*ret_worker = worker;
	return 0;
}

void worker_destroy(struct worker *worker)
{
	if (worker == NULL)
		return;
	if (worker->pending > 0) {
		log_warning("worker: %u jobs do not come back: they are left", worker->pending);
		loop_watch_remove(worker->watch);
		loop_timer_destroy(worker->later);
		pthread_detach(worker->thread);
		return;
	}
	if (worker->started) {
		pthread_mutex_lock(&worker->lock);
		worker->ending = true;
		pthread_cond_broadcast(&worker->changed);
		pthread_mutex_unlock(&worker->lock);
		pthread_join(worker->thread, NULL);
	}
	loop_watch_remove(worker->watch);
	loop_timer_destroy(worker->later);
	if (worker->event_fd >= 0)
		close(worker->event_fd);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

void worker_submit(struct worker *worker, struct worker_job *job)
{
	enqueue(worker, job);
	wake_thread(worker);
}

void worker_submit_later(struct worker *worker, struct worker_job *job)
{
	enqueue(worker, job);
	if (worker->unwoken >= LATER_MAX)
		wake_thread(worker);
	else if (!loop_timer_armed(worker->later))
		loop_timer_arm(worker->later, LATER_MS);
}

unsigned worker_pending(const struct worker *worker)
{
	return worker->pending;
}

bool worker_drain_for(struct worker *worker, int64_t ms)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(ms / 1000);
	while (worker != NULL && worker->pending > 0 && r == 0) {
		wake_thread(worker);
		pthread_mutex_lock(&worker->lock);
		while (list_empty(&worker->finished) && r == 0)
			r = pthread_cond_timedwait(&worker->changed, &worker->lock, &until);
		pthread_mutex_unlock(&worker->lock);
		finish_jobs(worker);
	}
	return worker == NULL || worker->pending == 0;
}

void worker_drain(struct worker *worker)
{
	if (worker == NULL)
		return;
	while (worker->pending > 0) {
		wake_thread(worker);
		pthread_mutex_lock(&worker->lock);
		while (list_empty(&worker->finished))
			pthread_cond_wait(&worker->changed, &worker->lock);
		pthread_mutex_unlock(&worker->lock);
		finish_jobs(worker);
	}
}
