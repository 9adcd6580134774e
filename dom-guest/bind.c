/* SPDX-License-Identifier: MIT */
/* Writes values of the registry to files; reads none back, and removes none. */
#include "bind.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/tables.h"
#include "folder.h"
#include "replace.h"

bool hd_bind_parse(const char *text, struct hd_bind *ret)
{
    const char *blank = strchr(text, ' ');
    struct hd_bind b;

    if (!blank || (size_t)(blank - text) >= sizeof(b.key) ||
        strlen(blank + 1) >= sizeof(b.file))
        return false;
    snprintf(b.key, sizeof(b.key), "%.*s", (int)(blank - text), text);
    strcpy(b.file, blank + 1);
    if (!hd_key_is_valid(b.key) || !hd_tables_is_path(b.file))
        return false;
    *ret = b;
    return true;
}

int hd_bind_load(struct hd_xsdev *x, struct hd_bind ret[HD_BINDS],
                 size_t *ret_n, struct hd_err *err)
{
    char nodes[HD_XSDEV_PAYLOAD + 1], path[128], text[HD_XSDEV_PAYLOAD + 1];
    size_t len, n = 0;

    if (hd_xsdev_list(x, HD_BIND_NODE, nodes, &len, err))
        return -1;
    for (const char *at = nodes; at < nodes + len && n < HD_BINDS;
         at += strlen(at) + 1) {
        int rc;

        snprintf(path, sizeof(path), HD_BIND_NODE "/%.64s", at);
        rc = hd_xsdev_read(x, path, text, sizeof(text), err);
        if (rc < 0)
            return -1;
        n += rc && hd_bind_parse(text, &ret[n]);
    }
    *ret_n = n;
    return 0;
}

/* In place: a list's NULs are the ends of its lines. */
static size_t to_text(const struct hd_value *value, char *text)
{
    size_t len = value->len;

    if (len)
        memcpy(text, value->data, len);
    if (value->type == HD_VALUE_BYTES)
        return len;
    for (size_t i = 0; i < len; i++)
        if (!text[i])
            text[i] = '\n';
    if (len && text[len - 1] != '\n')
        text[len++] = '\n';
    return len;
}

int hd_bind_write(const struct hd_bind *bind, const struct hd_value *value,
                  const char *root, struct hd_err *err)
{
    hd_autofree char *text = malloc(value->len + 1);
    char path[PATH_MAX];
    size_t len;

    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "write %s", bind->file);
    len = to_text(value, text);
    snprintf(path, sizeof(path), "%s%s", root, bind->file);
    return hd_folder_make_above(path, err) ||
                   hd_replace_file(path, text, len, 0644, err)
               ? hd_wrap(err, "%s", bind->key)
               : 0;
}

/* ---- by the hand */

struct order {
    struct hd_bind bind;
    char root[PATH_MAX];
    enum hd_value_type type;
    size_t len;
    char data[HD_VALUE_MAX];
};

_Static_assert(sizeof(struct order) <= HD_HAND_ASK, "an order is told whole");

static int obey(void *ctx, const void *ask, size_t len, void *answer,
                struct hd_err *err)
{
    const struct order *o = ask;
    const struct hd_value value = {o->type, o->data, o->len};

    (void)ctx, (void)len, (void)answer;
    return hd_bind_write(&o->bind, &value, o->root, err);
}

int hd_bind_write_by(struct hd_hand *hand, const struct hd_bind *bind,
                     const struct hd_value *value, const char *root,
                     struct hd_err *err)
{
    hd_autofree struct order *o = NULL;

    if (!hand)
        return hd_bind_write(bind, value, root, err);
    if (value->len > HD_VALUE_MAX)
        return hd_fail(err, HD_E_LIMIT, "%zu bytes at once", value->len);
    o = calloc(1, sizeof(*o));
    if (!o)
        return hd_fail_errno(err, HD_E_FAILED, "write %s", bind->file);
    o->bind = *bind;
    snprintf(o->root, sizeof(o->root), "%s", root);
    o->type = value->type;
    o->len = value->len;
    if (value->len)
        memcpy(o->data, value->data, value->len);
    return hd_hand_do(hand, obey, o, offsetof(struct order, data) + o->len,
                      NULL, 0, hd_io_now_ms() + HD_HAND_WRITE_MS, err)
               ? hd_wrap(err, "%s", bind->key)
               : 0;
}
