/* SPDX-License-Identifier: MIT */
#pragma once
/* keeper_private: what the files of fs/keeper share. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/keeper/keeper_notify.h"
#include "fs/kept/keeper.h"

struct fuse_session;
struct keeper;

/* Gives back the pages of programs and libraries, which come again from the page cache when they are needed: a keeper waits
 * for months. keeper_prepare.c. */
void keeper_shrink(void);

/* The mount: keeper_mount.c */
struct keeper_mount {
	struct fuse_session *fuse; /* owned; NULL: not mounted */
	char *mountpoint;          /* owned; absolute */
	dev_t device;              /* of the mount; 0: not known */
};

/* -EINVAL: libfuse does not understand the options; -EIO: it could not mount. The reason is in words. */
int keeper_mount(struct keeper_mount *mount, const char *mountpoint, const char *options, char *reason, size_t size);
int keeper_mount_fd(const struct keeper_mount *mount); /* -1: not mounted */
/* Lazily, unless something else is mounted there by now. Waits for no user. */
void keeper_unmount(struct keeper_mount *mount);

/* The daemon's process: keeper_child.c */
struct keeper_child {
	const char *path; /* borrowed: where the program lies */
	char **words;     /* owned: its arguments, from argv[0] on */
	int program;  /* owned: the program that runs, also when its path has another one by now; -1: none is open */
	bool own_group; /* ^C in the terminal is for us, who pass it on */
	pid_t pid;    /* 0: none */
	int socket;   /* our end; -1: none */
};

/* What lies at the program's path now. Negative errno, or a descriptor of the caller's. */
int keeper_child_open(const struct keeper_child *child);
/* device: -1 none. */
int keeper_child_start(struct keeper_child *child, int memory, int device);
/* KEEPER_PROVE_ENVIRONMENT: *ret_pid is of a process that says what it has to say into the file `output`. */
int keeper_child_prove(const struct keeper_child *child, int program, int memory, int output, pid_t *ret_pid);
void keeper_child_order(struct keeper_child *child, int kind); /* KEEPER_HAND_OVER */
/* One question of the daemon's: 0; -EPIPE: it has gone; -EAGAIN; -EBADMSG. */
int keeper_child_hear(struct keeper_child *child, struct keeper_message *ret_message);
void keeper_child_answer(struct keeper_child *child, const struct keeper_message *message, int fd);
void keeper_child_forget(struct keeper_child *child); /* it has been reaped */

/* KEEPER_PUBLISHER: keeper_publisher.c. Its end of a socket is *ret_socket, the caller's. The one before is ended. */
int keeper_publisher_start(struct keeper *keeper, int *ret_socket);
void keeper_publisher_end(struct keeper *keeper); /* there may be none */

/* Another daemon, because somebody wants it: keeper_restart.c. One at a time. */
struct keeper_restart {
	int listener, client; /* -1: none */
	pid_t prover;         /* 0: none */
	int output, program;  /* of the prover; -1: none */
	int previous;         /* the program that ran before, until the new one has answered a request; -1: none */
	int64_t schema;       /* of the account when that one ended */
};

/* Where that fails there is no restart, and it is in the log. */
void keeper_restart_create(struct keeper_restart *restart);
/* Somebody has connected: its wish is taken up, or refused. */
void keeper_restart_hear(struct keeper_restart *restart, const struct keeper_child *child, int memory);
/* The prover has ended: true: the daemon is to hand over to the new program. */
bool keeper_restart_proved(struct keeper *keeper, int status);
void keeper_restart_begin(struct keeper *keeper); /* the old one has ended */
/* The next daemon has answered a request. */
void keeper_restart_done(struct keeper_restart *restart);
/* It died before: the old program is to be started again, if there is one that knows the account as it is now. */
bool keeper_restart_back(struct keeper *keeper);

struct keeper {
	struct keeper_mount mount;
	struct keeper_child child;
	struct keeper_memory *memory;
	struct keeper_notify notify;
	struct keeper_restart restart;
	pid_t publisher;	     /* 0: none */
	int memory_fd, signals;
	int tell;            /* the pipe to whoever started us, for the first daemon; -1 none */
	bool background;     /* somebody waits for our standard error to be closed */
	unsigned failures;   /* in a row */
	uint64_t answered;   /* when the present daemon was started */
	int64_t start_at_ms; /* of the next daemon; 0: none is to be started */
	int64_t heard_ms;    /* the last sign of life of the present one, or its start */
	int64_t looked_ms;   /* when we looked for one last */
	int64_t silence_ms;
	bool large;       /* since something happened that took memory */
	bool told_to_end; /* by a signal */
	bool unmounted;	  /* as the daemon has asked for */
	bool done;
	int code; /* ours, when done */
};

/* Memory, signals, systemd, and what a keeper does not need: keeper_prepare.c. */
int keeper_prepare(struct keeper *keeper);
/* The daemon's arguments, called `name`: copies, for keeper_drop_words(). Ours are wiped: the process that names the mount in ps(1) and in
 * pgrep -f is the daemon. */
int keeper_take_words(int argc, char **argv, const char *name, char ***ret_words);
void keeper_drop_words(char **words);
