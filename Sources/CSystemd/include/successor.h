/* A process that becomes its successor. */
#pragma once
#include <stddef.h>

/* Executes a program with `count` descriptors numbered from 3 on, in the order given, and no other above standard error; all
 * signals have their defaults, but for SIGUSR2, which is ignored until the successor is ready for it, and none is blocked. A program
 * that cannot be executed is replaced by the one that runs now. `environment` must say LISTEN_PID as sd_listen_fds(3) wants it. Returns a
 * negative errno only where nothing was changed yet, and ends the process with 127 where it was too late for that. */
int corral_become_successor(const int *descriptors, size_t count, const char *path, char *const *arguments,
                            char *const *environment);
