#define _GNU_SOURCE
#include "leader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { CHILD_BARRIER = 3, CHILD_REPORT = 4, FIRST_FREE = 5, EXIT_NOT_RELEASED = 125, EXIT_NOT_EXECUTED = 127 };

/* Runs in the forked child of a process with many threads: only calls that are safe in a signal handler. */
static void __attribute__((noreturn)) become_leader(const struct corral_leader_request *request, int barrier, int report) {
    struct corral_leader_failure failure = {.stage = CORRAL_LEADER_TERMINAL};
    if (setsid() < 0 || ioctl(request->terminal, TIOCSCTTY, 0) < 0) goto fail;
    /* All of them are 10 or above, so that none of these overwrites another. */
    if (dup2(request->terminal, 0) < 0 || dup2(request->terminal, 1) < 0 || dup2(request->terminal, 2) < 0) goto fail;
    if (dup3(barrier, CHILD_BARRIER, O_CLOEXEC) < 0 || dup3(report, CHILD_REPORT, O_CLOEXEC) < 0) goto fail;
    report = CHILD_REPORT;
    /* Before parking: listeners, accepted sockets and epoll descriptors of the event loops are not close-on-exec. */
    syscall(SYS_close_range, (unsigned)FIRST_FREE, ~0u, 0u);
    for (int number = 1; number < 65; number++) {
        struct sigaction by_default;
        if (number == SIGKILL || number == SIGSTOP) continue;
        memset(&by_default, 0, sizeof by_default);
        by_default.sa_handler = SIG_DFL;
        /* Not sigaction(3): glibc refuses its two reserved signals. */
        syscall(SYS_rt_sigaction, number, &by_default, NULL, 8);
    }
    /* Before parking too: a scope that is stopped meanwhile ends with the first signal, and not at its timeout. */
    uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    char released;
    ssize_t count;
    do count = read(CHILD_BARRIER, &released, 1);
    while (count < 0 && errno == EINTR);
    if (count != 1) _exit(EXIT_NOT_RELEASED);
    failure.stage = CORRAL_LEADER_DIRECTORY;
    if (chdir(request->directory) < 0) goto fail;
    failure.stage = CORRAL_LEADER_EXEC;
    execve(request->path, request->arguments, request->environment);
fail:
    failure.error = errno;
    (void)!write(report, &failure, sizeof failure);
    _exit(EXIT_NOT_EXECUTED);
}

/* A copy of the descriptor numbered 10 or above; closes the original. */
static int move_up(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 10), error = errno;
    close(fd);
    errno = error;
    return copy;
}

int corral_leader_start(const struct corral_leader_request *request, struct corral_leader *leader) {
    int barrier[2] = {-1, -1}, report[2] = {-1, -1}, terminal = -1, pidfd = -1, error;
    struct corral_leader_request child = *request;
    if ((terminal = fcntl(request->terminal, F_DUPFD_CLOEXEC, 10)) < 0) goto fail;
    /* A socket and no pipe: releasing a leader that was killed must not raise SIGPIPE. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, barrier) < 0 || (barrier[0] = move_up(barrier[0])) < 0) goto fail;
    if (pipe2(report, O_CLOEXEC) < 0 || (report[1] = move_up(report[1])) < 0) goto fail;
    child.terminal = terminal;

    sigset_t all, before;
    sigfillset(&all);
    /* No handler of the service may run in the child before its signals are set to their defaults. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = CLONE_PIDFD;
    arguments.pidfd = (uint64_t)(uintptr_t)&pidfd;
    arguments.exit_signal = SIGCHLD;
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) become_leader(&child, barrier[0], report[1]);
    error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    if (pid < 0) goto fail;

    close(terminal);
    close(barrier[0]);
    close(report[1]);
    *leader = (struct corral_leader){.pid = pid, .pidfd = pidfd, .barrier = barrier[1], .report = report[0]};
    return 0;
fail:
    error = errno;
    if (terminal >= 0) close(terminal);
    for (int i = 0; i < 2; i++) {
        if (barrier[i] >= 0) close(barrier[i]);
        if (report[i] >= 0) close(report[i]);
    }
    return -error;
}

int corral_leader_release(int barrier) {
    ssize_t count;
    do count = send(barrier, "", 1, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}

int corral_leader_discard(int pidfd) {
    siginfo_t info;
    int r;
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    do r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : 0;
}
