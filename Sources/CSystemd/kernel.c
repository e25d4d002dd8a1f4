#define _GNU_SOURCE
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* linux/pidfd.h of Linux 6.15; Debian 12's headers are older. The kernel fills at most the size that the ioctl's number names. */
struct pidfd_info_v1 {
    uint64_t mask, cgroupid;
    uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
};
#define PIDFD_INFO_EXIT_BIT (UINT64_C(1) << 3)
#define PIDFD_GET_INFO_V1 _IOWR(0xFF, 11, struct pidfd_info_v1)

static int answer(long r) { return r < 0 ? -errno : (int)r; }

int corral_pidfd_open(pid_t pid) { return answer(syscall(SYS_pidfd_open, pid, 0)); }

int corral_pidfd_send_signal(int pidfd, int signal) {
    return answer(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int corral_pidfd_reap(int pidfd, int *code, int *status) {
    siginfo_t info = {0};
    int r;
    do r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
    while (r < 0 && errno == EINTR);
    if (r < 0) return -errno;
    if (info.si_pid == 0) return 0;
    *code = info.si_code;
    *status = info.si_status;
    return 1;
}

int corral_pidfd_exit_status(int pidfd, int *wait_status) {
    struct pidfd_info_v1 info = {.mask = PIDFD_INFO_EXIT_BIT};
    int r = ioctl(pidfd, PIDFD_GET_INFO_V1, &info);
    if (r < 0 && errno == ESRCH) {
        /* It was reaped while the kernel looked: first whether the exit is known, and then for the process. Now it is known, where it is
         * kept at all. See: fs/pidfs.c, pidfd_info */
        info = (struct pidfd_info_v1){.mask = PIDFD_INFO_EXIT_BIT};
        r = ioctl(pidfd, PIDFD_GET_INFO_V1, &info);
    }
    if (r < 0) return errno == ENOTTY || errno == EINVAL || errno == ESRCH ? -ENODATA : -errno;
    if (!(info.mask & PIDFD_INFO_EXIT_BIT)) return 0;
    *wait_status = info.exit_code;
    return 1;
}

/* The kernel's new_encode_dev, which is what /proc/PID/stat shows. */
static uint64_t encode_device(unsigned major, unsigned minor) {
    return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

int corral_pty_open_slave(int master) {
    /* The peer of this very master, whatever is mounted at /dev/pts. */
    return answer(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int corral_pty_open(uint16_t rows, uint16_t columns, int *master, int *slave, uint64_t *device) {
    int r = -1, m = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), s = -1;
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    struct termios settings;
    struct stat status;
    if (m < 0) return -errno;
    if (grantpt(m) < 0 || unlockpt(m) < 0) goto fail;
    if ((s = corral_pty_open_slave(m)) < 0) {
        errno = -s;
        goto fail;
    }
    if (ioctl(m, TIOCSWINSZ, &size) < 0 || tcgetattr(s, &settings) < 0) goto fail;
    settings.c_iflag |= IUTF8;
    if (tcsetattr(s, TCSANOW, &settings) < 0 || fstat(s, &status) < 0) goto fail;
    *master = m;
    *slave = s;
    *device = encode_device(major(status.st_rdev), minor(status.st_rdev));
    return 0;
fail:
    r = -errno;
    if (s >= 0) close(s);
    close(m);
    return r;
}

int corral_pty_set_size(int master, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return answer(ioctl(master, TIOCSWINSZ, &size));
}

int corral_file_system_type(int fd, int64_t *type) {
    struct statfs status;
    if (fstatfs(fd, &status) < 0) return -errno;
    *type = (int64_t)status.f_type;
    return 0;
}

int corral_epoll_create(void) { return answer(epoll_create1(EPOLL_CLOEXEC)); }

int corral_eventfd(void) { return answer(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int corral_epoll_add(int epoll, int fd, uint64_t key, int what, int once) {
    uint32_t events = what == CORRAL_WATCH_PRIORITY ? EPOLLPRI : what == CORRAL_WATCH_HANGUP ? 0 : EPOLLIN;
    struct epoll_event event = {.events = events | (once ? EPOLLONESHOT : 0), .data.u64 = key};
    return answer(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int corral_epoll_change(int epoll, int fd, uint64_t key, int for_room) {
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0), .data.u64 = key};
    return answer(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
}

int corral_epoll_remove(int epoll, int fd) { return answer(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL)); }

int corral_epoll_wait(int epoll, uint64_t keys[64], int timeout) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, timeout);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) keys[i] = events[i].data.u64;
    return count;
}

void corral_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

void corral_share_heap(void) { mallopt(M_ARENA_MAX, 1); }

int corral_limit_open_files(pid_t pid, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return answer(prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
}

int corral_pty_get_size(int master, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(master, TIOCGWINSZ, &size) < 0) return -errno;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int corral_pty_device(int master, uint64_t *device) {
    unsigned number;
    if (ioctl(master, TIOCGPTN, &number) < 0) return -errno;
    *device = encode_device(136, number);
    return 0;
}
