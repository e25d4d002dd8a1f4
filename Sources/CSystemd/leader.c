#define _GNU_SOURCE
#include "leader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
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

/* Enough for the few calls of become_leader and for a handler's frame, were there one. */
enum { STACK = 32 << 10, FIRST_ABOVE = 10 };

/* ThreadSanitizer takes each clone for a fork, whose child has memory of its own. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHARED_MEMORY 0
#endif
#endif
#ifndef SHARED_MEMORY
#define SHARED_MEMORY CLONE_VM
#endif

struct child {
    const struct corral_leader_request *request;
    int program, terminal, barrier, report; /* FIRST_ABOVE or above, so that no dup of become_leader overwrites another */
};

/* Runs in the memory of the service, whose calling thread waits meanwhile: only calls that are safe in a signal handler, and nothing
 * of the service is written to. Descriptors and signal handlers are the child's own. */
static int become_leader(void *argument) {
    const struct child *child = argument;
    struct corral_leader_failure failure = {.stage = CORRAL_LEADER_TERMINAL};
    int report = child->report, program = CORRAL_LEADER_FREE;
    if (setsid() < 0 || ioctl(child->terminal, TIOCSCTTY, 0) < 0) goto fail;
    if (dup2(child->terminal, 0) < 0 || dup2(child->terminal, 1) < 0 || dup2(child->terminal, 2) < 0) goto fail;
    failure.stage = CORRAL_LEADER_PROGRAM;
    if (dup2(child->barrier, CORRAL_LEADER_BARRIER) < 0 || dup2(report, CORRAL_LEADER_REPORT) < 0) goto fail;
    report = CORRAL_LEADER_REPORT;
    if (dup3(child->program, program, O_CLOEXEC) < 0) goto fail;
    /* Listeners, accepted sockets and epoll descriptors of the event loops are not close-on-exec. */
    syscall(SYS_close_range, (unsigned)program + 1, ~0u, 0u);
    for (int number = 1; number < 65; number++) {
        struct sigaction by_default;
        if (number == SIGKILL || number == SIGSTOP) continue;
        memset(&by_default, 0, sizeof by_default);
        by_default.sa_handler = SIG_DFL;
        /* Not sigaction(3): glibc refuses its two reserved signals. */
        syscall(SYS_rt_sigaction, number, &by_default, NULL, 8);
    }
    /* Before parking: a scope that is stopped meanwhile ends with the first signal, and not at its timeout. */
    uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    syscall(SYS_execveat, program, "", child->request->arguments, child->request->environment, AT_EMPTY_PATH);
fail:
    failure.error = errno;
    (void)!write(report, &failure, sizeof failure);
    _exit(CORRAL_LEADER_NOT_EXECUTED);
}

/* A copy of the descriptor numbered FIRST_ABOVE or above; closes the original. */
static int move_up(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_ABOVE), error = errno;
    close(fd);
    errno = error;
    return copy;
}

int corral_leader_start(const struct corral_leader_request *request, struct corral_leader *leader, int *stage) {
    int barrier[2] = {-1, -1}, report[2] = {-1, -1}, pidfd = -1, error;
    struct child child = {.request = request, .program = -1, .terminal = -1};
    struct corral_leader_failure failure;
    struct pollfd answer = {.events = POLLIN};
    char stack[STACK] __attribute__((aligned(16)));
    *stage = 0;
    if ((child.terminal = fcntl(request->terminal, F_DUPFD_CLOEXEC, FIRST_ABOVE)) < 0) goto fail;
    if ((child.program = fcntl(request->program, F_DUPFD_CLOEXEC, FIRST_ABOVE)) < 0) goto fail;
    /* A socket and no pipe: releasing a leader that was killed must not raise SIGPIPE. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, barrier) < 0 || (barrier[0] = move_up(barrier[0])) < 0) goto fail;
    if (pipe2(report, O_CLOEXEC) < 0 || (report[1] = move_up(report[1])) < 0) goto fail;
    child.barrier = barrier[0];
    child.report = report[1];

    sigset_t all, before;
    sigfillset(&all);
    /* No handler of the service may run in the child before its signals are set to their defaults. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* As posix_spawn(3) does it: the memory is not copied, and this thread goes on when the child has executed or is gone. Unlike
     * it, the pin comes with the process. */
    pid_t pid = clone(become_leader, stack + STACK, SHARED_MEMORY | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
    error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    if (pid < 0) goto fail;

    /* It has executed corral-leader or is gone: what it had to say is here. */
    answer.fd = report[0];
    if (poll(&answer, 1, 0) > 0 && read(report[0], &failure, sizeof failure) == sizeof failure) {
        corral_leader_discard(pidfd);
        close(pidfd);
        *stage = failure.stage;
        errno = failure.error;
        goto fail;
    }
    close(child.terminal);
    close(child.program);
    close(barrier[0]);
    close(report[1]);
    *leader = (struct corral_leader){.pid = pid, .pidfd = pidfd, .barrier = barrier[1], .report = report[0]};
    return 0;
fail:
    error = errno;
    if (child.terminal >= 0) close(child.terminal);
    if (child.program >= 0) close(child.program);
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
