/* SPDX-License-Identifier: MIT */
/* Makes entries of what the host has written for this guest; writes nothing. */
#include "told.h"

#include <stdio.h>
#include <string.h>

#include "promise.h"

#define ROOT  "data/hotdom/"
#define VALUE 256 /* bytes of one, with its letter and the NUL */

struct one {
    char key[HD_KEY_SIZE];
    char value[VALUE];
};

struct hd_told {
    size_t n;
    struct one all[HD_TOLD_MAX];
};

/* ---- nodes to entries */

static void add(struct hd_told *told, const char *key, const char *value)
{
    struct one *one = &told->all[told->n];
    struct hd_value v;

    if (told->n == HD_TOLD_MAX || strlen(value) >= VALUE ||
        !hd_key_is_valid(key) || !hd_value_parse(value, strlen(value), &v))
        return;
    strcpy(one->key, key);
    strcpy(one->value, value);
    told->n++;
}

static void add_map(struct hd_told *told, const char *name, const char *what,
                    const char *text, size_t len)
{
    char key[HD_KEY_SIZE], value[VALUE];

    snprintf(key, sizeof(key), "host/map/%.32s/%s", name, what);
    snprintf(value, sizeof(value), "s%.*s", (int)len, text);
    if (len)
        add(told, key, value);
}

/* "pv xenbr0 00:16:3e:01:02:03": how, the host's name for it, and behind that
 * what the guest knows it by, where that is not the name that it has here. */
static void take_map(struct hd_told *told, const char *class, const char *node,
                     const char *value)
{
    size_t n_how = strcspn(value, " ");
    const char *host = value + n_how + (value[n_how] == ' ');
    const char *last = strrchr(host, ' ');
    struct hd_promise p;
    bool known;

    if (!hd_promise_parse(class, node, value, &p))
        return;
    known = p.is_nic || (*p.device && strcmp(p.device, p.name));
    add_map(told, p.name, "class", class, strlen(class));
    add_map(told, p.name, "how", value, n_how);
    add_map(told, p.name, "host", host,
            known && last ? (size_t)(last - host) : strlen(host));
    if (known && last)
        add_map(told, p.name, "device", last + 1, strlen(last + 1));
    else if (*p.device)
        add_map(told, p.name, "device", p.device, strlen(p.device));
}

void hd_told_take(struct hd_told *told, const char *path, const char *value)
{
    char key[HD_KEY_SIZE], *node;

    if ((size_t)snprintf(key, sizeof(key), "%s", path) >= sizeof(key))
        return;
    if (!strncmp(key, "map/", 4)) {
        node = strchr(key + 4, '/');
        if (node) {
            *node++ = '\0';
            take_map(told, key + 4, node, value);
        }
        return;
    }
    for (char *c = key; *c; c++)
        if (*c == '@')
            *c = '.';
    add(told, key, value);
}

/* ---- read */

/* Folders above a key that a host writes are few. */
static int walk(struct hd_xsdev *x, struct hd_told *told, const char *path,
                unsigned depth, struct hd_err *err)
{
    char names[HD_XSDEV_PAYLOAD + 1], below[HD_KEY_SIZE],
        node[sizeof(ROOT) + HD_KEY_SIZE];
    char value[VALUE];
    size_t len;

    snprintf(node, sizeof(node), ROOT "%s", path);
    if (hd_xsdev_list(x, node, names, &len, err))
        return -1;
    for (const char *at = names; at < names + len; at += strlen(at) + 1) {
        if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, at) >=
            sizeof(below))
            continue;
        snprintf(node, sizeof(node), ROOT "%s", below);
        if (hd_xsdev_read(x, node, value, sizeof(value), NULL) == 1 && *value)
            hd_told_take(told, below, value);
        if (depth && walk(x, told, below, depth - 1, err))
            return -1;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    return hd_key_compare(((const struct one *)a)->key,
                          ((const struct one *)b)->key);
}

struct hd_told *hd_told_new(void)
{
    return calloc(1, sizeof(struct hd_told));
}

void hd_told_sort(struct hd_told *told)
{
    qsort(told->all, told->n, sizeof(told->all[0]), compare);
}

int hd_told_load(struct hd_xsdev *x, struct hd_told **ret, struct hd_err *err)
{
    static const struct {
        const char *folder;
        unsigned depth;
    } folders[] = {{"host", 3}, {"store", HD_KEY_DEPTH}, {"map", 1}};
    hd_auto(hd_told) told = hd_told_new();

    if (!told)
        return hd_fail_errno(err, HD_E_FAILED, "read what the host says");
    for (size_t i = 0; i < HD_ARRAY_LEN(folders); i++)
        if (walk(x, told, folders[i].folder, folders[i].depth, err))
            return -1;
    hd_told_sort(told);
    *ret = hd_steal(&told);
    return 0;
}

void hd_told_free(struct hd_told *told)
{
    free(told);
}

/* ---- asked */

bool hd_told_get(const struct hd_told *told, const char *key,
                 struct hd_value *ret)
{
    for (size_t i = 0; told && i < told->n; i++)
        if (!strcmp(told->all[i].key, key))
            return hd_value_parse(told->all[i].value,
                                  strlen(told->all[i].value), ret);
    return false;
}

bool hd_told_next(const struct hd_told *told, const char *above,
                  const char *from, bool past, struct hd_entry *ret)
{
    for (size_t i = 0; told && i < told->n; i++) {
        const struct one *one = &told->all[i];

        if (!hd_key_is_below(one->key, above) ||
            (*from && hd_key_compare(one->key, from) <= 0) ||
            (past && hd_key_is_below(one->key, from)))
            continue;
        strcpy(ret->key, one->key);
        return hd_value_parse(one->value, strlen(one->value), &ret->value);
    }
    return false;
}

void hd_told_compare(const struct hd_told *before, const struct hd_told *now,
                     const char *above,
                     void (*fn)(void *ctx, const struct hd_entry *e), void *ctx)
{
    size_t b = 0, n = 0;

    while (b < before->n || n < now->n) {
        const struct one *was = b < before->n ? &before->all[b] : NULL;
        const struct one *is = n < now->n ? &now->all[n] : NULL;
        int order = !was ? 1 : !is ? -1 : hd_key_compare(was->key, is->key);
        struct hd_entry e = {.value.type = HD_VALUE_NONE};

        b += order <= 0;
        n += order >= 0;
        strcpy(e.key, order < 0 ? was->key : is->key);
        if ((!order && !strcmp(was->value, is->value)) ||
            !hd_key_is_below(e.key, above))
            continue;
        if (order >= 0)
            hd_value_parse(is->value, strlen(is->value), &e.value);
        fn(ctx, &e);
    }
}
