/* SPDX-License-Identifier: MIT */
/* The methods that give a running guest a device, or take it; none blocks. */
#include "method_hot.h"

#include <stdio.h>

#include "../daemon/daemon.h"
#include "../daemon/hot_queue.h"
#include "named.h"

#define TEXT_MAX 64 /* bytes of a name in a request */

/* One that must be there. */
static int need(const struct hd_request *req, const char *key, const char **ret,
                struct hd_err *err)
{
    if (hd_request_string(req, key, TEXT_MAX, ret, err))
        return -1;
    return *ret ? 0 : hd_fail(err, HD_E_USAGE, "%s is missing", key);
}

static int ask(struct hd_daemon *d, struct hd_conn *conn,
               const struct hd_request *req, const struct hd_hot_ask *what,
               struct hd_err *err)
{
    struct hd_guest_life *guest;
    struct hd_store *store;

    if (hd_named_request(&d->stores, req, &store, &guest, err))
        return -1;
    return hd_hot_queue_ask(store, guest, what, conn, err);
}

int hd_method_block_attach(struct hd_daemon *d, struct hd_conn *conn,
                           const struct hd_request *req, struct hd_err *err)
{
    struct hd_hot_ask what = {.attach = true};
    const char *source, *as;
    bool read_only;

    if (need(req, "source", &source, err) ||
        hd_request_string(req, "as", TEXT_MAX, &as, err) ||
        hd_request_bool(req, "read_only", &read_only, err) ||
        hd_hot_wish_disk(source, as, read_only, &what.wish, err))
        return -1;
    return ask(d, conn, req, &what, err);
}

int hd_method_network_attach(struct hd_daemon *d, struct hd_conn *conn,
                             const struct hd_request *req, struct hd_err *err)
{
    struct hd_hot_ask what = {.attach = true};
    const char *role, *as;

    if (need(req, "role", &role, err) ||
        hd_request_string(req, "as", TEXT_MAX, &as, err) ||
        hd_hot_wish_nic(role, as, &what.wish, err))
        return -1;
    return ask(d, conn, req, &what, err);
}

static int detach(struct hd_daemon *d, struct hd_conn *conn,
                  const struct hd_request *req, bool nic, struct hd_err *err)
{
    struct hd_hot_ask what = {.nic = nic};
    const char *name;

    if (need(req, nic ? "nic" : "disk", &name, err) ||
        hd_request_bool(req, "force", &what.force, err))
        return -1;
    snprintf(what.what, sizeof(what.what), "%s", name);
    return ask(d, conn, req, &what, err);
}

int hd_method_block_detach(struct hd_daemon *d, struct hd_conn *conn,
                           const struct hd_request *req, struct hd_err *err)
{
    return detach(d, conn, req, false, err);
}

int hd_method_network_detach(struct hd_daemon *d, struct hd_conn *conn,
                             const struct hd_request *req, struct hd_err *err)
{
    return detach(d, conn, req, true, err);
}
