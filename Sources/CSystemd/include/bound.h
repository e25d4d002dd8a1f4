/* Which file a Unix socket is bound to. */
#pragma once
#include <stdint.h>

/* Inode number, its lower 32 bits, of the file that a Unix socket was bound to, whether it still has a name or not. The number is no
 * other file's of that file system for as long as the socket is open. The socket must be of this network namespace. Negative errno:
 * -ENODATA for a socket without a file, -ENOENT and others where the kernel cannot tell (unix_diag is not there).
 * See: sock_diag(7), UDIAG_SHOW_VFS */
int corral_bound_inode(int socket, uint32_t *inode);
