#define _GNU_SOURCE
#include "successor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif

int corral_become_successor(const int *descriptors, size_t count, const char *path, char *const *arguments,
                            char *const *environment) {
    if (access(path, X_OK) < 0) return -errno;
    /* A table of this thread's own: other threads run until the execve, and what they hold must stay what it is until then. Not by
     * unshare(2), which containers refuse. */
    if (syscall(SYS_close_range, ~0u, ~0u, CLOSE_RANGE_UNSHARE) < 0) return -errno;
    int *copies = malloc(sizeof(int) * (count + 1));
    if (!copies) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        /* Above all of their later places, so that none overwrites another. */
        copies[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, (int)count + 3);
        if (copies[i] < 0) {
            int error = errno;
            while (i > 0) close(copies[--i]);
            free(copies);
            return -error;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (dup2(copies[i], (int)i + 3) < 0) _exit(127);
    syscall(SYS_close_range, (unsigned)count + 3, ~0u, 0u);
    for (int number = 1; number < 65; number++) {
        struct sigaction by_default;
        if (number == SIGKILL || number == SIGSTOP) continue;
        memset(&by_default, 0, sizeof by_default);
        by_default.sa_handler = number == SIGUSR2 ? SIG_IGN : SIG_DFL;
        syscall(SYS_rt_sigaction, number, &by_default, NULL, 8);
    }
    uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    execve(path, arguments, environment);
    execve("/proc/self/exe", arguments, environment);
    _exit(127);
}
