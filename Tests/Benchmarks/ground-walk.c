/* The peer of a reaper pass: reads, in C and nothing more, the files that a pass reads, by the same calls.
 *
 *   ground-walk CGROUP-DIRECTORY
 *
 * cgroup.events and cgroup.procs of every cgroup below the directory; stat, cgroup and environ of every process. As in the pass, a
 * directory without others in it is known by its links and not listed, and a file that the kernel makes in one piece is read once.
 * Prints cgroups, processes, milliseconds for the ones and for the others. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long cgroups, processes, bytes;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void read_file(int directory, const char *name, int is_one_record) {
    char buffer[16384];
    ssize_t count;
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    while ((count = read(file, buffer, sizeof buffer)) > 0) {
        bytes += count;
        if (is_one_record && count < (ssize_t)sizeof buffer) break;
    }
    close(file);
}

static void walk(int directory) {
    struct stat status;
    struct dirent *entry;
    cgroups++;
    read_file(directory, "cgroup.events", 1);
    read_file(directory, "cgroup.procs", 0);
    if (fstat(directory, &status) == 0 && status.st_nlink == 2) {
        close(directory);
        return;
    }
    DIR *stream = fdopendir(directory);
    if (!stream) return;
    while ((entry = readdir(stream))) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
        int child = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (child >= 0) walk(child);
    }
    closedir(stream);
}

int main(int count, char **arguments) {
    if (count != 2) return 64;
    double begin = now();
    int top = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) return 1;
    walk(top);
    double middle = now();
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc && (entry = readdir(proc))) {
        static const char *const names[] = {"stat", "cgroup", "environ"};
        char path[300];
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        processes++;
        for (int file = 0; file < 3; file++) {
            snprintf(path, sizeof path, "%s/%s", entry->d_name, names[file]);
            read_file(dirfd(proc), path, 1);
        }
    }
    printf("%ld %ld %.3f %.3f\n", cgroups, processes, middle - begin, now() - middle);
    return 0;
}
