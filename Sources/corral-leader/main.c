/* corral-leader DIRECTORY PATH ARGUMENT...: waits until it may, and becomes PATH in DIRECTORY, with its own environment.
 *
 * What a session's leader is while it is parked. A program of its own, and small, so that the service need not be copied for
 * each session: a fork of it costs milliseconds in both, more the longer it has run. It is linked statically: it starts in a
 * quarter of a millisecond, and no variable of the session's environment reaches a loader.
 *
 * The service has made it a session leader on its terminal with default signals, and gave it two descriptors: the barrier, on which
 * one byte means go and an end means exit, and the report, for the reason why it could not go. See Sources/CSystemd/leader.c. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "leader.h"

extern char **environ;

int main(int count, char **words) {
    struct corral_leader_failure failure = {.stage = CORRAL_LEADER_EXEC, .error = EINVAL};
    char released;
    ssize_t got;
    /* It was executed by descriptor, whose number is its name otherwise. */
    prctl(PR_SET_NAME, "corral-leader");
    if (count < 4) return CORRAL_LEADER_NOT_EXECUTED;
    if (fcntl(CORRAL_LEADER_BARRIER, F_SETFD, FD_CLOEXEC) < 0 || fcntl(CORRAL_LEADER_REPORT, F_SETFD, FD_CLOEXEC) < 0)
        return CORRAL_LEADER_NOT_EXECUTED;
    do got = read(CORRAL_LEADER_BARRIER, &released, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1) return CORRAL_LEADER_NOT_RELEASED;
    if (chdir(words[1]) < 0)
        failure.stage = CORRAL_LEADER_DIRECTORY;
    else
        execve(words[2], words + 3, environ);
    failure.error = errno;
    (void)!write(CORRAL_LEADER_REPORT, &failure, sizeof failure);
    return CORRAL_LEADER_NOT_EXECUTED;
}
