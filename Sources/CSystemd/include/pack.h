/* Several descriptors behind one. All return a negative errno on failure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { CORRAL_PACK_LIMIT = 8 };

/* Puts duplicates of `count` descriptors into a new one, which the caller owns; it is close-on-exec. Whoever has it can take
 * them out, any number of times. It is a socket in whose queue a message with them waits. See: unix(7), SCM_RIGHTS. */
int corral_pack(const int *descriptors, size_t count);

/* Duplicates what is in a pack, close-on-exec, and leaves it in. The caller owns them. Returns how many; -EBADMSG when it is no
 * pack. */
int corral_unpack(int pack, int descriptors[CORRAL_PACK_LIMIT]);

/* Sends a state to the manager with a descriptor; 0 without a manager that listens. See: sd_pid_notify_with_fds(3). */
int corral_notify_with_descriptor(const char *state, int descriptor);
