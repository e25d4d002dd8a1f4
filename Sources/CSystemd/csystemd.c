#define SD_JOURNAL_SUPPRESS_LOCATION 1
#include "csystemd.h"

#include <errno.h>
#include <stdio.h>

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER_OBJECT "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

int corral_bus_open_private(const char *socket_path, sd_bus **ret) {
    char address[256];
    sd_bus *bus = NULL;
    int r = snprintf(address, sizeof address, "unix:path=%s", socket_path);
    if (r < 0 || (size_t)r >= sizeof address) return -ENAMETOOLONG;
    if ((r = sd_bus_new(&bus)) < 0) return r;
    if ((r = sd_bus_set_address(bus, address)) < 0 || (r = sd_bus_start(bus)) < 0) {
        sd_bus_unref(bus);
        return r;
    }
    *ret = bus;
    return 0;
}

/* Gives a message that is complete to the caller, or lets go of one that could not be made. */
static int hand_over(sd_bus_message *message, int r, sd_bus_message **ret) {
    if (r < 0) {
        sd_bus_message_unref(message);
        return r;
    }
    *ret = message;
    return 0;
}

static int new_manager_call(sd_bus *bus, sd_bus_message **message, const char *member) {
    return sd_bus_message_new_method_call(bus, message, DESTINATION, MANAGER_OBJECT, MANAGER_INTERFACE, member);
}

int corral_bus_new_call(sd_bus *bus, sd_bus_message **ret, const char *object, const char *interface, const char *member,
                        const char *const *strings, size_t count) {
    sd_bus_message *message = NULL;
    int r = sd_bus_message_new_method_call(bus, &message, DESTINATION, object, interface, member);
    for (size_t i = 0; r >= 0 && i < count; i++) r = sd_bus_message_append_basic(message, 's', strings[i]);
    return hand_over(message, r, ret);
}

int corral_bus_new_list_units(sd_bus *bus, sd_bus_message **ret, const char *pattern) {
    sd_bus_message *message = NULL;
    int r = new_manager_call(bus, &message, "ListUnitsByPatterns");
    if (r >= 0) r = sd_bus_message_append(message, "asas", 0, 1, pattern);
    return hand_over(message, r, ret);
}

static int append_numbers(sd_bus_message *message, const char *const *names, const uint64_t *values, size_t count) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < count; i++) r = sd_bus_message_append(message, "(sv)", names[i], "t", values[i]);
    return r;
}

int corral_bus_new_set_properties(sd_bus *bus, sd_bus_message **ret, const char *unit, const char *const *names,
                                  const uint64_t *values, size_t count) {
    sd_bus_message *message = NULL;
    int r = new_manager_call(bus, &message, "SetUnitProperties");
    if (r >= 0) r = sd_bus_message_append(message, "sb", unit, 1);
    if (r >= 0) r = sd_bus_message_open_container(message, 'a', "(sv)");
    if (r >= 0) r = append_numbers(message, names, values, count);
    if (r >= 0) r = sd_bus_message_close_container(message);
    return hand_over(message, r, ret);
}

int corral_bus_new_revert(sd_bus *bus, sd_bus_message **ret, const char *unit) {
    sd_bus_message *message = NULL;
    int r = new_manager_call(bus, &message, "RevertUnitFiles");
    if (r >= 0) r = sd_bus_message_append(message, "as", 1, unit);
    return hand_over(message, r, ret);
}

int corral_bus_new_start_scope(sd_bus *bus, sd_bus_message **ret, const char *unit, const char *slice,
                               const char *description, uint32_t pid, uint64_t timeout_stop_usec,
                               const char *const *names, const uint64_t *values, size_t count) {
    sd_bus_message *message = NULL;
    int r = new_manager_call(bus, &message, "StartTransientUnit");
    if (r >= 0) r = sd_bus_message_append(message, "ss", unit, "fail");
    if (r >= 0) r = sd_bus_message_open_container(message, 'a', "(sv)");
    if (r >= 0)
        r = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)",
                                  "Description", "s", description,
                                  "Slice", "s", slice,
                                  "PIDs", "au", 1, pid,
                                  "SendSIGHUP", "b", 1,
                                  "TimeoutStopUSec", "t", timeout_stop_usec,
                                  "CollectMode", "s", "inactive-or-failed",
                                  "OOMPolicy", "s", "continue",
                                  "CPUAccounting", "b", 1,
                                  "MemoryAccounting", "b", 1,
                                  "TasksAccounting", "b", 1,
                                  "IOAccounting", "b", 1);
    if (r >= 0) r = append_numbers(message, names, values, count);
    if (r >= 0) r = sd_bus_message_close_container(message);
    if (r >= 0) r = sd_bus_message_append(message, "a(sa(sv))", 0);
    return hand_over(message, r, ret);
}

int corral_bus_read_job_removed(sd_bus_message *message, const char **job, const char **unit, const char **result) {
    uint32_t id;
    return sd_bus_message_read(message, "uoss", &id, job, unit, result);
}

int corral_bus_read_unit(sd_bus_message *message, const char **name, const char **active_state, const char **sub_state) {
    const char *description, *load, *following, *path, *job_type, *job_path;
    uint32_t job;
    return sd_bus_message_read(message, "(ssssssouso)", name, &description, &load, active_state, sub_state, &following, &path,
                               &job, &job_type, &job_path);
}

int corral_bus_read_string_variant(sd_bus_message *message, const char **value) {
    return sd_bus_message_read(message, "v", "s", value);
}

int corral_bus_read_truth_variant(sd_bus_message *message, int *value) {
    return sd_bus_message_read(message, "v", "b", value);
}

int corral_bus_read_number_variant(sd_bus_message *message, uint32_t *value) {
    return sd_bus_message_read(message, "v", "u", value);
}

int corral_bus_read_signed_variant(sd_bus_message *message, int32_t *value) {
    return sd_bus_message_read(message, "v", "i", value);
}

int corral_bus_read_job_variant(sd_bus_message *message, uint32_t *id, const char **object) {
    return sd_bus_message_read(message, "v", "(uo)", id, object);
}

