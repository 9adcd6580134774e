/* SPDX-License-Identifier: MIT */
/* Has orders for devices wait for their store's other work; knows nothing of
 * what becomes of them. */
#include "hot_queue.h"

#include <stdlib.h>
#include <string.h>

#include "../control/wire.h"
#include "life.h"

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

/* Out of the queue; it is there until the loop runs again.  Whoever waits for
 * it is the caller's, or NULL. */
static struct hd_conn *take(struct hd_hot_order *order)
{
    struct hd_hot_order **at = &order->store->queue;
    struct hd_conn *conn = hd_steal(&order->conn);

    while (*at != order)
        at = &(*at)->next;
    *at = order->next;
    if (conn)
        conn->holder = NULL;
    uv_close((uv_handle_t *)&order->deadline, on_closed);
    return conn;
}

static void refuse(struct hd_hot_order *order, const struct hd_err *why)
{
    struct hd_conn *conn = take(order);

    hd_control_finish(&conn, why, NULL);
}

static void on_deadline(uv_timer_t *timer)
{
    struct hd_hot_order *order = timer->data;
    struct hd_err why = {0};

    hd_fail(&why, HD_E_BUSY,
            "%s has been busy with something else for %d s; try again when "
            "that is over",
            order->store->label, HD_LIMIT_WAIT / 1000);
    refuse(order, &why);
}

static int begin(struct hd_store *store, const struct hd_guest_life *guest,
                 const struct hd_hot_ask *ask, struct hd_conn *conn,
                 struct hd_err *err)
{
    if (ask->attach
            ? hd_hot_attach(store, guest, &ask->wish, err)
            : hd_hot_detach(store, guest, ask->what, ask->nic, ask->force, err))
        return -1;
    store->waiter = conn;
    return 0;
}

/* What ends is not waited for. */
static int check_stays(const struct hd_store *store,
                       const struct hd_guest_life *guest, struct hd_err *err)
{
    if (hd_order_check_lives(guest, err))
        return -1;
    if (store->state != HD_STATE_RUNNING || !store->present || store->leaving)
        return hd_fail(err, HD_E_BUSY,
                       "%s is busy with something else; try again when that "
                       "is over",
                       store->label);
    if (guest->order != HD_ORDER_NONE)
        return hd_fail(err, HD_E_BUSY,
                       "guest %s is to end, as soon as %s has time for that",
                       guest->name, store->label);
    return 0;
}

static int enqueue(struct hd_store *store, const struct hd_guest_life *guest,
                   const struct hd_hot_ask *ask, struct hd_conn *conn,
                   struct hd_err *err)
{
    struct hd_hot_order **at = &store->queue, *order;
    size_t n = 0;

    for (; *at; at = &(*at)->next)
        n++;
    if (n >= HD_HOT_QUEUE)
        return hd_fail(err, HD_E_BUSY,
                       "%s is busy with something else, and %d others wait for "
                       "that; try again later",
                       store->label, HD_HOT_QUEUE);
    order = calloc(1, sizeof(*order));
    if (!order)
        return hd_fail_errno(err, HD_E_FAILED, "wait for %s", store->label);
    order->store = store;
    order->ask = *ask;
    strcpy(order->guest, guest->name);
    order->deadline.data = order;
    uv_timer_init(store->daemon->loop, &order->deadline);
    uv_timer_start(&order->deadline, on_deadline, HD_LIMIT_WAIT, 0);
    hd_conn_hold(conn, &order->conn);
    *at = order;
    return 0;
}

int hd_hot_queue_ask(struct hd_store *store, const struct hd_guest_life *guest,
                     const struct hd_hot_ask *ask, struct hd_conn *conn,
                     struct hd_err *err)
{
    if (check_stays(store, guest, err))
        return -1;
    if (store->queue || hd_order_check_idle(store, guest, NULL))
        return enqueue(store, guest, ask, conn, err);
    return begin(store, guest, ask, conn, err);
}

void hd_hot_queue_next(struct hd_store *store)
{
    while (store->queue && !store->waiter && !store->task) {
        struct hd_hot_order *order = store->queue;
        struct hd_guest_life *guest = hd_store_guest(store, order->guest);
        struct hd_conn *conn = take(order);
        struct hd_err err = {0};

        if (conn && begin(store, guest, &order->ask, conn, &err))
            hd_control_finish(&conn, &err, NULL);
    }
}

void hd_hot_queue_drop(struct hd_store *store, const char *guest,
                       const struct hd_err *why)
{
    struct hd_hot_order *order, *next;

    for (order = store->queue; order; order = next) {
        next = order->next;
        if (!guest || !strcmp(order->guest, guest))
            refuse(order, why);
    }
}
