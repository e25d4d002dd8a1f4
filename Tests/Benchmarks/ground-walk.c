/* The peer of a reaper pass: reads, in C and nothing more, the files that a pass reads.
 *
 *   ground-walk CGROUP-DIRECTORY
 *
 * cgroup.events and cgroup.procs of every cgroup below the directory; stat, cgroup and environ of every process.
 * Prints cgroups, processes and milliseconds. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long cgroups, processes, bytes;

static void read_file(int directory, const char *name) {
    char buffer[65536];
    ssize_t count;
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    while ((count = read(file, buffer, sizeof buffer)) > 0) bytes += count;
    close(file);
}

static void walk(int directory) {
    DIR *stream = fdopendir(directory);
    struct dirent *entry;
    if (!stream) return;
    cgroups++;
    read_file(directory, "cgroup.events");
    read_file(directory, "cgroup.procs");
    while ((entry = readdir(stream))) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
        int child = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (child >= 0) walk(child);
    }
    closedir(stream);
}

int main(int count, char **arguments) {
    struct timespec begin, end;
    if (count != 2) return 64;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int top = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) return 1;
    walk(top);
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc && (entry = readdir(proc))) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        int process = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (process < 0) continue;
        processes++;
        read_file(process, "stat");
        read_file(process, "cgroup");
        read_file(process, "environ");
        close(process);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%ld %ld %.3f\n", cgroups, processes,
           (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
    return 0;
}
