/* The peer of `GET /v1/stats`: reads, in C and nothing more, the files that accounting reads.
 *
 *   figures-read CGROUP-DIRECTORY
 *
 * Of the directory, of every slice below it and of every scope in those. Prints cgroups, bytes and milliseconds. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static long cgroups, bytes;

static const char *const files[] = {
    "cpu.stat", "memory.current", "memory.peak", "memory.swap.current", "memory.events", "pids.current", "pids.events", "io.stat",
    "cpu.pressure", "memory.pressure", "io.pressure", "cgroup.stat", "cgroup.procs", "cgroup.events", "cgroup.stat.local",
};

static void walk(int directory) {
    char buffer[16384];
    DIR *stream = fdopendir(directory);
    struct dirent *entry;
    if (!stream) return;
    cgroups++;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        ssize_t count;
        int file = openat(directory, files[i], O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        while ((count = read(file, buffer, sizeof buffer)) > 0) bytes += count;
        close(file);
    }
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
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%ld %ld %.3f\n", cgroups, bytes,
           (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
    return 0;
}
