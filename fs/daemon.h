/* SPDX-License-Identifier: MIT */
#pragma once
/* daemon: to the background, with the news how the start went for whoever waits in the foreground.
 *
 * The fork comes before anything is opened: a lock, a thread or a connection would not live in the
 * child as it did in the parent. The parent ends with 0 only when the child says that the mount is
 * usable, so that `weryaifs DIR && ls DIR` works. */
#include <sys/types.h>

struct daemon {
	int fd;    /* the pipe between the two; -1: there is nobody to tell (any more) */
	pid_t pid; /* in the parent: the child */
};

/* Nobody waits: every function below is fine and does nothing. */
void daemon_none(struct daemon *daemon);
/* 1 in the parent; 0 in the child, which has left working directory and standard input, and
 * still has standard error; or negative errno. */
int daemon_fork(struct daemon *daemon);
/* Parent: waits for the child's word. 0: the mount is usable; else -ECHILD, and *ret_message has the
 * child's sentence (caller frees; NULL when out of memory). */
int daemon_wait(struct daemon *daemon, char **ret_message);
/* Child, or in the foreground: closes what else we were started with, but for standard input, output and error. Else
 * the lock or the pipe of a shell script would be held for as long as the mount lives. Before anything is opened. */
void daemon_close_inherited(const struct daemon *daemon);
/* Child: the mount is usable. Lets go of session and terminal. -EPIPE: the parent was ended while it waited. */
int daemon_ready(struct daemon *daemon);
/* Child: the start failed with this sentence (NULL: out of memory). Where nobody waits it goes to standard error. */
void daemon_fail(struct daemon *daemon, const char *message);
