/* A program that speaks to corral-host over its socket, in C: what the host costs without `corral` before it.
 *
 *   socket-client drain SOCKET SESSION MARK               prints begin, end, bytes of output, 0
 *   socket-client first SOCKET WORKSPACE TEXT COMMAND     prints the ms from connect until the new session said TEXT
 *
 * `drain` says `ready` once it is attached, waits for a line on its standard input, and reads until MARK, whose first byte
 * must be in nothing else that comes. COMMAND is a JSON array. Times are seconds of the monotonic clock. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int host;
static char buffer[1 << 18];
static size_t from, to;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
    fprintf(stderr, "socket-client: %s\n", what);
    exit(1);
}

static void reach(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    host = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(host, (struct sockaddr *)&address, sizeof address) != 0) fail("no host at the socket");
}

static void fill(void) {
    if (from == to) from = to = 0;
    if (to == sizeof buffer - 1) {
        memmove(buffer, buffer + from, to - from);
        to -= from;
        from = 0;
    }
    ssize_t count = read(host, buffer + to, sizeof buffer - 1 - to);
    if (count <= 0) fail("the host closed the connection");
    to += (size_t)count;
    buffer[to] = 0;
}

static void need(size_t count) {
    while (to - from < count) fill();
}

/* Reads the head of a reply, and its body into what is returned; a 101 has none. */
static char *ask(const char *request, int status) {
    static char body[65536];
    char *end;
    if (write(host, request, strlen(request)) != (ssize_t)strlen(request)) fail("the host takes no request");
    do {
        fill();
    } while (!(end = strstr(buffer + from, "\r\n\r\n")));
    if (atoi(buffer + from + strlen("HTTP/1.1 ")) != status) fail(buffer + from);
    *end = 0;
    char *field = strcasestr(buffer + from, "content-length:");
    size_t length = field ? (size_t)atol(field + strlen("content-length:")) : 0;
    from = (size_t)(end + 4 - buffer);
    if (length >= sizeof body) fail("a reply is too long");
    need(length);
    memcpy(body, buffer + from, length);
    body[length] = 0;
    from += length;
    return body;
}

static void attach(const char *session) {
    char request[512];
    snprintf(request, sizeof request,
             "GET /v1/sessions/%s/attach HTTP/1.1\r\nHost: corral\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Y29ycmFsLWJlbmNobWFyaw==\r\n\r\n",
             session);
    ask(request, 101);
}

/* Reads output until the text was there, across frames. Returns how many bytes came. See: RFC 6455 section 5.2 */
static size_t read_until(const char *text) {
    size_t matched = 0, length = strlen(text), total = 0;
    while (matched < length) {
        need(2);
        int kind = buffer[from] & 0x0f;
        uint64_t left = (unsigned char)buffer[from + 1];
        int wide = left == 126 ? 2 : left == 127 ? 8 : 0;
        from += 2;
        need((size_t)wide);
        if (wide) left = 0;
        for (int at = 0; at < wide; at++) left = left << 8 | (unsigned char)buffer[from++];
        if (kind == 8) fail("the host closed the attachment");
        while (left > 0) {
            if (from == to) fill();
            size_t part = to - from < left ? to - from : (size_t)left;
            const char *at = buffer + from, *end = at + part;
            while (kind == 2 && at < end && matched < length) {
                if (matched == 0 && !(at = memchr(at, text[0], (size_t)(end - at)))) break;
                matched = *at++ == text[matched] ? matched + 1 : 0;
            }
            if (kind == 2) total += part;
            from += part;
            left -= part;
        }
    }
    return total;
}

static void first(const char *socket, const char *workspace, const char *text, const char *command) {
    char request[4096], session[64];
    double begin = now();
    reach(socket);
    int body = snprintf(NULL, 0, "{\"command\":%s}", command);
    snprintf(request, sizeof request,
             "POST /v1/workspaces/%s/sessions HTTP/1.1\r\nHost: corral\r\nContent-Type: application/json\r\n"
             "Content-Length: %d\r\n\r\n{\"command\":%s}",
             workspace, body, command);
    char *id = strstr(ask(request, 201), "\"id\":\"");
    if (!id || sscanf(id, "\"id\":\"%63[^\"]", session) != 1) fail("the new session has no id");
    attach(session);
    read_until(text);
    printf("%.3f\n", (now() - begin) * 1e3);
}

int main(int count, char **arguments) {
    if (count == 5 && !strcmp(arguments[1], "drain")) {
        char line;
        reach(arguments[2]);
        attach(arguments[3]);
        puts("ready");
        fflush(stdout);
        if (read(0, &line, 1) != 1) return 1;
        double begin = now();
        size_t bytes = read_until(arguments[4]);
        printf("%.6f %.6f %zu 0\n", begin, now(), bytes);
    } else if (count == 6 && !strcmp(arguments[1], "first")) {
        first(arguments[2], arguments[3], arguments[4], arguments[5]);
    } else {
        return 64;
    }
    return 0;
}
