/* SPDX-License-Identifier: MIT */
/* Bounded access to xenstore; never trusts what a node holds. */
#include "xs.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <xenstore.h>

#include "../base/io.h"

/* A transaction that lost its race this often lives on a sick xenstored. */
#define TRIES 100

struct hd_xs {
    struct xs_handle *handle;
};

static bool printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return true;
}

/* One attempt; false with errno set, EAGAIN when another writer was faster. */
static bool write_once(struct xs_handle *h, const struct hd_xs_node *nodes,
                       size_t n, const char **ret_at)
{
    xs_transaction_t t = xs_transaction_start(h);

    *ret_at = "a transaction";
    if (!t)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *value = nodes[i].value;
        bool ok = value ? xs_write(h, t, nodes[i].path, value, strlen(value))
                        : xs_rm(h, t, nodes[i].path) || errno == ENOENT;

        if (!ok) {
            int sys = errno;

            xs_transaction_end(h, t, true);
            errno = sys;
            *ret_at = nodes[i].path;
            return false;
        }
    }
    return xs_transaction_end(h, t, false);
}

/* A node takes after the one above it, which may be the guest's own. */
static bool show_node(struct xs_handle *h, xs_transaction_t t, unsigned domid,
                      const char *node, const char *value)
{
    struct xs_permissions perms[] = {{.id = 0, .perms = XS_PERM_NONE},
                                     {.id = domid, .perms = XS_PERM_READ}};

    return (value ? xs_write(h, t, node, value, strlen(value))
                  : xs_mkdir(h, t, node)) &&
           xs_set_permissions(h, t, node, perms, 2);
}

/* One attempt, from the top down; `node` is base/path, `at` where path begins.
 */
static bool show_once(struct xs_handle *h, unsigned domid, char *node, char *at,
                      const char *value)
{
    xs_transaction_t t = xs_transaction_start(h);
    bool ok = t != XBT_NULL;
    int sys;

    for (char *end = strchr(at, '/'); ok && end; end = strchr(end + 1, '/')) {
        *end = '\0';
        ok = show_node(h, t, domid, node, NULL);
        *end = '/';
    }
    if (ok && show_node(h, t, domid, node, value))
        return xs_transaction_end(h, t, false);
    sys = errno;
    if (t != XBT_NULL)
        xs_transaction_end(h, t, true);
    errno = sys;
    return false;
}

int hd_xs_open(struct hd_xs **ret, struct hd_err *err)
{
    hd_auto(hd_xs) xs = calloc(1, sizeof(*xs));

    if (!xs)
        return hd_fail_errno(err, HD_E_FAILED, "open xenstore");
    xs->handle = xs_open(0);
    if (!xs->handle)
        return hd_fail_errno(err, HD_E_NO_XEN, "xenstore does not answer");
    *ret = hd_steal(&xs);
    return 0;
}

void hd_xs_free(struct hd_xs *xs)
{
    if (!xs)
        return;
    xs_close(xs->handle);
    free(xs);
}

int hd_xs_read(struct hd_xs *xs, const char *path, char *buf, size_t size,
               struct hd_err *err)
{
    unsigned len = 0;
    hd_autofree char *value = xs_read(xs->handle, XBT_NULL, path, &len);

    if (!value && errno == ENOENT)
        return 0;
    if (!value)
        return hd_fail_errno(err, HD_E_IO, "cannot read xenstore %s", path);
    if (len >= size)
        return hd_fail(err, HD_E_FAILED,
                       "xenstore %s holds %u bytes, more than %zu", path, len,
                       size - 1);
    if (!printable(value, len))
        return hd_fail(err, HD_E_FAILED,
                       "xenstore %s holds characters that are not printable",
                       path);
    memcpy(buf, value, len);
    buf[len] = '\0';
    return 1;
}

int hd_xs_write(struct hd_xs *xs, const struct hd_xs_node *nodes, size_t n,
                struct hd_err *err)
{
    const char *at = "";

    for (int i = 0; i < TRIES; i++) {
        if (write_once(xs->handle, nodes, n, &at))
            return 0;
        if (errno != EAGAIN)
            break;
    }
    return hd_fail_errno(err, HD_E_IO, "cannot write xenstore %s", at);
}

int hd_xs_show(struct hd_xs *xs, uint32_t domid, const char *base,
               const char *path, const char *value, struct hd_err *err)
{
    char node[HD_XS_PATH_SIZE];

    if (snprintf(node, sizeof(node), "%s/%s", base, path) >= (int)sizeof(node))
        return hd_fail(err, HD_E_FAILED, "the xenstore path %.64s is too long",
                       path);
    for (int i = 0; i < TRIES; i++) {
        if (show_once(xs->handle, domid, node, node + strlen(base) + 1, value))
            return 0;
        if (errno != EAGAIN)
            break;
    }
    return hd_fail_errno(err, HD_E_IO, "cannot write xenstore %s", node);
}

int hd_xs_list(struct hd_xs *xs, const char *path, char ***ret_names,
               size_t *ret_n, struct hd_err *err)
{
    unsigned n = 0;
    char **names = xs_directory(xs->handle, XBT_NULL, path, &n);

    if (!names && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot list xenstore %s", path);
    *ret_names = names;
    *ret_n = names ? n : 0;
    return 0;
}

int hd_xs_watch(struct hd_xs *xs, const char *path, const char *token,
                struct hd_err *err)
{
    if (!xs_watch(xs->handle, path, token))
        return hd_fail_errno(err, HD_E_IO, "cannot watch xenstore %s", path);
    return 0;
}

int hd_xs_fd(struct hd_xs *xs)
{
    return xs_fileno(xs->handle);
}

int hd_xs_check(struct hd_xs *xs, char *token, size_t size, struct hd_err *err)
{
    hd_autofree char **event = xs_check_watch(xs->handle);

    if (!event && errno == EAGAIN)
        return 0;
    if (!event)
        return hd_fail_errno(err, HD_E_IO, "xenstore went away");
    snprintf(token, size, "%s", event[XS_WATCH_TOKEN]);
    return 1;
}

int hd_xs_wait(struct hd_xs *xs, uint64_t deadline_ms, struct hd_err *err)
{
    struct pollfd pfd = {.fd = hd_xs_fd(xs), .events = POLLIN};
    char token[1];
    int rc;

    if (poll(&pfd, 1, hd_io_left_ms(deadline_ms)) < 0 && errno != EINTR)
        return hd_fail_errno(err, HD_E_FAILED, "cannot wait for xenstore");
    do {
        rc = hd_xs_check(xs, token, sizeof(token), err);
    } while (rc > 0);
    return rc;
}
