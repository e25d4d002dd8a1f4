#define _GNU_SOURCE
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * CORRAL_PACK_LIMIT)];
};

int corral_pack(const int *descriptors, size_t count) {
    int ends[2], error;
    char byte = 0;
    union control control;
    struct iovec content = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1, .msg_control = &control};
    if (count == 0 || count > CORRAL_PACK_LIMIT) return -EINVAL;
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) return -errno;
    memset(&control, 0, sizeof control);
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(rights), descriptors, sizeof(int) * count);
    ssize_t sent = sendmsg(ends[1], &message, MSG_NOSIGNAL);
    error = errno;
    /* What was sent stays in the queue of the other end. */
    close(ends[1]);
    if (sent == 1) return ends[0];
    close(ends[0]);
    return -error;
}

int corral_unpack(int pack, int descriptors[CORRAL_PACK_LIMIT]) {
    char byte;
    union control control;
    struct iovec content = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t count = recvmsg(pack, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0) return errno == EAGAIN || errno == ENOTSOCK ? -EBADMSG : -errno;
    int found = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        found = (int)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(descriptors, CMSG_DATA(part), sizeof(int) * (size_t)found);
    }
    /* Some were left out for want of descriptors: half a pack is none. */
    if (message.msg_flags & MSG_CTRUNC) {
        for (int i = 0; i < found; i++) close(descriptors[i]);
        return -EMFILE;
    }
    return found > 0 ? found : -EBADMSG;
}

int corral_notify_with_descriptor(const char *state, int descriptor) {
    return sd_pid_notify_with_fds(0, 0, state, &descriptor, 1);
}
