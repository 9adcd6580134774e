/* SPDX-License-Identifier: MIT */
/* What a person wants of a guest: a pause at once, its end by a job as soon as
 * the store has none; never blocks. */
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "hot_queue.h"
#include "life.h"
#include "orders.h"
#include "reboot.h"
#include "task.h"

/* ---- standing still */

int hd_order_check_lives(const struct hd_guest_life *guest, struct hd_err *err)
{
    if (hd_store_guest_lives(guest))
        return 0;
    return hd_fail(err, HD_E_NO_GUEST,
                   "guest %s does not run, it is %s; see `hotdom list`",
                   guest->name, hd_state_name(guest->state));
}

int hd_order_check_idle(const struct hd_store *store,
                        const struct hd_guest_life *guest, struct hd_err *err)
{
    if (hd_order_check_lives(guest, err))
        return -1;
    if (store->state != HD_STATE_RUNNING || store->task || store->reader ||
        store->retrying || store->waiter)
        return hd_fail(err, HD_E_BUSY,
                       "%s is busy with something else; try again when that "
                       "is over",
                       store->label);
    return 0;
}

int hd_order_pause(struct hd_store *store, struct hd_guest_life *guest,
                   struct hd_err *err)
{
    if (hd_order_check_lives(guest, err))
        return -1;
    if (guest->state == HD_STATE_PAUSED)
        return 0;
    if (hd_domain_pause(store->daemon->xen, (uint32_t)guest->domid, err))
        return -1;
    hd_life_set_guest(store, guest, HD_ON_PAUSE, NULL, NULL);
    return 0;
}

int hd_order_unpause(struct hd_store *store, struct hd_guest_life *guest,
                     struct hd_err *err)
{
    if (hd_order_check_lives(guest, err))
        return -1;
    if (guest->state == HD_STATE_RUNNING)
        return 0;
    if (hd_domain_unpause(store->daemon->xen, (uint32_t)guest->domid, err))
        return -1;
    hd_life_set_guest(store, guest, HD_ON_UNPAUSE, NULL, NULL);
    return 0;
}

int hd_order_reboot(struct hd_store *store, struct hd_guest_life *guest,
                    struct hd_err *err)
{
    if (hd_order_unpause(store, guest, err))
        return -1;
    return hd_reboot_ask(store->daemon->loop, (uint32_t)guest->domid, err);
}

/* A job, or libxl in it, pauses and destroys domains of its store; of a yank
 * that is tried again some stand still already. */
static bool is_ours(const struct hd_store *store)
{
    return store->task || store->retrying || !store->present;
}

void hd_order_see(struct hd_store *store, struct hd_guest_life *guest,
                  const struct hd_domain_status *status)
{
    /* A domid that is another domain's by now is left to hd_life_look. */
    if (is_ours(store) || !hd_store_guest_lives(guest) ||
        !hd_uuid_equal(&status->uuid, &guest->uuid))
        return;
    if (status->state == HD_DOMAIN_PAUSED)
        hd_life_set_guest(store, guest, HD_ON_PAUSE, NULL,
                          "another program paused it");
    else if (status->state == HD_DOMAIN_RUNNING)
        hd_life_set_guest(store, guest, HD_ON_UNPAUSE, NULL,
                          "another program lets it run again");
}

static void look_at(void *ctx, const struct hd_domain_status *status)
{
    struct hd_daemon *d = ctx;

    for (struct hd_store *s = d->stores.first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            if (s->guests[i].domid == (int64_t)status->domid)
                hd_order_see(s, &s->guests[i], status);
}

void hd_order_look(struct hd_daemon *d)
{
    struct hd_err err;

    if (d->xen && d->stores.first)
        (void)hd_domain_each(d->xen, look_at, d, &err);
}

/* ---- the end */

/* Of all that have a domain; who is preserved is never shut down. */
static bool all_have(const struct hd_store *store, enum hd_order order)
{
    for (size_t i = 0; i < store->n_guests; i++) {
        const struct hd_guest_life *g = &store->guests[i];

        if ((hd_store_guest_lives(g) || g->state == HD_STATE_PRESERVED) &&
            g->order != order)
            return false;
    }
    return true;
}

static void set_end(struct hd_store *store, struct hd_guest_life *guest)
{
    bool destroy = guest->order == HD_ORDER_DESTROY;

    hd_life_set_guest(store, guest, destroy ? HD_ON_DESTROY : HD_ON_END,
                      destroy ? "destroy" : "shutdown", NULL);
}

/* Side by side, as an eject or a pull does it; with the last one the store
 * goes. */
static void begin_all(struct hd_store *store, enum hd_order order)
{
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].order == order)
            set_end(store, &store->guests[i]);
    if (order == HD_ORDER_DESTROY)
        hd_teardown_force(store, "destroy");
    else
        hd_teardown_eject(store, NULL, "shutdown");
}

static void begin(struct hd_store *store, struct hd_guest_life *guest)
{
    enum hd_order order = guest->order;

    if (all_have(store, order)) {
        begin_all(store, order);
        return;
    }
    set_end(store, guest);
    if (order == HD_ORDER_DESTROY)
        hd_teardown_yank(store, guest->name, HD_AFTER_LOOK);
    else
        hd_teardown_eject(store, guest->name, "shutdown");
}

static bool is_idle(const struct hd_store *store)
{
    return store->state == HD_STATE_RUNNING && !store->task && !store->reader &&
           !store->retrying && !store->daemon->stopping;
}

static void begin_first(struct hd_store *store, enum hd_order order)
{
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].order == order) {
            begin(store, &store->guests[i]);
            return;
        }
}

/* Whoever is to be destroyed waits for nobody's devices.  A shutdown comes
 * behind those that its guest was to have before; none is taken behind it. */
void hd_order_next(struct hd_store *store)
{
    if (is_idle(store))
        begin_first(store, HD_ORDER_DESTROY);
    if (is_idle(store))
        hd_hot_queue_next(store);
    if (is_idle(store))
        begin_first(store, HD_ORDER_SHUTDOWN);
}

/* It is on its way down, and not up again. */
static int check_ends(const struct hd_store *store,
                      const struct hd_guest_life *guest, struct hd_err *err)
{
    if (!store->task || store->op != HD_JOB_RESTART ||
        strcmp(store->op_guest, guest->name))
        return 0;
    return hd_fail(err, HD_E_BUSY,
                   "guest %s starts again; try again when it runs",
                   guest->name);
}

int hd_order_shutdown(struct hd_store *store, struct hd_guest_life *guest,
                      struct hd_err *err)
{
    if (guest->state == HD_STATE_EJECTING)
        return check_ends(store, guest, err);
    if (hd_order_check_lives(guest, err))
        return -1;
    if (guest->order == HD_ORDER_NONE) {
        guest->order = HD_ORDER_SHUTDOWN;
        hd_orders_save(store);
    }
    hd_order_next(store);
    return 0;
}

bool hd_order_is_destroyed(const struct hd_store *store)
{
    size_t n = 0;

    for (size_t i = 0; i < store->n_guests; i++) {
        const struct hd_guest_life *g = &store->guests[i];

        /* Who lives is yet to be asked, behind those that are after it. */
        if (*store->op_guest
                ? strcmp(store->op_guest, g->name) != 0
                : g->state != HD_STATE_EJECTING && !hd_store_guest_lives(g))
            continue;
        if (g->order != HD_ORDER_DESTROY)
            return false;
        n++;
    }
    return n > 0;
}

/* Whoever does not want to wait any more ends that job, and hd_teardown_ended
 * goes on with force. */
void hd_order_cut(struct hd_store *store)
{
    const char *alone = *store->op_guest ? store->op_guest : NULL;

    if (!store->task || !hd_order_is_destroyed(store))
        return;
    if (store->op == HD_JOB_EJECT)
        hd_teardown_yank(store, alone, alone ? HD_AFTER_LOOK : HD_AFTER_DROP);
    else if (store->op == HD_JOB_DUMP)
        hd_task_kill(store->task);
}

/* What is given to it, or taken from it, just now needs its answer, and is over
 * soon; its own end pauses it. */
static bool is_served(const struct hd_store *store,
                      const struct hd_guest_life *guest)
{
    bool hot = store->op == HD_JOB_ATTACH || store->op == HD_JOB_DETACH;

    return store->task && (!strcmp(store->op_guest, guest->name) ||
                           (hot && !*store->op_guest));
}

/* The job of a neighbour may take as long as that one's grace, which is no time
 * for who is to be destroyed to go on in. */
static void hold_still(struct hd_store *store, struct hd_guest_life *guest)
{
    struct hd_err err;

    if (is_idle(store) || store->daemon->stopping ||
        !hd_store_guest_lives(guest) || is_served(store, guest))
        return;
    if (hd_order_pause(store, guest, &err))
        hd_log(HD_LOG_WARNING, "%s.%s runs until it is destroyed: %s",
               store->label, guest->name, err.msg);
}

int hd_order_destroy(struct hd_store *store, struct hd_guest_life *guest,
                     struct hd_err *err)
{
    struct hd_err gone = {0};

    if (guest->state == HD_STATE_EJECTING
            ? check_ends(store, guest, err)
            : guest->state != HD_STATE_PRESERVED &&
                  hd_order_check_lives(guest, err))
        return -1;
    guest->order = HD_ORDER_DESTROY;
    hd_fail(&gone, HD_E_NO_GUEST, "guest %s is being destroyed", guest->name);
    hd_hot_queue_drop(store, guest->name, &gone);
    /* First: nobody else would let it go on who stands still for that. */
    hd_orders_save(store);
    hd_order_cut(store);
    hold_still(store, guest);
    hd_order_next(store);
    return 0;
}
