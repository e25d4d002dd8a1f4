/* System calls and ioctls that Swift cannot make by itself. All return a negative errno on failure. */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include <sys/xattr.h>

/* See: pidfd_open(2). The caller owns the descriptor, which is close-on-exec. */
int corral_pidfd_open(pid_t pid);

/* See: pidfd_send_signal(2). */
int corral_pidfd_send_signal(int pidfd, int signal);

/* Collects a child by its pidfd without waiting: 1 and *code (CLD_EXITED, …) and *status, 0 when it still runs.
 * -ECHILD when it is not our child. See: waitid(2), P_PIDFD. */
int corral_pidfd_reap(int pidfd, int *code, int *status);

/* Wait status of a process that somebody else has reaped: 1 and *wait_status; 0 when it was not reaped yet; -ENODATA when this
 * kernel will never tell.
 * See: linux/pidfd.h, PIDFD_GET_INFO with PIDFD_INFO_EXIT, Linux 6.15. */
int corral_pidfd_exit_status(int pidfd, int *wait_status);

/* Opens a PTY. The caller owns both descriptors, which are close-on-exec; *device is the slave's number as in field 7 of
 * /proc/PID/stat. See: pty(7), ioctl_tty(2), TIOCGPTPEER. */
int corral_pty_open(uint16_t rows, uint16_t columns, int *master, int *slave, uint64_t *device);

/* Opens the slave of a PTY master, which becomes nobody's controlling terminal. See: ioctl_tty(2), TIOCGPTPEER. */
int corral_pty_open_slave(int master);

/* See: ioctl_tty(2), TIOCSWINSZ. */
int corral_pty_set_size(int master, uint16_t rows, uint16_t columns);

/* Number of the slave of a PTY master, as in /dev/pts, and as in field 7 of /proc/PID/stat; -ENOTTY when it is none.
 * See: ioctl_tty(2), TIOCGPTN; Documentation/admin-guide/devices.txt, 136 char. */
int corral_pty_device(int master, uint64_t *device);

/* See: ioctl_tty(2), TIOCGWINSZ. */
int corral_pty_get_size(int master, uint16_t *rows, uint16_t *columns);

/* Type of the file system that holds an open file. See: fstatfs(2). */
int corral_file_system_type(int fd, int64_t *type);

/* An epoll descriptor. The caller owns it; it is close-on-exec. See: epoll_create1(2) */
int corral_epoll_create(void);

/* An eventfd that does not block. The caller owns it; it is close-on-exec. See: eventfd(2) */
int corral_eventfd(void);

/* What to watch a descriptor for. A hangup is always told, also to those who wait for another event. */
enum { CORRAL_WATCH_INPUT, CORRAL_WATCH_PRIORITY, CORRAL_WATCH_HANGUP };

/* Watches a descriptor under a key for one CORRAL_WATCH_*; once, or until it is removed. See: epoll_ctl(2) */
int corral_epoll_add(int epoll, int fd, uint64_t key, int what, int once);

/* Watches input as before, and with `for_room` also whether the descriptor can be written to. */
int corral_epoll_change(int epoll, int fd, uint64_t key, int for_room);

/* Ends the watch. See: epoll_ctl(2) */
int corral_epoll_remove(int epoll, int fd);

/* Waits at most `timeout` milliseconds (-1: no limit); returns how many keys are ready, 0 also when interrupted.
 * See: epoll_wait(2) */
int corral_epoll_wait(int epoll, uint64_t keys[64], int timeout);

/* Names the calling thread for debuggers. */
void corral_name_thread(const char *name);

/* Has threads that begin from now on share the heaps that there are. See: mallopt(3), M_ARENA_MAX */
void corral_share_heap(void);

/* Sets how many descriptors another process of ours may have. See: prlimit(2), RLIMIT_NOFILE */
int corral_limit_open_files(pid_t pid, uint64_t soft, uint64_t hard);
