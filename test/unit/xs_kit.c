/* SPDX-License-Identifier: MIT */
/* A xenstore in memory behind libxenstore's functions; xs_kit_wire.c serves it,
 * and xs_kit_watch.c tells who watches it. */
#include "xs_kit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

#include "../../pv-drivers/bus/xs.h"

#define NODES 256

struct node {
    char path[160], value[HD_XS_VALUE_SIZE];
    char rights[32];
};

static struct store {
    struct node nodes[NODES];
    size_t n;
} now, before; /* `before`: when the transaction, or a removal, began */

struct xs_kit xs_kit;
static bool in_transaction;

void xs_kit_reset(void)
{
    xs_kit = (struct xs_kit){0};
    now.n = 0;
}

static struct node *find_in(struct store *s, const char *path)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->nodes[i].path, path))
            return &s->nodes[i];
    return NULL;
}

static struct node *find(const char *path)
{
    return find_in(&now, path);
}

static struct node *need(const char *path)
{
    struct node *node = find(path);

    if (node || now.n == NODES)
        return node;
    node = &now.nodes[now.n++];
    *node = (struct node){0};
    snprintf(node->path, sizeof(node->path), "%s", path);
    return node;
}

void xs_kit_put(const char *path, const char *value)
{
    snprintf(need(path)->value, sizeof(now.nodes->value), "%s", value);
    xs_kit_changed(path);
}

const char *xs_kit_get(const char *path)
{
    const struct node *node = find(path);

    return node ? node->value : NULL;
}

bool xs_kit_is(const char *path, const char *value)
{
    const char *got = xs_kit_get(path);

    return value ? got && !strcmp(got, value) : !got;
}

const char *xs_kit_rights(const char *path)
{
    char above[160];
    char *end;

    snprintf(above, sizeof(above), "%s", path);
    do {
        const struct node *node = find(above);

        if (node && *node->rights)
            return node->rights;
        end = strrchr(above, '/');
        if (end)
            *end = '\0';
    } while (end && *above);
    return "";
}

size_t xs_kit_count(void)
{
    return now.n;
}

/* The socket's requests come without a handle, and are counted there. */
static void count(const struct xs_handle *h)
{
    xs_kit.trips += h != NULL;
}

static bool write_fails(void)
{
    if (++xs_kit.writes != xs_kit.fail_at)
        return false;
    errno = xs_kit.fail_errno;
    return true;
}

/* In a transaction its end says it. */
static void wrote(const char *path)
{
    if (!in_transaction)
        xs_kit_changed(path);
}

/* What is in `a` and not in `b`, or is something else there. */
static void tell_differences(struct store *a, struct store *b, bool and_other)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct node *is = &a->nodes[i], *was = find_in(b, is->path);

        if (!was || (and_other && strcmp(is->value, was->value)))
            xs_kit_changed(is->path);
    }
}

/* ---- libxenstore's functions, as xenstore.h has them */

struct xs_handle *__wrap_xs_open(unsigned long flags);
void __wrap_xs_close(struct xs_handle *h);
void *__wrap_xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
                     unsigned *len);
bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
                     const void *data, unsigned len);
bool __wrap_xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path);
bool __wrap_xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path);
bool __wrap_xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                               const char *path, struct xs_permissions *perms,
                               unsigned n);
xs_transaction_t __wrap_xs_transaction_start(struct xs_handle *h);
bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t,
                               bool abort);
char **__wrap_xs_directory(struct xs_handle *h, xs_transaction_t t,
                           const char *path, unsigned *n);

struct xs_handle *__wrap_xs_open(unsigned long flags)
{
    (void)flags;
    return (struct xs_handle *)&now;
}

void __wrap_xs_close(struct xs_handle *h)
{
    (void)h;
}

void *__wrap_xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
                     unsigned *len)
{
    const char *value;

    (void)t;
    count(h);
    if (xs_kit.guest)
        xs_kit.guest();
    value = xs_kit.read_errno ? NULL : xs_kit_get(path);
    errno = xs_kit.read_errno ? xs_kit.read_errno : ENOENT;
    if (value && len)
        *len = (unsigned)strlen(value);
    return value ? strdup(value) : NULL;
}

bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
                     const void *data, unsigned len)
{
    (void)t;
    count(h);
    if (write_fails())
        return false;
    snprintf(need(path)->value, sizeof(now.nodes->value), "%.*s", (int)len,
             (const char *)data);
    wrote(path);
    return true;
}

bool __wrap_xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    return find(path) || __wrap_xs_write(h, t, path, "", 0);
}

bool __wrap_xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    size_t len = strlen(path), kept = 0;

    (void)t;
    count(h);
    if (write_fails())
        return false;
    if (!in_transaction)
        before = now;
    for (size_t i = 0; i < now.n; i++) {
        const char *p = now.nodes[i].path;

        if (strncmp(p, path, len) || (p[len] && p[len] != '/'))
            now.nodes[kept++] = now.nodes[i];
    }
    errno = ENOENT;
    if (kept == now.n)
        return false;
    now.n = kept;
    if (!in_transaction) /* what was below is watched as well */
        tell_differences(&before, &now, false);
    return true;
}

bool __wrap_xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                               const char *path, struct xs_permissions *perms,
                               unsigned n)
{
    (void)t;
    count(h);
    if (write_fails() || n != 2)
        return false;
    snprintf(need(path)->rights, sizeof(now.nodes->rights), "n%u,r%u",
             perms[0].id, perms[1].id);
    return true;
}

xs_transaction_t __wrap_xs_transaction_start(struct xs_handle *h)
{
    count(h);
    if (in_transaction)
        abort();
    in_transaction = true;
    before = now;
    return 1;
}

bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t,
                               bool abort)
{
    bool lost = !abort && xs_kit.races > 0;

    (void)t;
    count(h);
    in_transaction = false;
    xs_kit.ends++;
    if (abort || lost)
        now = before;
    tell_differences(&now, &before, true);
    tell_differences(&before, &now, false);
    if (!lost)
        return true;
    xs_kit.races--;
    errno = EAGAIN;
    return false;
}

/* One piece, as libxenstore gives it: the pointers, then the names. */
char **__wrap_xs_directory(struct xs_handle *h, xs_transaction_t t,
                           const char *path, unsigned *n)
{
    size_t len = strlen(path);
    char **list = calloc(NODES, sizeof(*list) + 160);
    char *text = (char *)(list + NODES);

    (void)t;
    count(h);
    *n = 0;
    for (size_t i = 0; i < now.n; i++) {
        const char *p = now.nodes[i].path;
        size_t name = strncmp(p, path, len) || p[len] != '/'
                          ? 0
                          : strcspn(p + len + 1, "/");

        if (!name || (*n && !strncmp(list[*n - 1], p + len + 1, name) &&
                      !list[*n - 1][name]))
            continue;
        list[(*n)++] = text;
        text += snprintf(text, 160, "%.*s", (int)name, p + len + 1) + 1;
    }
    return list;
}
