/* SPDX-License-Identifier: MIT */
/* The command line's end of hotdomd's socket; prints nothing. */
#include "client.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "../control/wire.h"
#include "../host/dom0.h"

struct hd_client {
    int fd;
    int output; /* whose reader is watched, or -1 */
    struct hd_frame frame;
    struct json_object *reply; /* the last one */
};

static int no_daemon(struct hd_err *err)
{
    if (hd_dom0_check(err))
        return -1;
    return hd_fail(err, HD_E_NO_DAEMON,
                   "hotdomd is not running; start it with: "
                   "systemctl start hotdomd");
}

int hd_client_open(struct hd_client **ret, struct hd_err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = HD_CONTROL};
    hd_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct hd_client *client;

    if (fd < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot make a socket");
    if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return no_daemon(err);
        return hd_fail_errno(err, HD_E_NO_DAEMON, "cannot reach hotdomd at %s",
                             HD_CONTROL);
    }
    client = calloc(1, sizeof(*client));
    if (!client)
        return hd_fail_errno(err, HD_E_FAILED, "reach hotdomd");
    client->fd = hd_steal_fd(&fd);
    client->output = -1;
    client->frame.max = HD_WIRE_REPLY_MAX;
    *ret = client;
    return 0;
}

void hd_client_free(struct hd_client *client)
{
    if (!client)
        return;
    json_object_put(client->reply);
    hd_frame_clear(&client->frame);
    close(client->fd);
    free(client);
}

int hd_client_fd(const struct hd_client *client)
{
    return client->fd;
}

/* Not write(2): a daemon that hangs up must not end us by SIGPIPE. */
static int send_all(int fd, const char *text, size_t len, struct hd_err *err)
{
    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hd_fail_errno(err, HD_E_NO_DAEMON, "hotdomd hung up");
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

int hd_client_send(struct hd_client *client, const char *method,
                   struct json_object *parameters, bool more,
                   struct hd_err *err)
{
    struct json_object *request = json_object_new_object();
    char name[64] = HD_WIRE_PREFIX;
    const char *text;
    int rc;

    strncat(name, method, sizeof(name) - sizeof(HD_WIRE_PREFIX));
    json_object_object_add(request, "method", json_object_new_string(name));
    if (parameters)
        json_object_object_add(request, "parameters", parameters);
    if (more)
        json_object_object_add(request, "more", json_object_new_boolean(true));
    text = json_object_to_json_string_ext(
        request, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    rc = send_all(client->fd, text, strlen(text) + 1, err);
    explicit_bzero((char *)text, strlen(text)); /* may hold a password */
    json_object_put(request);
    return rc;
}

static int receive_some(struct hd_client *client, uint64_t deadline_ms,
                        struct hd_err *err)
{
    struct pollfd pfds[] = {{.fd = client->fd, .events = POLLIN},
                            {.fd = client->output}};
    char bytes[8192];
    ssize_t n;
    int rc;

    do {
        rc = poll(pfds, HD_ARRAY_LEN(pfds), hd_io_left_ms(deadline_ms));
    } while (rc < 0 && errno == EINTR);
    /* As the next write would, which may be hours away. */
    if (rc > 0 && pfds[1].revents & POLLERR)
        raise(SIGPIPE);
    if (rc == 0 && hd_io_left_ms(deadline_ms) > 0)
        return 0;
    if (rc == 0)
        return hd_fail(err, HD_E_TIMEOUT, "hotdomd does not answer");
    n = recv(client->fd, bytes, sizeof(bytes), 0);
    if (n == 0)
        return hd_fail(err, HD_E_NO_DAEMON, "hotdomd hung up");
    if (n < 0)
        return hd_fail_errno(err, HD_E_NO_DAEMON, "hotdomd hung up");
    return hd_frame_add(&client->frame, bytes, (size_t)n, err);
}

int hd_client_receive(struct hd_client *client, uint64_t deadline_ms,
                      struct json_object **ret, bool *ret_continues,
                      struct hd_err *err)
{
    const char *text;

    while (!(text = hd_frame_first(&client->frame)))
        if (receive_some(client, deadline_ms, err))
            return -1;
    json_object_put(client->reply);
    client->reply = json_tokener_parse(text);
    hd_frame_drop(&client->frame);
    return hd_reply_read(client->reply, ret, ret_continues, err);
}

/* A call on a connection of its own; `parameters` is taken. */
static int begin(struct hd_client **ret, const char *method,
                 struct json_object *parameters, bool more, struct hd_err *err)
{
    if (hd_client_open(ret, err)) {
        json_object_put(parameters);
        return -1;
    }
    return hd_client_send(*ret, method, parameters, more, err);
}

int hd_client_call(const char *method, struct json_object *parameters,
                   struct json_object **ret, struct hd_err *err)
{
    return hd_client_call_within(method, parameters, HD_CLIENT_QUICK_MS, ret,
                                 err);
}

int hd_client_call_within(const char *method, struct json_object *parameters,
                          uint64_t within_ms, struct json_object **ret,
                          struct hd_err *err)
{
    hd_auto(hd_client) client = NULL;
    struct json_object *reply;
    bool continues;

    if (begin(&client, method, parameters, false, err) ||
        hd_client_receive(client, hd_io_now_ms() + within_ms, &reply,
                          &continues, err))
        return -1;
    if (ret)
        *ret = json_object_get(reply);
    return 0;
}

int hd_client_each(const char *method, struct json_object *parameters,
                   bool until_interrupted, hd_client_fn *fn, bool json,
                   struct hd_err *err)
{
    hd_auto(hd_client) client = NULL;
    struct json_object *reply;
    bool continues;

    if (begin(&client, method, parameters, true, err))
        return -1;
    client->output = STDOUT_FILENO;
    for (;;) {
        uint64_t deadline = until_interrupted
                                ? UINT64_MAX
                                : hd_io_now_ms() + HD_CLIENT_QUICK_MS;

        if (hd_client_receive(client, deadline, &reply, &continues, err))
            return -1;
        if (!continues)
            return 0;
        fn(reply, json);
    }
}

static struct json_object *get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    if (json_object_is_type(object, json_type_object))
        json_object_object_get_ex(object, key, &value);
    return value;
}

const char *hd_client_text(struct json_object *object, const char *key)
{
    struct json_object *value = get(object, key);

    return json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : "";
}

int64_t hd_client_number(struct json_object *object, const char *key)
{
    return json_object_get_int64(get(object, key));
}

double hd_client_seconds(struct json_object *object, const char *key)
{
    return json_object_get_double(get(object, key));
}
