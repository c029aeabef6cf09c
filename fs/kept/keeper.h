/* SPDX-License-Identifier: MIT */
#pragma once
/* keeper: what weryaifs-keeper and the daemon that it keeps have to agree upon.
 *
 * The keeper is the daemon's parent. It mounts, holds the descriptor of /dev/fuse, and starts the daemon again when it
 * dies, so that the mount outlives it. The daemon does not outlive its keeper. It parses nothing that comes from outside and stays the same program for months,
 * while the daemon may be replaced by a newer one: hence the version, which is the keeper's to check nothing and the
 * daemon's to refuse by.
 *
 * Descriptors: the daemon finds its end of a SOCK_SEQPACKET socket, the shared memory and, once there is a mount, the
 * device at the numbers below; KEEPER_ENVIRONMENT has the version as a decimal number and says that they are there.
 * Memory:      one memfd of KEEPER_MEMORY_SIZE bytes, without pages until they are used. Its beginning is struct
 *              keeper_memory. All behind KEEPER_MEMORY_HEAD is the daemon's own (fs/kept/carried.h).
 * Messages:    a question of the daemon gets one answer. The keeper asks nothing; the last two are orders. */
#include <stdatomic.h>
#include <stdint.h>

#define KEEPER_PROGRAM "weryaifs-keeper"
/* The path of the program that is kept, and the name that it was called by. The other words that the keeper is started with
 * are the daemon's. */
#define KEEPER_PROGRAM_ENVIRONMENT "WERYAIFS_PROGRAM"
#define KEEPER_NAME_ENVIRONMENT "WERYAIFS_NAME"
#define KEEPER_ENVIRONMENT "WERYAIFS_KEEPER"
#define KEEPER_PUBLISHER_NAME "weryaifs-publisher" /* fs/notify/notifier_child.h */
/* The pipe by which the first daemon tells whoever waits in the foreground (fs/daemon.h), as a decimal number. */
#define KEEPER_TELL_ENVIRONMENT "WERYAIFS_TELL"
/* The program shows that it could go on with the mount, and ends: with 0, or with a sentence on standard error. It has the
 * shared memory, and neither the socket nor the device. */
#define KEEPER_PROVE_ENVIRONMENT "WERYAIFS_PROVE"
/* The API key that key_command gave at the mount: a command that may ask a person is not run again for each daemon, but for
 * those after a restart. SECRET_OF_COMMAND in config/secret.h. */
#define KEEPER_KEY_ENVIRONMENT "WERYAIFS_KEY_OF_COMMAND"
/* Behind a NUL (an abstract name, unix(7)) and before the keeper's process id: where `weryaifs --restart` asks for another
 * daemon. One packet each way: nothing, and a sentence, which is empty where the next daemon goes on. */
#define KEEPER_CONTROL "weryaifs-keeper-"

enum {
	KEEPER_VERSION = 2,
	KEEPER_SOCKET_FD = 3,
	KEEPER_MEMORY_FD = 4,
	KEEPER_DEVICE_FD = 5,
	KEEPER_SPARE_FD = 16, /* from here on nothing is put */
	KEEPER_MEMORY_HEAD = 4096,
	KEEPER_TEXT_MAX = 32 * 1024,
	KEEPER_BEAT_MS = 5000, /* between two signs of life of the daemon's loop */
};
#define KEEPER_MEMORY_SIZE (INT64_C(1) << 41)

struct keeper_memory {
	_Atomic uint32_t mounted;  /* the keeper's: there is a mount, and KEEPER_DEVICE_FD at the next start */
	_Atomic uint32_t ending;   /* the daemon's: it ends because it was told to, and is not to be started again */
	_Atomic uint32_t handed;   /* the daemon's: it ends so that the next one goes on */
	_Atomic uint32_t ready;    /* the daemon's: it deals with requests */
	_Atomic int64_t beat_ms;   /* the daemon's: monotonic; 0 until its loop runs */
	_Atomic uint64_t answered; /* the daemon's: requests that it has dealt with, over all daemons */
	_Atomic int32_t keeper;    /* the keeper's process id */
	_Atomic int32_t daemon;    /* the present daemon's */
	_Atomic uint32_t running;  /* the daemon's: jobs that the service is at, for systemd's words */
	_Atomic int64_t schema;	   /* the daemon's: version of the account's database, which older programs do not know; 0: not told */
};

enum {
	/* text: the mount point, NUL, the options for libfuse, NUL. The answer has the device's descriptor with it, or a
	 * negative errno and the reason in words. */
	KEEPER_MOUNT = 1,
	KEEPER_UNMOUNT, /* the answer comes when the mount is gone */
	/* A process that works on the mount: the daemon's program called KEEPER_PUBLISHER_NAME, with the mount point for its only argument,
	 * without an environment, and with a socket as its KEEPER_SOCKET_FD. A daemon that is confined cannot start it. The answer is
	 * its process id, with the other end, or a negative errno. One at a time; it ends with its daemon. */
	KEEPER_PUBLISHER,
	KEEPER_HAND_OVER, /* to the daemon: finish what is being sent, close the account, and end */
	KEEPER_END,       /* to the daemon: the same, and the mount ends with it */
};

struct keeper_message {
	int32_t kind;
	int32_t result; /* of an answer */
	char text[KEEPER_TEXT_MAX];
};
