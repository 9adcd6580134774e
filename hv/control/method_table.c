/* SPDX-License-Identifier: MIT */
/* The methods that show and change what a running guest reads of the host; none
 * blocks. */
#include "method_table.h"

#include <string.h>

#include "../daemon/daemon.h"
#include "../daemon/shown.h"
#include "../daemon/tabling.h"
#include "../store/text.h"
#include "named.h"

int hd_method_table(struct hd_daemon *d, struct hd_conn *conn,
                    const struct hd_request *req, struct hd_err *err)
{
    struct hd_guest_life *guest;
    struct hd_store *store;
    struct json_object *o;

    if (hd_named_request(&d->stores, req, &store, &guest, err) ||
        hd_shown_list(store, guest, &o, err))
        return -1;
    hd_conn_reply(conn, hd_reply_ok(o, false), true);
    return 0;
}

/* The request's guest and its path. */
static int find(struct hd_daemon *d, const struct hd_request *req,
                struct hd_store **ret_store, struct hd_guest_life **ret,
                const char **ret_path, struct hd_err *err)
{
    if (hd_named_request(&d->stores, req, ret_store, ret, err) ||
        hd_request_string(req, "path", HD_TABLES_PATH - 1, ret_path, err))
        return -1;
    if (!*ret_path || !**ret_path)
        return hd_fail(err, HD_E_USAGE, "path is missing");
    if (hd_text_span(*ret_path, strlen(*ret_path)) < strlen(*ret_path))
        return hd_fail(err, HD_E_USAGE, "path is no printable UTF-8");
    return 0;
}

int hd_method_table_which(struct hd_daemon *d, struct hd_conn *conn,
                          const struct hd_request *req, struct hd_err *err)
{
    struct hd_guest_life *guest;
    struct hd_store *store;
    struct json_object *o;
    const char *path;

    if (find(d, req, &store, &guest, &path, err) ||
        hd_shown_which(store, guest, path, &o, err))
        return -1;
    hd_conn_reply(conn, hd_reply_ok(o, false), true);
    return 0;
}

static int take_side(const struct hd_request *req, enum hd_side *ret,
                     struct hd_err *err)
{
    const char *text;

    if (hd_request_string(req, "side", 8, &text, err))
        return -1;
    if (text && strcmp(text, "host") && strcmp(text, "guest"))
        return hd_fail(err, HD_E_USAGE, "side is host or guest");
    *ret = text && !strcmp(text, "guest") ? HD_SIDE_GUEST : HD_SIDE_HOST;
    return 0;
}

int hd_method_table_add(struct hd_daemon *d, struct hd_conn *conn,
                        const struct hd_request *req, struct hd_err *err)
{
    struct hd_view_entry entry;
    struct hd_guest_life *guest;
    struct hd_store *store;
    const char *path;

    if (find(d, req, &store, &guest, &path, err) ||
        take_side(req, &entry.side, err))
        return -1;
    strcpy(entry.path, path);
    return hd_tabling_add(store, guest, &entry, conn, err);
}

int hd_method_table_remove(struct hd_daemon *d, struct hd_conn *conn,
                           const struct hd_request *req, struct hd_err *err)
{
    struct hd_guest_life *guest;
    struct hd_store *store;
    const char *path;

    if (find(d, req, &store, &guest, &path, err))
        return -1;
    return hd_tabling_remove(store, guest, path, conn, err);
}

int hd_method_table_log(struct hd_daemon *d, struct hd_conn *conn,
                        const struct hd_request *req, struct hd_err *err)
{
    struct hd_guest_life *guest;
    struct hd_store *store;

    if (!req->more)
        return hd_fail(err, HD_E_USAGE, "call TableLog with \"more\": true");
    if (hd_named_request(&d->stores, req, &store, &guest, err))
        return -1;
    return hd_shown_follow(store, guest, conn, err);
}
