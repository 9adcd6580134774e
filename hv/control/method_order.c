/* SPDX-License-Identifier: MIT */
/* The methods that pause a guest, let it go on, and end it; none blocks. */
#include "method_order.h"

#include "../daemon/life.h"
#include "named.h"

/* What an order leaves: the store may be gone with its last guest. */
static void reply(struct hd_conn *conn, const char *store, const char *guest,
                  enum hd_state state)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "store", json_object_new_string(store));
    json_object_object_add(o, "guest", json_object_new_string(guest));
    json_object_object_add(o, "state",
                           json_object_new_string(hd_state_name(state)));
    hd_conn_reply(conn, hd_reply_ok(o, false), true);
}

typedef int order_fn(struct hd_store *store, struct hd_guest_life *guest,
                     struct hd_err *err);

static int give(struct hd_daemon *d, struct hd_conn *conn,
                const struct hd_request *req, order_fn *order,
                struct hd_err *err)
{
    char title[HD_LABEL_SIZE], name[HD_NAME_SIZE];
    struct hd_guest_life *guest;
    struct hd_store *store;

    if (hd_named_request(&d->stores, req, &store, &guest, err))
        return -1;
    snprintf(title, sizeof(title), "%s", hd_store_title(store));
    snprintf(name, sizeof(name), "%s", guest->name);
    if (order(store, guest, err))
        return -1;
    /* A store is never dropped at once: its guest lives, or a job has it. */
    reply(conn, title, name, guest->state);
    return 0;
}

int hd_method_pause(struct hd_daemon *d, struct hd_conn *conn,
                    const struct hd_request *req, struct hd_err *err)
{
    return give(d, conn, req, hd_order_pause, err);
}

int hd_method_unpause(struct hd_daemon *d, struct hd_conn *conn,
                      const struct hd_request *req, struct hd_err *err)
{
    return give(d, conn, req, hd_order_unpause, err);
}

int hd_method_reboot(struct hd_daemon *d, struct hd_conn *conn,
                     const struct hd_request *req, struct hd_err *err)
{
    return give(d, conn, req, hd_order_reboot, err);
}

int hd_method_shutdown(struct hd_daemon *d, struct hd_conn *conn,
                       const struct hd_request *req, struct hd_err *err)
{
    return give(d, conn, req, hd_order_shutdown, err);
}

int hd_method_destroy(struct hd_daemon *d, struct hd_conn *conn,
                      const struct hd_request *req, struct hd_err *err)
{
    return give(d, conn, req, hd_order_destroy, err);
}
