/* What Swift cannot import of libsystemd and of the kernel: variadic functions, ioctl and system calls without a wrapper.
 *
 * No policy, nothing allocated is kept, no logging. Functions return a negative errno, or zero or more. Each comment says who
 * owns each pointer and descriptor. */
#pragma once
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include "bound.h"
#include "leader.h"
#include "pack.h"
#include "ring.h"
#include "successor.h"
#include "kernel.h"
#include "removal.h"

/* Opens a connection to a manager's private socket. The caller owns *ret (sd_bus_flush_close_unref). */
int corral_bus_open_private(const char *socket_path, sd_bus **ret);

/* A method call on `object` with `count` string arguments. The caller owns *ret (sd_bus_message_unref). */
int corral_bus_new_call(sd_bus *bus, sd_bus_message **ret, const char *object, const char *interface, const char *member,
                        const char *const *strings, size_t count);

/* ListUnitsByPatterns for one pattern and every state. The caller owns *ret. */
int corral_bus_new_list_units(sd_bus *bus, sd_bus_message **ret, const char *pattern);

/* StartTransientUnit of a scope around one process, mode `fail`, no auxiliary unit, with `count` properties of type `t` beside those
 * that every scope has. The caller owns *ret. */
int corral_bus_new_start_scope(sd_bus *bus, sd_bus_message **ret, const char *unit, const char *slice,
                               const char *description, uint32_t pid, uint64_t timeout_stop_usec,
                               const char *const *names, const uint64_t *values, size_t count);

/* SetUnitProperties until the next boot: `count` properties of type `t`. The caller owns *ret. */
int corral_bus_new_set_properties(sd_bus *bus, sd_bus_message **ret, const char *unit, const char *const *names,
                                  const uint64_t *values, size_t count);

/* RevertUnitFiles for one unit. The caller owns *ret. */
int corral_bus_new_revert(sd_bus *bus, sd_bus_message **ret, const char *unit);

/* Reads "uoss" of JobRemoved. The strings belong to the message. */
int corral_bus_read_job_removed(sd_bus_message *message, const char **job, const char **unit, const char **result);

/* Reads the next unit of a ListUnitsByPatterns reply; 0 at the end. The strings belong to the message. */
int corral_bus_read_unit(sd_bus_message *message, const char **name, const char **active_state, const char **sub_state);

/* Reads a Properties.Get reply that holds a string. The string belongs to the message. */
int corral_bus_read_string_variant(sd_bus_message *message, const char **value);

/* Reads a Properties.Get reply that holds a truth value. */
int corral_bus_read_truth_variant(sd_bus_message *message, int *value);

/* Reads a Properties.Get reply that holds an unsigned number of 32 bits. */
int corral_bus_read_number_variant(sd_bus_message *message, uint32_t *value);

/* Reads a Properties.Get reply that holds a number with a sign, of 32 bits. */
int corral_bus_read_signed_variant(sd_bus_message *message, int32_t *value);

/* Reads a Properties.Get reply that holds a unit's job: its number, 0 without one, and its object, which belongs to the message. */
int corral_bus_read_job_variant(sd_bus_message *message, uint32_t *id, const char **object);

