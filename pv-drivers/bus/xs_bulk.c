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

/* With all that was asked for in it, when that is `ok`, or with nothing. */
static bool end_with(struct hd_xs_bulk *b, bool ok, const char **ret_at)
{
    int sys = errno;

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

bool hd_xs_bulk_make(struct hd_xs_bulk *b, const struct hd_xs_folder *folders,
                     size_t n_folders, const struct hd_xs_node *nodes,
                     size_t n_nodes, const char **ret_at)
{
    return hd_xs_start(b, ret_at) &&
           end_with(b, ask_all(b, folders, n_folders, nodes, n_nodes, ret_at),
                    ret_at);
}

bool hd_xs_bulk_update(struct hd_xs_bulk *b, const struct hd_xs_node *node)
{
    const char *at;

    if (!hd_xs_start(b, &at))
        return false;
    hd_xs_begin(b);
    return end_with(b,
                    hd_xs_ask(b, XS_READ, HD_XS_WANT_OK, node->path, "", 0) &&
                        ask_node(b, node) && hd_xs_exchange(b, &at),
                    &at);
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

/* One, in no transaction; its answer is in `body`.  `more` of `n` bytes stands
 * behind the path. */
static bool ask_one(struct hd_xs_bulk *b, uint32_t type, const char *path,
                    const char *more, size_t n)
{
    const char *at;

    hd_xs_begin(b);
    b->transaction = 0;
    return hd_xs_ask(b, type, HD_XS_WANT_OK, path, more, n) &&
           hd_xs_exchange(b, &at);
}

bool hd_xs_bulk_value(struct hd_xs_bulk *b, const char *path, const char **ret,
                      size_t *ret_len)
{
    if (!ask_one(b, XS_READ, path, "", 0))
        return false;
    *ret = b->body;
    *ret_len = b->body_len;
    return true;
}

static bool append(char **text, size_t *len, const char *more, size_t n)
{
    char *p = realloc(*text, *len + n + 1);

    if (!p)
        return false;
    memcpy(p + *len, more, n);
    *text = p;
    *len += n;
    return true;
}

/* A part is the listing's generation and some of its names; the last one ends
 * with an empty name.  EAGAIN when the listing is another one meanwhile. */
static bool list_parts(struct hd_xs_bulk *b, const char *path, char **ret,
                       size_t *ret_len)
{
    hd_autofree char *names = NULL;
    char of[32] = "", from[24];
    size_t len = 0;

    for (;;) {
        int n = snprintf(from, sizeof(from), "%zu", len);
        size_t head;

        if (!ask_one(b, XS_DIRECTORY_PART, path, from, (size_t)n + 1))
            return false;
        head = strlen(b->body) + 1;
        errno = EAGAIN;
        if (head > sizeof(of) || (len && strcmp(of, b->body)))
            return false;
        strcpy(of, b->body);
        errno = EIO; /* no part is empty, and there is an end */
        if (b->body_len <= head || b->body[b->body_len - 1] ||
            len > HD_XS_LIST_SIZE ||
            !append(&names, &len, b->body + head, b->body_len - head))
            return false;
        if (len == 1 || !names[len - 2])
            break;
    }
    *ret_len = len - 1;
    *ret = hd_steal(&names);
    return true;
}

bool hd_xs_bulk_list(struct hd_xs_bulk *b, const char *path, char **ret,
                     size_t *ret_len)
{
    *ret = NULL;
    *ret_len = 0;
    if (ask_one(b, XS_DIRECTORY, path, "", 0))
        return append(ret, ret_len, b->body, b->body_len);
    return errno == E2BIG && list_parts(b, path, ret, ret_len);
}

char **hd_xs_split(const char *text, size_t len, size_t *ret_n)
{
    size_t n = 0;
    char **names, *at;

    for (size_t i = 0; i < len; i++)
        n += !text[i];
    names = malloc((n + 1) * sizeof(*names) + len + 1);
    if (!names)
        return NULL;
    at = memcpy(&names[n + 1], text, len);
    at[len] = '\0';
    for (size_t i = 0; i < n; i++, at += strlen(at) + 1)
        names[i] = at;
    names[n] = NULL;
    *ret_n = n;
    return names;
}

/* What it says does not matter. */
int hd_xs_answers(uint64_t deadline_ms, struct hd_err *err)
{
    hd_auto(hd_xs_bulk) bulk = NULL;

    if (hd_xs_bulk_open(&bulk, (uint32_t)hd_io_left_ms(deadline_ms) + 1, err))
        return -1;
    bulk->silent_ms = (uint32_t)hd_io_left_ms(deadline_ms);
    if (ask_one(bulk, XS_READ, "/", "", 0))
        return 0;
    if (errno == ETIMEDOUT)
        return hd_fail_errno(err, HD_E_TIMEOUT, "xenstored does not answer");
    if (errno == EIO)
        return hd_fail(err, HD_E_NO_XEN, "xenstored hangs up");
    return 0;
}
