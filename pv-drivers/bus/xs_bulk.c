/* SPDX-License-Identifier: MIT */
/* A transaction, or reads, in one go; never half of a transaction. */
#include "xs_bulk.h"

#include <stdio.h>
#include <string.h>

#include "../base/io.h"
#include "xs_wire.h"

static bool ask_folder(struct hd_xs_bulk *b, const struct hd_xs_folder *f)
{
    char rights[32];
    int n =
        snprintf(rights, sizeof(rights), "n%u%cr%u", f->owner, '\0', f->reader);

    return hd_xs_ask(b, XS_READ, HD_XS_WANT_NOTHING_THERE, f->path, "", 0) &&
           hd_xs_ask(b, XS_MKDIR, HD_XS_WANT_OK, f->path, "", 0) &&
           hd_xs_ask(b, XS_SET_PERMS, HD_XS_WANT_OK, f->path, rights,
                     (size_t)n + 1);
}

static bool ask_node(struct hd_xs_bulk *b, const struct hd_xs_node *n)
{
    return n->value ? hd_xs_ask(b, XS_WRITE, HD_XS_WANT_OK, n->path, n->value,
                                strlen(n->value))
                    : hd_xs_ask(b, XS_RM, HD_XS_WANT_GONE, n->path, "", 0);
}

/* What hd_xs_read gives. */
static int take_value(const struct hd_xs_bulk *b, int sys,
                      const struct hd_xs_value *v)
{
    if (sys)
        return sys == ENOENT ? 0 : -1;
    if (b->body_len >= v->size || strlen(b->body) != b->body_len)
        return -1;
    memcpy(v->buf, b->body, b->body_len + 1);
    return 1;
}

static bool ask_all(struct hd_xs_bulk *b, const struct hd_xs_folder *folders,
                    size_t n_folders, const struct hd_xs_node *nodes,
                    size_t n_nodes, const char **ret_at)
{
    bool ok = true;

    hd_xs_begin(b);
    for (size_t i = 0; ok && i < n_folders; i++)
        ok = ask_folder(b, &folders[i]);
    for (size_t i = 0; ok && i < n_nodes; i++)
        ok = ask_node(b, &nodes[i]);
    return ok && hd_xs_exchange(b, ret_at);
}

bool hd_xs_bulk_put(struct hd_xs_bulk *b, const struct hd_xs_folder *folders,
                    size_t n_folders, const struct hd_xs_node *nodes,
                    size_t n_nodes, const char **ret_at)
{
    *ret_at = "nodes";
    b->transaction = 0;
    return ask_all(b, folders, n_folders, nodes, n_nodes, ret_at);
}

bool hd_xs_bulk_make(struct hd_xs_bulk *b, const struct hd_xs_folder *folders,
                     size_t n_folders, const struct hd_xs_node *nodes,
                     size_t n_nodes, const char **ret_at)
{
    bool ok;
    int sys;

    *ret_at = HD_XS_TRANSACTION;
    if (!hd_xs_start(b, ret_at))
        return false;
    ok = ask_all(b, folders, n_folders, nodes, n_nodes, ret_at);
    sys = errno;
    if (ok) {
        *ret_at = HD_XS_TRANSACTION;
        return hd_xs_end(b, true);
    }
    if (sys != EIO && sys != ETIMEDOUT && !hd_xs_end(b, false) &&
        (errno == EIO || errno == ETIMEDOUT))
        sys = errno;
    errno = sys;
    return false;
}

bool hd_xs_bulk_read(struct hd_xs_bulk *b, struct hd_xs_value *values, size_t n,
                     const char **ret_at)
{
    int first = 0;

    *ret_at = n ? values->path : "";
    hd_xs_begin(b);
    b->transaction = 0;
    for (size_t i = 0; i < n; i++)
        if (!hd_xs_ask(b, XS_READ, HD_XS_WANT_VALUE, values[i].path, "", 0))
            return false;
    if (!hd_xs_send(b))
        return false;
    for (size_t i = 0; i < n; i++) {
        int sys;

        if (!hd_xs_hear(b, i, &sys))
            return false;
        values[i].there = take_value(b, sys, &values[i]);
        if (sys && sys != ENOENT && !first) {
            *ret_at = values[i].path;
            first = sys;
        }
    }
    errno = first;
    return !first;
}

/* What it says does not matter. */
int hd_xs_answers(uint64_t deadline_ms, struct hd_err *err)
{
    hd_auto(hd_xs_bulk) bulk = NULL;
    const char *at;

    if (hd_xs_bulk_open(&bulk, (uint32_t)hd_io_left_ms(deadline_ms) + 1, err))
        return -1;
    bulk->silent_ms = (uint32_t)hd_io_left_ms(deadline_ms);
    if (hd_xs_ask(bulk, XS_READ, HD_XS_WANT_OK, "/", "", 0) &&
        hd_xs_exchange(bulk, &at))
        return 0;
    if (errno == ETIMEDOUT)
        return hd_fail_errno(err, HD_E_TIMEOUT, "xenstored does not answer");
    if (errno == EIO)
        return hd_fail(err, HD_E_NO_XEN, "xenstored hangs up");
    return 0;
}
