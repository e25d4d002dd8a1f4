/* A person at a terminal, in C: runs a command in a PTY of 120x32 and measures what comes out of it.
 *
 *   terminal-client drain MARK COMMAND...       prints begin, end, bytes, processor seconds of COMMAND
 *   terminal-client watch MARK COMMAND...       the same, and types nothing: another client gives the start
 *   terminal-client echo COUNT GAP COMMAND...   prints COUNT round trips in µs; GAP µs between two bytes, 0 for none
 *   terminal-client first TEXT COMMAND...       prints the ms from the fork until TEXT was there
 *   terminal-client idle COMMAND...             prints COMMAND's pid, and stays until its standard input ends
 *
 * All but `first` wait until the terminal is no longer in canonical mode, which is when an attached client has taken it
 * over, and say `ready`; then they wait for a line on their standard input. `drain` types Enter at that, and reads until
 * MARK, whose first byte must be in nothing else that comes. Times are seconds of the monotonic clock.
 *
 * The bare terminal, the limit of all others, is this program with the session's own command. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { patience = 60000 /* ms, for anything that is to happen at all */ };

static int master;
static pid_t child;
static char bytes[65536];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Ends COMMAND as a closed window does: its terminal hangs up. One that stays all the same is killed. */
static void end_child(void) {
    struct pollfd exit = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    close(master);
    if (poll(&exit, 1, 5000) != 1) kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void fail(const char *what) {
    fprintf(stderr, "terminal-client: %s\n", what);
    end_child();
    exit(1);
}

static void start(char **command) {
    struct winsize size = {.ws_row = 32, .ws_col = 120};
    child = forkpty(&master, NULL, NULL, &size);
    if (child < 0) {
        perror("terminal-client: forkpty");
        exit(1);
    }
    if (child == 0) {
        setenv("TERM", "xterm-256color", 1);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
}

/* Waits for output. */
static int is_readable(double milliseconds) {
    struct timespec wait = {.tv_sec = (time_t)(milliseconds / 1e3)};
    wait.tv_nsec = (long)((milliseconds - (double)wait.tv_sec * 1e3) * 1e6);
    struct pollfd output = {.fd = master, .events = POLLIN};
    return ppoll(&output, 1, &wait, NULL) > 0;
}

static ssize_t read_output(void) {
    ssize_t count = read(master, bytes, sizeof bytes);
    if (count <= 0) fail("the command has ended before it was measured");
    return count;
}

static void type(const char *text, size_t count) {
    if (write(master, text, count) != (ssize_t)count) fail("the terminal takes no input");
}

/* Nobody tells when a terminal's mode changes, so it is looked at: at all output, and every millisecond. */
static void wait_until_taken_over(void) {
    struct termios mode;
    double begin = now();
    do {
        if (is_readable(1)) read_output();
        if (now() - begin > patience / 1e3) fail("the terminal stayed in canonical mode");
    } while (tcgetattr(master, &mode) != 0 || mode.c_lflag & ICANON);
    puts("ready");
    fflush(stdout);
}

/* Waits for standard input, and reads what an attached client shows by itself, which must not fill the terminal
 * meanwhile. False when the input has ended. */
static int was_told(void) {
    struct pollfd both[] = {{.fd = 0, .events = POLLIN}, {.fd = master, .events = POLLIN}};
    char line;
    do {
        if (poll(both, 2, -1) < 0) fail("poll");
        if (both[1].revents) read_output();
    } while (!both[0].revents);
    return read(0, &line, 1) == 1;
}

static void drain(const char *mark, int types) {
    size_t length = strlen(mark), matched = 0, total = 0;
    wait_until_taken_over();
    if (!was_told()) fail("given up before the start");
    double begin = now();
    if (types) type("\r", 1);
    while (matched < length) {
        ssize_t count = read_output();
        total += (size_t)count;
        for (const char *at = bytes, *end = bytes + count; at < end && matched < length;) {
            if (matched == 0 && !(at = memchr(at, mark[0], (size_t)(end - at)))) break;
            matched = *at++ == mark[matched] ? matched + 1 : 0;
        }
    }
    double end = now();
    struct rusage used;
    end_child();
    getrusage(RUSAGE_CHILDREN, &used);
    printf("%.6f %.6f %zu %.3f\n", begin, end, total,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6);
}

/* Types a byte and waits for it; what comes with it, such as a move of the cursor, has none of these bytes.
 * A return goes before every 100th, so that no line is ever full: where one is, terminals differ. */
static double round_trip(int number, double most) {
    char text[] = {'\r', "&^{}|"[number % 5]};
    int is_first = number % 100 == 0;
    double begin = now();
    type(text + !is_first, 1 + (size_t)is_first);
    while (is_readable(most)) {
        ssize_t count = read_output();
        if (memchr(bytes, text[1], (size_t)count)) return now() - begin;
    }
    return -1;
}

static void echo(int count, double gap) {
    double *taken = calloc((size_t)count, sizeof *taken);
    wait_until_taken_over();
    if (!was_told()) fail("given up before the start");
    /* The terminal is taken over a little before the session listens: type until it answers, then until all came. */
    for (int number = 1; round_trip(number, 200) < 0; number++) {
        if (number > 50) fail("nothing is echoed");
    }
    while (is_readable(200)) read_output();
    for (int number = -50; number < count; number++) {
        double due = now() + gap;
        double round = round_trip(number + 100, patience);
        if (round < 0) fail("a byte was not echoed");
        if (number >= 0) taken[number] = round;
        for (double left; (left = due - now()) > 0;) {
            if (is_readable(left * 1e3)) read_output();
        }
    }
    for (int number = 0; number < count; number++) printf("%.1f ", taken[number] * 1e6);
    putchar('\n');
    end_child();
}

static void first(const char *text, char **command) {
    size_t have = 0, length = strlen(text);
    double begin = now();
    start(command);
    while (!memmem(bytes, have, text, length)) {
        ssize_t count = have < sizeof bytes ? read(master, bytes + have, sizeof bytes - have) : 0;
        if (count <= 0) fail("the text did not come");
        have += (size_t)count;
    }
    printf("%.3f\n", (now() - begin) * 1e3);
    fflush(stdout);
    /* The session ends as a person would end it, and the command with it. */
    type("exit\r", 5);
    for (double end = now(); now() - end < 5 && is_readable(5000) && read(master, bytes, sizeof bytes) > 0;) {}
    end_child();
}

int main(int count, char **arguments) {
    if (count < 3) return 64;
    const char *what = arguments[1];
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(what, "first") && count > 3) {
        first(arguments[2], arguments + 3);
    } else if ((!strcmp(what, "drain") || !strcmp(what, "watch")) && count > 3) {
        start(arguments + 3);
        drain(arguments[2], what[0] == 'd');
    } else if (!strcmp(what, "echo") && count > 4) {
        start(arguments + 4);
        echo(atoi(arguments[2]), atof(arguments[3]) * 1e-6);
    } else if (!strcmp(what, "idle")) {
        start(arguments + 2);
        printf("%d\n", child);
        wait_until_taken_over();
        while (was_told()) {}
        end_child();
    } else {
        return 64;
    }
    return 0;
}
