/* SPDX-License-Identifier: MIT */
/* Bounded access to xenstore; never trusts what a node holds. */
#include "xs.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "../base/io.h"
#include "xs_bulk.h"
#include "xs_events.h"

/* A transaction that lost its race this often lives on a sick xenstored. */
#define TRIES 100

struct hd_xs {
    struct hd_xs_bulk *bulk;     /* or NULL: it was lost */
    struct hd_xs_events *events; /* or NULL */
};

static bool printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return true;
}

/* That there is no xenstored is not that there is no node. */
static bool bulk_open(struct hd_xs *xs)
{
    if (xs->bulk || !hd_xs_bulk_open(&xs->bulk, HD_XS_SILENT_MS, NULL))
        return true;
    if (errno == ENOENT)
        errno = ECONNREFUSED;
    return false;
}

/* Answers are lost with a connection; the next one has one that works. */
static void bulk_drop(struct hd_xs *xs)
{
    int sys = errno;

    hd_xs_bulk_free(hd_steal(&xs->bulk));
    errno = sys;
}

/* By errno: there will be no answer on it any more. */
static bool keep(struct hd_xs *xs, bool ok)
{
    if (!ok && (errno == EIO || errno == ETIMEDOUT))
        bulk_drop(xs);
    return ok;
}

/* One attempt; false with errno set, EAGAIN when another writer was faster.  A
 * single node needs no transaction. */
static bool make_once(struct hd_xs *xs, const struct hd_xs_folder *folders,
                      size_t n_folders, const struct hd_xs_node *nodes,
                      size_t n_nodes, const char **ret_at)
{
    bool single = !n_folders && n_nodes == 1 && nodes->value;

    *ret_at = "a transaction";
    return bulk_open(xs) &&
           keep(xs, (single ? hd_xs_bulk_put : hd_xs_bulk_make)(
                        xs->bulk, folders, n_folders, nodes, n_nodes, ret_at));
}

/* Why xenstored did not do what was asked of it, where the system's word
 * for it would lead elsewhere: EQUOTA travels as ENOSPC. */
static int not_done(const char *what, const char *path, struct hd_err *err)
{
    static const struct {
        int sys;
        enum hd_code code;
        const char *why;
    } reasons[] = {
        {ENOSPC, HD_E_IO, "a quota of xenstored's is used up; end a guest"},
        {EAGAIN, HD_E_IO,
         "xenstored dropped it 100 times for other writers; try again"},
        {ETIMEDOUT, HD_E_TIMEOUT, HD_XS_SILENT_WHY},
        {ECONNREFUSED, HD_E_NO_XEN, HD_XS_ENDED_WHY},
    };
    int sys = errno;

    for (size_t i = 0; i < HD_ARRAY_LEN(reasons); i++)
        if (reasons[i].sys == sys) {
            hd_fail(err, reasons[i].code, "cannot %s xenstore %s: %s", what,
                    path, reasons[i].why);
            if (err)
                err->sys = sys;
            return -1;
        }
    return hd_fail_errno(err, errno == EEXIST ? HD_E_EXISTS : HD_E_IO,
                         "cannot %s xenstore %s", what, path);
}

int hd_xs_open(struct hd_xs **ret, struct hd_err *err)
{
    hd_auto(hd_xs) xs = calloc(1, sizeof(*xs));

    if (!xs)
        return hd_fail_errno(err, HD_E_FAILED, "open xenstore");
    if (hd_xs_bulk_open(&xs->bulk, HD_XS_SILENT_MS, err))
        return -1;
    *ret = hd_steal(&xs);
    return 0;
}

void hd_xs_free(struct hd_xs *xs)
{
    if (!xs)
        return;
    hd_xs_bulk_free(xs->bulk);
    hd_xs_events_free(xs->events);
    free(xs);
}

int hd_xs_read(struct hd_xs *xs, const char *path, char *buf, size_t size,
               struct hd_err *err)
{
    const char *value;
    size_t len;

    if (!bulk_open(xs) ||
        !keep(xs, hd_xs_bulk_value(xs->bulk, path, &value, &len)))
        return errno == ENOENT ? 0 : not_done("read", path, err);
    if (len >= size)
        return hd_fail(err, HD_E_FAILED,
                       "xenstore %s holds %zu bytes, more than %zu", path, len,
                       size - 1);
    if (!printable(value, len))
        return hd_fail(err, HD_E_FAILED,
                       "xenstore %s holds characters that are not printable",
                       path);
    memcpy(buf, value, len);
    buf[len] = '\0';
    return 1;
}

int hd_xs_read_all(struct hd_xs *xs, struct hd_xs_value *values, size_t n,
                   struct hd_err *err)
{
    const char *at = n ? values->path : "";
    bool ok;

    for (size_t i = 0; i < n; i++)
        values[i].there = -1;
    ok = bulk_open(xs) && keep(xs, hd_xs_bulk_read(xs->bulk, values, n, &at));
    for (size_t i = 0; i < n; i++)
        if (values[i].there > 0 &&
            !printable(values[i].buf, strlen(values[i].buf)))
            values[i].there = -1;
    return ok ? 0 : not_done("read", at, err);
}

int hd_xs_make(struct hd_xs *xs, const struct hd_xs_folder *folders,
               size_t n_folders, const struct hd_xs_node *nodes, size_t n_nodes,
               struct hd_err *err)
{
    const char *at = "";

    for (int i = 0; i < TRIES; i++) {
        if (make_once(xs, folders, n_folders, nodes, n_nodes, &at))
            return 0;
        if (errno != EAGAIN)
            break;
    }
    return not_done("write", at, err);
}

int hd_xs_put(struct hd_xs *xs, const struct hd_xs_folder *folders,
              size_t n_folders, const struct hd_xs_node *nodes, size_t n_nodes,
              struct hd_err *err)
{
    const char *at = "nodes";

    if (!n_folders && !n_nodes)
        return 0;
    return bulk_open(xs) &&
                   keep(xs, hd_xs_bulk_put(xs->bulk, folders, n_folders, nodes,
                                           n_nodes, &at))
               ? 0
               : not_done("write", at, err);
}

int hd_xs_write(struct hd_xs *xs, const struct hd_xs_node *nodes, size_t n,
                struct hd_err *err)
{
    return hd_xs_make(xs, NULL, 0, nodes, n, err);
}

int hd_xs_update(struct hd_xs *xs, const char *path, const char *value,
                 struct hd_err *err)
{
    const struct hd_xs_node node = {path, value};

    for (int i = 0; i < TRIES; i++) {
        if (bulk_open(xs) && keep(xs, hd_xs_bulk_update(xs->bulk, &node)))
            return 1;
        if (errno != EAGAIN)
            break;
    }
    if (errno == ENOENT)
        return 0;
    return not_done("write", path, err);
}

int hd_xs_list(struct hd_xs *xs, const char *path, char ***ret_names,
               size_t *ret_n, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len = 0;

    *ret_names = NULL;
    *ret_n = 0;
    for (int i = 0; i < TRIES; i++) {
        if (bulk_open(xs) &&
            keep(xs, hd_xs_bulk_list(xs->bulk, path, &text, &len))) {
            *ret_names = hd_xs_split(text, len, ret_n);
            break;
        }
        if (errno != EAGAIN)
            break;
    }
    return *ret_names || errno == ENOENT ? 0 : not_done("list", path, err);
}

/* What is lost stays until there is another, so that who waits for it hears of
 * that. */
int hd_xs_warm(struct hd_xs *xs, struct hd_err *err)
{
    hd_auto(hd_xs_events) events = NULL;

    if (xs->events && !hd_xs_events_lost(xs->events))
        return 0;
    if (hd_xs_events_open(&events, err))
        return -1;
    hd_xs_events_free(xs->events);
    xs->events = hd_steal(&events);
    return 0;
}

int hd_xs_watch(struct hd_xs *xs, const char *path, const char *token,
                struct hd_err *err)
{
    if (hd_xs_warm(xs, err))
        return -1;
    return hd_xs_events_add(xs->events, path, token)
               ? 0
               : not_done("watch", path, err);
}

void hd_xs_unwatch(struct hd_xs *xs, const char *path, const char *token)
{
    if (xs->events)
        hd_xs_events_remove(xs->events, path, token);
}

int hd_xs_fd(struct hd_xs *xs)
{
    return xs->events ? hd_xs_events_fd(xs->events) : -1;
}

int hd_xs_check(struct hd_xs *xs, char *token, size_t size, struct hd_err *err)
{
    int rc = xs->events ? hd_xs_events_take(xs->events, token, size) : 0;

    if (rc >= 0)
        return rc;
    return errno == ETIMEDOUT
               ? hd_fail_errno(err, HD_E_TIMEOUT, HD_XS_SILENT_WHY)
               : hd_fail_errno(err, HD_E_IO, "xenstore went away");
}

int hd_xs_wait(struct hd_xs *xs, uint64_t deadline_ms, struct hd_err *err)
{
    char token[1];
    int rc;

    if (hd_xs_events_wait(xs->events, deadline_ms))
        return hd_fail_errno(err, HD_E_FAILED, "cannot wait for xenstore");
    do {
        rc = hd_xs_check(xs, token, sizeof(token), err);
    } while (rc > 0);
    return rc;
}

void hd_xs_rest(struct hd_xs *xs, uint64_t deadline_ms)
{
    struct timespec left;
    int ms;

    if (!hd_xs_wait(xs, deadline_ms, NULL))
        return;
    ms = hd_io_left_ms(deadline_ms);
    left =
        (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&left, NULL);
}
