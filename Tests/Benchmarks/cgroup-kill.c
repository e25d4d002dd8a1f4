/* The peer of a forced delete: has the kernel kill all that is in a cgroup and below it, and waits until it says that nothing is.
 *
 *   cgroup-kill CGROUP-DIRECTORY
 *
 * Prints the milliseconds from the write to the word. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int count, char **arguments) {
    if (count != 2) return 64;
    double begin = now();
    int group = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int events = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
    int killer = openat(group, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    if (events < 0 || killer < 0 || write(killer, "1", 1) != 1) return 1;
    for (;;) {
        char text[256];
        ssize_t length = pread(events, text, sizeof text - 1, 0);
        /* Gone with its last process: a manager was quicker. */
        if (length < 0) break;
        text[length] = 0;
        if (strstr(text, "populated 0")) break;
        struct pollfd wait = {.fd = events, .events = POLLPRI};
        if (poll(&wait, 1, 10000) <= 0) return 1;
    }
    printf("%.3f\n", now() - begin);
    return 0;
}
