/* SPDX-License-Identifier: MIT */
/* The nodes of a xenstore in memory; xs_kit_wire.c serves them, and
 * xs_kit_watch.c tells who watches them. */
#include "xs_kit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/bus/xs.h"
#include "xs_kit_store.h"

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

/* ---- requests */

const char *xs_kit_read(const char *path)
{
    if (xs_kit.guest)
        xs_kit.guest();
    errno = xs_kit.read_errno ? xs_kit.read_errno : ENOENT;
    return xs_kit.read_errno ? NULL : xs_kit_get(path);
}

bool xs_kit_write(const char *path, const char *data, size_t len)
{
    if (write_fails())
        return false;
    snprintf(need(path)->value, sizeof(now.nodes->value), "%.*s", (int)len,
             data);
    wrote(path);
    return true;
}

bool xs_kit_mkdir(const char *path)
{
    return find(path) || xs_kit_write(path, "", 0);
}

bool xs_kit_rm(const char *path)
{
    size_t len = strlen(path), kept = 0;

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

bool xs_kit_set_rights(const char *path, const char *rights)
{
    if (write_fails())
        return false;
    snprintf(need(path)->rights, sizeof(now.nodes->rights), "%s,%s", rights,
             rights + strlen(rights) + 1);
    return true;
}

void xs_kit_begin(void)
{
    if (in_transaction)
        abort();
    in_transaction = true;
    before = now;
}

bool xs_kit_end(bool commit)
{
    bool lost = commit && xs_kit.races > 0;

    in_transaction = false;
    xs_kit.ends++;
    if (!commit || lost)
        now = before;
    tell_differences(&now, &before, true);
    tell_differences(&before, &now, false);
    if (!lost)
        return true;
    xs_kit.races--;
    errno = EAGAIN;
    return false;
}

size_t xs_kit_list(const char *path, char *names, size_t size)
{
    size_t len = strlen(path), at = 0, last = 0;

    for (size_t i = 0; i < now.n; i++) {
        const char *p = now.nodes[i].path;
        size_t name = strncmp(p, path, len) || p[len] != '/'
                          ? 0
                          : strcspn(p + len + 1, "/");

        if (!name || (at && !strncmp(names + last, p + len + 1, name) &&
                      !names[last + name]))
            continue;
        if (size - at <= name)
            abort();
        last = at;
        at += (size_t)snprintf(names + at, size - at, "%.*s", (int)name,
                               p + len + 1) +
              1;
    }
    return at;
}
