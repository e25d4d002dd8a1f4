/* Becomes what does not want to be ended, each in its own way; scripts/escape-table starts it in a session.
 *
 *   evader WAY DIRECTORY [ARGUMENT]
 *   evader become UID COMMAND...
 *
 * Each process writes its number as a line into DIRECTORY/pids once it is in place. Nothing here lives longer than
 * LIFETIME, and what may be out of its starter's reach ends when DIRECTORY/stop appears. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIFETIME = 3600, CHAIN_LIFETIME = 120 };

static const char *directory;

static void fail(const char *what) {
    fprintf(stderr, "evader: %s: %s\n", what, strerror(errno));
    exit(1);
}

static const char *in_directory(const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void report(pid_t pid) {
    int file = open(in_directory("pids"), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0 || dprintf(file, "%d\n", pid) < 0) fail("report");
    close(file);
}

static void hold(void) {
    alarm(LIFETIME);
    while (access(in_directory("stop"), F_OK) < 0) usleep(300000);
    _exit(0);
}

static pid_t fork_or_fail(void) {
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    return pid;
}

static void write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text)) fail(path);
    close(file);
}

/* The directory of the caller's cgroup, as far as it is seen in /sys/fs/cgroup. */
static const char *own_cgroup(void) {
    static char path[4096];
    char line[3000];
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) fail("/proc/self/cgroup");
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "0::", 3)) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(path, sizeof path, "/sys/fs/cgroup%s", line + 3);
    }
    fclose(file);
    return path;
}

/* Goes into a cgroup below its own, made by hand behind systemd's back; its path is left in DIRECTORY/cgroup. */
static void enter_nested(char *path, size_t size) {
    snprintf(path, size, "%s/by-hand-%d", own_cgroup(), getpid());
    if (mkdir(path, 0755) < 0) fail(path);
    strncat(path, "/deeper", size - strlen(path) - 1);
    if (mkdir(path, 0755) < 0) fail(path);
    char file[5000];
    snprintf(file, sizeof file, "%s/cgroup.procs", path);
    write_file(file, "0");
    int record = open(in_directory("cgroup"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (record < 0 || dprintf(record, "%s", path) < 0) fail("cgroup");
    close(record);
}

static void leave(int signal) {
    (void)signal;
    _exit(0);
}

/* Ends at SIGTERM, but has to run for it. */
static void frozen(void) {
    char path[4096], file[5000], events[200];
    int ready[2];
    if (pipe(ready) < 0) fail("pipe");
    pid_t child = fork_or_fail();
    if (child == 0) {
        signal(SIGHUP, SIG_IGN);
        signal(SIGTERM, leave);
        enter_nested(path, sizeof path);
        if (write(ready[1], path, sizeof path) < 0) fail("write");
        hold();
    }
    if (read(ready[0], path, sizeof path) <= 0) fail("read");
    snprintf(file, sizeof file, "%s/cgroup.freeze", path);
    write_file(file, "1");
    snprintf(file, sizeof file, "%s/cgroup.events", path);
    do {
        int opened = open(file, O_RDONLY | O_CLOEXEC);
        ssize_t count = read(opened, events, sizeof events - 1);
        close(opened);
        if (count < 0) fail(file);
        events[count] = 0;
    } while (!strstr(events, "frozen 1"));
    report(child);
}

static void nested(void) {
    char path[4096];
    if (fork_or_fail() > 0) return;
    signal(SIGHUP, SIG_IGN);
    enter_nested(path, sizeof path);
    report(getpid());
    hold();
}

/* Goes into another cgroup behind systemd's back. */
static void move(const char *path) {
    char file[5000];
    if (fork_or_fail() > 0) return;
    signal(SIGHUP, SIG_IGN);
    if (mkdir(path, 0755) < 0 && errno != EEXIST) fail(path);
    snprintf(file, sizeof file, "%s/cgroup.procs", path);
    write_file(file, "0");
    report(getpid());
    hold();
}

static void nothing(int signal) { (void)signal; }

/* Becomes a command when it is hung up. */
static void leaver(char **command) {
    if (fork_or_fail() > 0) return;
    signal(SIGHUP, nothing);
    signal(SIGTERM, SIG_IGN);
    report(getpid());
    alarm(LIFETIME);
    pause();
    signal(SIGHUP, SIG_IGN);
    execvp(command[0], command);
    fail(command[0]);
}

/* Lets nobody read its environment. */
static void hidden(void) {
    if (prctl(PR_SET_DUMPABLE, 0) < 0) fail("prctl");
    report(getpid());
    hold();
}

static void daemonized(void) {
    if (fork_or_fail() > 0) return;
    setsid();
    if (fork_or_fail() > 0) _exit(0);
    if (chdir("/") < 0) fail("chdir");
    report(getpid());
    for (int file = 0; file < 1024; file++) close(file);
    hold();
}

static void stopped(void) {
    pid_t child = fork_or_fail();
    if (child == 0) {
        raise(SIGSTOP);
        hold();
    }
    int status;
    if (waitpid(child, &status, WUNTRACED) < 0 || !WIFSTOPPED(status)) fail("stop");
    report(child);
}

/* Processes that live for some hundred microseconds: whoever reads a list of numbers and signals them comes too late. Their
 * dead are taken by their first ancestor, who does not care: the manager would have nothing else to do any more. */
static void chain(void) {
    if (fork_or_fail() > 0) return;
    setsid();
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int file = open(in_directory("beat"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, sizeof(long)) < 0) fail("beat");
    volatile long *beat = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (beat == MAP_FAILED) fail("mmap");
    time_t end = time(NULL) + CHAIN_LIFETIME;
    for (int link = 0; link < 2; link++) {
        if (fork_or_fail() > 0) continue;
        report(getpid());
        for (;;) {
            ++*beat;
            if (*beat % 64 == 0 && (access(in_directory("stop"), F_OK) == 0 || time(NULL) > end)) _exit(0);
            /* At a limit of processes it is tried again. */
            if (fork() > 0) _exit(0);
        }
    }
    report(getpid());
    hold();
}

static void respawn(int signal) {
    (void)signal;
    if (fork() > 0) _exit(0);
    setsid();
}

static void respawner(void) {
    if (fork_or_fail() > 0) return;
    signal(SIGHUP, SIG_IGN);
    struct sigaction action = {.sa_handler = respawn, .sa_flags = SA_NODEFER};
    sigaction(SIGTERM, &action, NULL);
    setsid();
    report(getpid());
    hold();
}

/* Its tracer takes every signal but SIGKILL away from it. */
static void traced(void) {
    pid_t target = fork_or_fail();
    if (target == 0) {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        signal(SIGHUP, SIG_IGN);
        hold();
    }
    if (fork_or_fail() > 0) return;
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    alarm(LIFETIME);
    while (ptrace(PTRACE_SEIZE, target, 0, 0) < 0) usleep(1000);
    report(target);
    report(getpid());
    for (;;) {
        int status;
        pid_t pid = waitpid(target, &status, __WALL);
        if (pid < 0 || WIFEXITED(status) || WIFSIGNALED(status)) hold();
        ptrace(PTRACE_CONT, target, 0, 0);
    }
}

static void disguised(const char *self) {
    if (fork_or_fail() > 0) return;
    setsid();
    report(getpid());
    /* The directory cannot be an argument: it would tell. */
    char *const arguments[] = {"[kworker/u8:2-events]", NULL}, *const none[] = {NULL};
    execve(self, arguments, none);
    fail("exec");
}

static void *idle(void *unused) {
    for (;;) pause();
    return unused;
}

static void threads(void) {
    if (fork_or_fail() > 0) return;
    signal(SIGHUP, SIG_IGN);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    for (int count = 1; count < 1000; count++) {
        pthread_t thread;
        if ((errno = pthread_create(&thread, &small, idle, NULL)) != 0) fail("pthread_create");
    }
    report(getpid());
    hold();
}

static void *outlive(void *unused) {
    char path[32], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", getpid());
    /* What it is said to be it is only once the main thread is a zombie. */
    while (!strstr(line, ") Z ")) {
        usleep(1000);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = read(file, line, sizeof line - 1);
        line[length > 0 ? length : 0] = 0;
        close(file);
    }
    report(getpid());
    hold();
    return unused;
}

/* Its main thread ends, and the process goes on in another. */
static void headless(void) {
    signal(SIGHUP, SIG_IGN);
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, outlive, NULL)) != 0) fail("pthread_create");
    syscall(SYS_exit, 0);
}

/* A parent waits for what it made by vfork(2) in state D. */
static void uninterruptible(void) {
    if (fork_or_fail() > 0) return;
    signal(SIGHUP, SIG_IGN);
    pid_t parent = getpid();
    pid_t child = vfork();
    if (child == 0) {
        report(parent);
        report(getpid());
        hold();
    }
    hold();
}

/* Makes and removes files, in the directory in which it was started and by paths from there. */
static void writer(void) {
    char name[64];
    signal(SIGHUP, SIG_IGN);
    alarm(LIFETIME);
    mkdir("written", 0755);
    report(getpid());
    for (unsigned count = 0; access(in_directory("stop"), F_OK) < 0; count++) {
        snprintf(name, sizeof name, "written/%u", count % 256);
        int file = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0) continue;
        if (write(file, name, sizeof name) < 0) unlink(name);
        close(file);
        usleep(500);
    }
}

static int become(char **arguments) {
    uid_t user = (uid_t)atoi(arguments[0]);
    if (setgroups(0, NULL) < 0 || setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0) fail("become");
    execvp(arguments[1], arguments + 1);
    fail(arguments[1]);
    return 1;
}

int main(int count, char **arguments) {
    if (arguments[0][0] == '[') {
        prctl(PR_SET_NAME, "kworker/u8:2");
        alarm(LIFETIME);
        for (;;) pause();
    }
    if (count >= 4 && !strcmp(arguments[1], "become")) return become(arguments + 2);
    if (count < 3) return 64;
    directory = arguments[2];
    const char *way = arguments[1];
    if (!strcmp(way, "hold")) report(getpid()), hold();
    else if (!strcmp(way, "stay")) hold();
    else if (!strcmp(way, "hidden")) hidden();
    else if (!strcmp(way, "move") && count == 4) move(arguments[3]);
    else if (!strcmp(way, "leaver") && count > 3) leaver(arguments + 3);
    else if (!strcmp(way, "daemon")) daemonized();
    else if (!strcmp(way, "stopped")) stopped();
    else if (!strcmp(way, "frozen")) frozen();
    else if (!strcmp(way, "nested")) nested();
    else if (!strcmp(way, "chain")) chain();
    else if (!strcmp(way, "respawner")) respawner();
    else if (!strcmp(way, "traced")) traced();
    else if (!strcmp(way, "disguised")) disguised(arguments[0]);
    else if (!strcmp(way, "threads")) threads();
    else if (!strcmp(way, "headless")) headless();
    else if (!strcmp(way, "uninterruptible")) uninterruptible();
    else if (!strcmp(way, "writer")) writer();
    else return 64;
    return 0;
}
