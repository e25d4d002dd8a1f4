#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

int corral_ring_create(const char *name, size_t size) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int64_t corral_ring_size(int fd) {
    struct stat status;
    int seals = fcntl(fd, F_GET_SEALS);
    /* Without the seal whoever shares the file could take the memory away, and we would die of SIGBUS. */
    if (seals < 0 || (seals & SEALS) != SEALS) return -EBADMSG;
    if (fstat(fd, &status) < 0) return -errno;
    return status.st_size;
}

uint64_t corral_ring_checksum(const void *bytes, size_t count) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++) sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* The kernel writes what SIGKILL leaves behind in the order of these stores. */
static void store(uint64_t *place, uint64_t value) { __atomic_store_n(place, value, __ATOMIC_SEQ_CST); }

ssize_t corral_ring_read(struct corral_ring_header *ring, uint8_t *data, int master, int probe) {
    int available = 0;
    if (ioctl(master, FIONREAD, &available) < 0) return -errno;
    if (available <= 0 && !probe) return 0;
    /* A probe is of one byte, which is all or nothing as well. */
    size_t count = available > 0 ? (size_t)available : 1;
    uint64_t end = ring->end, place = end % ring->capacity;
    if (count > ring->capacity - place) count = ring->capacity - place;
    volatile uint8_t *target = data + place;
    uint8_t before[CORRAL_RING_MARK];
    size_t marked = count < CORRAL_RING_MARK ? count : CORRAL_RING_MARK;
    store(&ring->intended, end + count);
    /* Makes sure of both pages that the read can touch: none has to be found while a signal is pending. */
    target[count - 1] = target[count - 1];
    for (size_t i = 0; i < marked; i++) {
        before[i] = target[i];
        target[i] = ring->mark[i];
    }
    /* From here on the mark is whole: before, it is not, and the place seems to be filled. */
    store(&ring->marked, end + count);
    ssize_t got;
    do got = read(master, data + place, count);
    while (got < 0 && errno == EINTR);
    int error = errno;
    if (got != (ssize_t)count) {
        /* The place is about to look as if it were filled, and later to be that of another read. */
        store(&ring->marked, 0);
        for (size_t i = got > 0 ? (size_t)got : 0; i < marked; i++) target[i] = before[i];
        store(&ring->intended, end + (got > 0 ? (uint64_t)got : 0));
    }
    if (got > 0) {
        store(&ring->end, end + (uint64_t)got);
        return got;
    }
    if (got == 0) return -EIO;
    return error == EAGAIN ? 0 : -error;
}

void corral_ring_settle(struct corral_ring_header *ring, const uint8_t *data) {
    uint64_t end = ring->end, intended = ring->intended;
    if (intended <= end) return;
    size_t count = (size_t)(intended - end), marked = count < CORRAL_RING_MARK ? count : CORRAL_RING_MARK;
    if (ring->marked == intended && memcmp(data + end % ring->capacity, ring->mark, marked) != 0) {
        store(&ring->end, intended);
    } else {
        /* What the mark has taken the place of is the oldest, and is gone. */
        if (intended > ring->capacity) store(&ring->floor, intended - ring->capacity);
        store(&ring->intended, end);
    }
}
