/* SPDX-License-Identifier: MIT */
/* Passes on what a guest asks of its host view; believes neither the guest nor
 * the process that heard it. */
#include "feed.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../pv-drivers/fs9p/control.h"
#include "../store/text.h"
#include "wire.h"

struct feed {
    uv_timer_t timer;
    int fd;
    struct hd_conn *conn; /* NULL: it has hung up, or was told that it ends */
};

/* Is that one, `n` bytes long? */
static bool is_told(const struct hd_9p_told *t, size_t n)
{
    const size_t head = offsetof(struct hd_9p_told, path);

    return n > head && n - head < sizeof(t->path) && t->path[0] == '/' &&
           !memchr(t->path, '\0', n - head) && t->side <= HD_SIDE_HOST &&
           t->entry <= n - head;
}

/* The first `len` bytes of a path, which may hold anything. */
static struct json_object *text_of(const char *path, size_t len)
{
    char text[HD_9P_PATH];

    memcpy(text, path, len);
    return json_object_new_string_len(text, (int)hd_text_clean(text, len));
}

static struct json_object *view(const struct hd_9p_told *t, size_t len)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "path", text_of(t->path, len));
    json_object_object_add(o, "side",
                           json_object_new_string(hd_side_name(t->side)));
    json_object_object_add(o, "entry",
                           t->entry ? text_of(t->path, t->entry) : NULL);
    json_object_object_add(
        o, "asked", json_object_new_string(t->opened ? "opened" : "looked-up"));
    json_object_object_add(o, "lost", json_object_new_int64(t->lost));
    return o;
}

static void on_closed(uv_handle_t *handle)
{
    struct feed *feed = handle->data;

    close(feed->fd);
    free(feed);
}

static void end(struct feed *feed)
{
    if (feed->conn)
        hd_conn_reply(feed->conn, hd_reply_ok(json_object_new_object(), false),
                      true);
    uv_close((uv_handle_t *)&feed->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
    struct feed *feed = timer->data;
    struct hd_9p_told t;

    for (int i = 0; i < HD_FEED_BATCH && feed->conn; i++) {
        ssize_t n = recv(feed->fd, &t, sizeof(t), MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0 || !is_told(&t, (size_t)n)) {
            end(feed);
            return;
        }
        hd_conn_reply(
            feed->conn,
            hd_reply_ok(view(&t, (size_t)n - offsetof(struct hd_9p_told, path)),
                        true),
            false);
    }
    if (!feed->conn)
        end(feed);
}

int hd_feed_begin(uv_loop_t *loop, int fd, struct hd_conn *conn,
                  struct hd_err *err)
{
    struct feed *feed = calloc(1, sizeof(*feed));

    if (!feed) {
        close(fd);
        return hd_fail_errno(err, HD_E_FAILED, "follow the host view");
    }
    feed->fd = fd;
    feed->timer.data = feed;
    uv_timer_init(loop, &feed->timer);
    uv_timer_start(&feed->timer, on_timer, 0, HD_FEED_MS);
    hd_conn_hold(conn, &feed->conn);
    return 0;
}
