#define _GNU_SOURCE
#include "removal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* RESOLVE_BENEATH answers EAGAIN when a rename happens during the walk; a storm of renames must not hold us for ever. */
#define RENAME_RACES 64

const int corral_o_path = O_PATH;

int corral_open_beneath(int dirfd, const char *path, int flags) {
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    for (int races = 0;;) {
        long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
        if (fd >= 0) return (int)fd;
        if (errno == EINTR) continue;
        if (errno != EAGAIN || ++races == RENAME_RACES) return -errno;
    }
}

int corral_rename_no_replace(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path) {
    return syscall(SYS_renameat2, old_dirfd, old_path, new_dirfd, new_path, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

int corral_add_mode(int fd, mode_t bits) {
    struct stat status;
    char link[64];
    if (fstat(fd, &status) < 0) return -errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return chmod(link, (status.st_mode & 07777) | bits) < 0 ? -errno : 0;
}
