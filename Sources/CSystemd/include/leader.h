/* Starts the first process of a session, parked before its exec. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

/* What the leader becomes. All pointers belong to the caller and are only read during corral_leader_start. */
struct corral_leader_request {
    int program;              /* an open corral-leader: what it is while it is parked */
    char *const *arguments;   /* of corral-leader: directory, path and arguments of the command; ends with NULL */
    char *const *environment; /* ends with NULL */
    int terminal;             /* slave end of the PTY: controlling terminal and descriptors 0, 1, 2 */
};

/* What the caller owns afterwards. */
struct corral_leader {
    pid_t pid;
    int pidfd;   /* pins the process */
    int barrier; /* corral_leader_release: the leader goes on to exec; close: it exits with status 125, nothing executed */
    int report;  /* end of file: exec worked; otherwise a struct corral_leader_failure */
};

/* Why the leader could not execute its command. */
struct corral_leader_failure {
    int32_t stage; /* CORRAL_LEADER_* */
    int32_t error; /* errno */
};

enum { CORRAL_LEADER_TERMINAL = 1, CORRAL_LEADER_DIRECTORY = 2, CORRAL_LEADER_EXEC = 3, CORRAL_LEADER_PROGRAM = 4 };

/* The parked leader's descriptors, and the first number that is free in it. */
enum { CORRAL_LEADER_BARRIER = 3, CORRAL_LEADER_REPORT = 4, CORRAL_LEADER_FREE = 5 };

/* Its exit status when it was never released, and when it could not become its command. */
enum { CORRAL_LEADER_NOT_RELEASED = 125, CORRAL_LEADER_NOT_EXECUTED = 127 };

/* Starts the leader: own session, controlling terminal, default signals, no inherited descriptor, waiting at the barrier.
 * Returns 0, or a negative errno and in *stage how far it had come, 0 for no process at all; with nothing left behind. */
int corral_leader_start(const struct corral_leader_request *request, struct corral_leader *leader, int *stage);

/* Lets the leader go on to exec. -EPIPE: it was killed while it was parked. */
int corral_leader_release(int barrier);

/* Ends a leader that was not released and collects it; it is parked, so this does not wait. */
int corral_leader_discard(int pidfd);
