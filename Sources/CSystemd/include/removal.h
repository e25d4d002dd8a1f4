/* System calls by which a worktree is removed: openat2 and renameat2 have no wrapper in every C library. All return a negative
 * errno on failure. */
#pragma once
#include <sys/types.h>

/* O_PATH, which C headers show only with _GNU_SOURCE: a descriptor that names a file and needs no permission on it. */
extern const int corral_o_path;

/* Opens `path` below the directory `dirfd` without following a link and without crossing a mount, O_CLOEXEC added. The caller
 * owns the descriptor. -ELOOP: a link is in the way; -EXDEV: a mount, or a way out of `dirfd`.
 * See: openat2(2), RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV */
int corral_open_beneath(int dirfd, const char *path, int flags);

/* Renames, and refuses with -EEXIST when the new name is taken. See: renameat2(2), RENAME_NOREPLACE */
int corral_rename_no_replace(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path);

/* Adds permissions to the inode behind any descriptor, also an O_PATH one, which fchmod(2) refuses. See: proc(5), /proc/pid/fd */
int corral_add_mode(int fd, mode_t bits);
