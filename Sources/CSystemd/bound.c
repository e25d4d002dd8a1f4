#define _GNU_SOURCE
#include "bound.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads the answer of `size` bytes. */
static int read_answer(const struct nlmsghdr *header, ssize_t size, uint32_t *inode) {
    if (!NLMSG_OK(header, (size_t)size)) return -EBADMSG;
    if (header->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *failure = NLMSG_DATA(header);
        return header->nlmsg_len >= NLMSG_LENGTH(sizeof *failure) && failure->error < 0 ? failure->error : -EBADMSG;
    }
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
        return -EBADMSG;
    const struct unix_diag_msg *socket = NLMSG_DATA(header);
    int rest = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof *socket));
    for (const struct rtattr *field = (const void *)(socket + 1); RTA_OK(field, rest); field = RTA_NEXT(field, rest)) {
        const struct unix_diag_vfs *file = RTA_DATA(field);
        if (field->rta_type != UNIX_DIAG_VFS || RTA_PAYLOAD(field) < sizeof *file) continue;
        *inode = file->udiag_vfs_ino;
        return 0;
    }
    return -ENODATA;
}

int corral_bound_inode(int fd, uint32_t *inode) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } ask = {
        .header = {.nlmsg_len = sizeof ask, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = ~0u,
                    .udiag_ino = (uint32_t)status.st_ino,
                    .udiag_show = UDIAG_SHOW_VFS,
                    /* INET_DIAG_NOCOOKIE: the number is enough, since the socket is open here. */
                    .udiag_cookie = {~0u, ~0u}},
    };
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return -errno;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int r = 0;
    ssize_t size = 0;
    /* The kernel has answered when sendto returns. */
    if (sendto(netlink, &ask, sizeof ask, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0 ||
        (size = recv(netlink, &answer, sizeof answer, MSG_DONTWAIT)) < 0)
        r = -errno;
    close(netlink);
    return r < 0 ? r : read_answer(&answer.header, size, inode);
}
