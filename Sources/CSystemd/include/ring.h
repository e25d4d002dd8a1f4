/* A terminal's output in shared memory, written so that a process that is killed at any instruction loses no byte and repeats
 * none. All return a negative errno on failure. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CORRAL_RING_MARK = 16, CORRAL_RING_NAME = 40 };

/* The first page of the memory. What lies before `checksum` never changes; the rest changes with every read. */
struct corral_ring_header {
    uint64_t magic;
    /* Names the run of the sequence numbers. */
    uint64_t epoch;
    /* Bytes of output that are kept, and of the place for a checkpoint. */
    uint64_t capacity, checkpoint_capacity;
    /* The session, with zeros behind it. */
    char session[CORRAL_RING_NAME];
    uint64_t checksum;

    /* Sequence number of the next byte. */
    uint64_t end;
    /* `end`, or what it will be once the read that is under way has filled its place. */
    uint64_t intended;
    /* `intended` once the mark lies in that place. */
    uint64_t marked;
    /* What that place begins with for as long as nothing was read into it. */
    uint8_t mark[CORRAL_RING_MARK];
    /* Bytes before this number are not what was written: a mark has taken their place. */
    uint64_t floor;

    /* What the screen was when the byte `checkpoint_seq` came. No length: there is none. */
    uint64_t checkpoint_seq, checkpoint_length, checkpoint_checksum;
    uint32_t checkpoint_columns, checkpoint_rows;
};

/* Makes the memory of a new ring; the caller owns the descriptor, which is close-on-exec and whose size is sealed.
 * Pages are taken as they are written. See: memfd_create(2), fcntl(2) F_ADD_SEALS. */
int corral_ring_create(const char *name, size_t size);

/* The size of a memory file that nobody can shrink under us; -EBADMSG for any other file. */
int64_t corral_ring_size(int fd);

/* FNV-1a over bytes. It finds damage, not forgery. */
uint64_t corral_ring_checksum(const void *bytes, size_t count);

/* Moves what a PTY's master has for us into the ring, at most once: how many bytes; 0 when there are none now; -EIO when the
 * terminal is hung up and its last byte was read. The master does not block.
 *
 * With `probe` the terminal is asked although it seems to have nothing: only so the end is found.
 *
 * The kernel says first how many bytes there are, and a read of so many is all or nothing. Its place begins with a mark until
 * then, so that a successor can tell whether a read that was cut off by SIGKILL has happened. See: ioctl_tty(2), FIONREAD;
 * Linux v6.1 drivers/tty/n_tty.c, n_tty_read: a signal interrupts it only while it waits. */
ssize_t corral_ring_read(struct corral_ring_header *ring, uint8_t *data, int master, int probe);

/* Decides whether a read that was cut off has happened, in a ring that nobody else uses any more. */
void corral_ring_settle(struct corral_ring_header *ring, const uint8_t *data);
