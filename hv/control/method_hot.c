/* SPDX-License-Identifier: MIT */
/* The methods that give a running guest a device, or take it; none blocks. */
#include "method_hot.h"

#include "../daemon/life.h"
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

static int attach(struct hd_daemon *d, struct hd_conn *conn,
                  const struct hd_request *req, const struct hd_hot_wish *wish,
                  struct hd_err *err)
{
    struct hd_guest_life *guest;
    struct hd_store *store;

    if (hd_named_request(&d->stores, req, &store, &guest, err) ||
        hd_hot_attach(store, guest, wish, err))
        return -1;
    store->waiter = conn;
    return 0;
}

int hd_method_block_attach(struct hd_daemon *d, struct hd_conn *conn,
                           const struct hd_request *req, struct hd_err *err)
{
    const char *source, *as;
    struct hd_hot_wish wish;
    bool read_only;

    if (need(req, "source", &source, err) ||
        hd_request_string(req, "as", TEXT_MAX, &as, err) ||
        hd_request_bool(req, "read_only", &read_only, err) ||
        hd_hot_wish_disk(source, as, read_only, &wish, err))
        return -1;
    return attach(d, conn, req, &wish, err);
}

int hd_method_network_attach(struct hd_daemon *d, struct hd_conn *conn,
                             const struct hd_request *req, struct hd_err *err)
{
    const char *role, *as;
    struct hd_hot_wish wish;

    if (need(req, "role", &role, err) ||
        hd_request_string(req, "as", TEXT_MAX, &as, err) ||
        hd_hot_wish_nic(role, as, &wish, err))
        return -1;
    return attach(d, conn, req, &wish, err);
}

static int detach(struct hd_daemon *d, struct hd_conn *conn,
                  const struct hd_request *req, bool nic, struct hd_err *err)
{
    struct hd_guest_life *guest;
    struct hd_store *store;
    const char *what;
    bool force;

    if (need(req, nic ? "nic" : "disk", &what, err) ||
        hd_request_bool(req, "force", &force, err) ||
        hd_named_request(&d->stores, req, &store, &guest, err) ||
        hd_hot_detach(store, guest, what, nic, force, err))
        return -1;
    store->waiter = conn;
    return 0;
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
