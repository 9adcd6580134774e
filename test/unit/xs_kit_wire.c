/* SPDX-License-Identifier: MIT */
/* The socket of the xenstore in memory: its wire form, a thread a client. */
#include <errno.h> /* first: it makes xsd_errors whole */
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenstore.h>
#include <xen/io/xs_wire.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "xs_kit.h"
#include "xs_kit_store.h"
#include "xs_kit_watch.h"

const char *__wrap_xs_daemon_socket(void);
int __real_hd_xs_bulk_open(struct hd_xs_bulk **ret, uint32_t silent_ms,
                           struct hd_err *err);
int __wrap_hd_xs_bulk_open(struct hd_xs_bulk **ret, uint32_t silent_ms,
                           struct hd_err *err);

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static bool read_all(int fd, void *buf, size_t len)
{
    return !len || recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

static const char *name_of(int sys)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(*xsd_errors); i++)
        if (xsd_errors[i].errnum == sys)
            return xsd_errors[i].errstring;
    return "EIO";
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* As xenstored has it: what no message has room for is asked for in parts, from
 * an offset on, and the last one ends with an empty name. */
static bool list(const struct xsd_sockmsg *msg, const char *body, char *reply,
                 size_t *ret_len)
{
    static char names[65536];
    size_t len = xs_kit_list(body, names, sizeof(names) - 1), from, head;

    errno = E2BIG;
    *ret_len = len;
    if (msg->type == XS_DIRECTORY) {
        memcpy(reply, names, least(len, XENSTORE_PAYLOAD_MAX));
        return len <= XENSTORE_PAYLOAD_MAX;
    }
    if (xs_kit.relists)
        xs_kit.relists--;
    head = (size_t)sprintf(reply, "%d", xs_kit.relists) + 1;
    from = strtoul(body + strlen(body) + 1, NULL, 10);
    names[len++] = '\0';
    len = least(len - least(len, from), XENSTORE_PAYLOAD_MAX - head);
    memcpy(reply + head, names + from, len);
    while (len && reply[head + len - 1])
        len--; /* whole names */
    *ret_len = head + len;
    return true;
}

/* Into `reply`, which holds a message's room; false with errno. */
static bool serve(int fd, const struct xsd_sockmsg *msg, const char *body,
                  char *reply, size_t *ret_len)
{
    const char *more = body + strlen(body) + 1, *value;

    strcpy(reply, "OK");
    *ret_len = sizeof("OK");
    switch (msg->type) {
    case XS_TRANSACTION_START:
        xs_kit_begin();
        strcpy(reply, "1");
        *ret_len = 2;
        return true;
    case XS_TRANSACTION_END:
        return xs_kit_end(*body == 'T');
    case XS_READ:
        value = xs_kit_read(body);
        strcpy(reply, value ? value : "");
        *ret_len = strlen(reply); /* a value has no NUL */
        return value;
    case XS_DIRECTORY:
    case XS_DIRECTORY_PART:
        return list(msg, body, reply, ret_len);
    case XS_MKDIR:
        return xs_kit_mkdir(body);
    case XS_RM:
        return xs_kit_rm(body);
    case XS_SET_PERMS:
        return xs_kit_set_rights(body, more);
    case XS_WRITE:
        return xs_kit_write(body, more, (size_t)(body + msg->len - more));
    case XS_WATCH:
        return xs_kit_watch(fd, body, more);
    case XS_UNWATCH:
        return xs_kit_unwatch(fd, body, more);
    default:
        errno = ENOSYS;
        return false;
    }
}

static bool stalls(void)
{
    int at = __atomic_load_n(&xs_kit.stall_at, __ATOMIC_SEQ_CST);

    if (at > 1)
        __atomic_store_n(&xs_kit.stall_at, at - 1, __ATOMIC_SEQ_CST);
    return at == 1;
}

static bool hung_up(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};

    return poll(&p, 1, 0) > 0;
}

/* Whoever hung up meanwhile is not waited for. */
static void stand_still(int fd)
{
    if (!stalls())
        return;
    while (__atomic_load_n(&xs_kit.stall_at, __ATOMIC_SEQ_CST) && !hung_up(fd))
        usleep(1000);
}

static bool answer(int fd, struct xsd_sockmsg *msg, const char *body)
{
    char reply[XENSTORE_PAYLOAD_MAX + 1];
    size_t len;

    if (!serve(fd, msg, body, reply, &len)) {
        msg->type = XS_ERROR;
        strcpy(reply, name_of(errno));
        len = strlen(reply) + 1;
    }
    stand_still(fd);
    if (hung_up(fd))
        return false; /* what is to happen to an answer is for who hears it */
    if (xs_kit.crossed_at && !--xs_kit.crossed_at)
        msg->req_id += 7;
    msg->len = (uint32_t)len;
    if (xs_kit.torn_at && !--xs_kit.torn_at)
        return send(fd, msg, 5, MSG_NOSIGNAL) < 0;
    if (!xs_kit_send(fd, msg, sizeof(*msg), reply, len))
        return false;
    if (msg->type == XS_WATCH)
        xs_kit_watch_begins(fd, body, body + strlen(body) + 1);
    return true;
}

/* Of transactions there is one at a time; who goes takes its own along. */
static void *serve_client(void *arg)
{
    char body[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg msg;
    int fd = (int)(long)arg;
    bool good = true, open = false;

    while (good && read_all(fd, &msg, sizeof(msg)) &&
           msg.len <= XENSTORE_PAYLOAD_MAX && read_all(fd, body, msg.len)) {
        bool begins = msg.type == XS_TRANSACTION_START;

        body[msg.len] = '\0';
        if (!open)
            pthread_mutex_lock(&turn);
        open = begins || (open && msg.type != XS_TRANSACTION_END);
        xs_kit.trips += !msg.req_id; /* the first of those that go together */
        good = answer(fd, &msg, body);
        if (!open)
            pthread_mutex_unlock(&turn);
    }
    if (open) {
        xs_kit_end(false);
        pthread_mutex_unlock(&turn);
    }
    xs_kit_watch_no_more(fd);
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    int fd = (int)(long)arg;

    for (;;) {
        int client = accept(fd, NULL, NULL);
        pthread_t thread;

        if (client < 0 && errno != EINTR && errno != ECONNABORTED)
            return NULL;
        if (client < 0)
            continue;
        if (!pthread_create(&thread, NULL, serve_client, (void *)(long)client))
            pthread_detach(thread);
        else
            close(client);
    }
}

static struct sockaddr_un at = {.sun_family = AF_UNIX};

static void remove_socket(void)
{
    unlink(at.sun_path);
}

/* Served from the first question for it on. */
const char *__wrap_xs_daemon_socket(void)
{
    pthread_t thread;
    int fd;

    if (xs_kit.socket)
        return xs_kit.socket;
    if (*at.sun_path)
        return at.sun_path;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/hd-unit-xenstore-%d",
             (int)getpid());
    unlink(at.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
        listen(fd, 8) ||
        pthread_create(&thread, NULL, accept_all, (void *)(long)fd))
        abort();
    pthread_detach(thread);
    atexit(remove_socket);
    return at.sun_path;
}

int __wrap_hd_xs_bulk_open(struct hd_xs_bulk **ret, uint32_t silent_ms,
                           struct hd_err *err)
{
    if (xs_kit.silent_ms)
        silent_ms = xs_kit.silent_ms > 0 ? (uint32_t)xs_kit.silent_ms : 0;
    return __real_hd_xs_bulk_open(ret, silent_ms, err);
}
