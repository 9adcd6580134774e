/* SPDX-License-Identifier: MIT */
/* The life of a store: plugged in, read, judged, gone; never blocks. */
#include "life.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/ejected.h"
#include "../host/loop.h"
#include "../watch/agents.h"
#include "../watch/floods.h"
#include "ask.h"
#include "explain.h"
#include "file.h"
#include "hot_queue.h"
#include "keep.h"
#include "orders.h"
#include "read.h"
#include "record.h"
#include "task.h"

/* ---- changes of state */

/* `guest` NULL: of the store; `phases` NULL: it took none. */
static void tell(struct hd_store *store, const struct hd_guest_life *guest,
                 enum hd_state from, enum hd_state to, uint64_t since_ms,
                 const char *reason, const char *message,
                 const struct hd_phases *phases)
{
    struct hd_event event = {
        .time_ms = hd_event_now_ms(),
        .from = from,
        .to = to,
        .lasted_ms = hd_io_now_ms() - since_ms,
    };

    snprintf(event.store, sizeof(event.store), "%s", hd_store_title(store));
    if (guest)
        strcpy(event.guest, guest->name);
    if (phases)
        event.phases = *phases;
    snprintf(event.reason, sizeof(event.reason), "%s", reason ? reason : "");
    snprintf(event.message, sizeof(event.message), "%s",
             message ? message : "");
    hd_log(HD_LOG_DEBUG, "%s%s%s: %s -> %s %s %s", event.store,
           guest ? "." : "", event.guest, hd_state_name(from),
           hd_state_name(to), event.reason, event.message);
    hd_events_add(store->daemon->events, &event);
    if (store->waiter)
        hd_control_progress(store->waiter, &event);
}

/* What ends, or starts again, gets no devices any more. */
static void drop_orders(struct hd_store *store,
                        const struct hd_guest_life *guest)
{
    struct hd_err why = {0};

    if (guest ? hd_store_guest_lives(guest) : store->state == HD_STATE_RUNNING)
        return;
    hd_fail(&why, guest ? HD_E_NO_GUEST : HD_E_BUSY, "%s%s is %s by now",
            guest ? "guest " : "", guest ? guest->name : hd_store_title(store),
            hd_state_name(guest ? guest->state : store->state));
    hd_hot_queue_drop(store, guest ? guest->name : NULL, &why);
}

/* False when it stays as it is. */
static bool leads_to(const struct hd_change *change, const char *name,
                     enum hd_state from, enum hd_cause on, enum hd_state *ret)
{
    if (!change) {
        hd_log(HD_LOG_ERROR, "%s is %s, which knows no \"%s\"; it stays so",
               name, hd_state_name(from), hd_cause_name(on));
        return false;
    }
    if (change->to == HD_STAYS || change->to == from)
        return false;
    *ret = change->to;
    return true;
}

/* What is no store is not spoken of, so that it is seen is told when it has
 * been read. */
void hd_life_know(struct hd_store *store)
{
    if (!store->known)
        tell(store, NULL, HD_NOTHING, HD_STATE_SEEN, hd_io_now_ms(), NULL, NULL,
             NULL);
    store->known = true;
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].state == HD_NOTHING)
            hd_life_set_guest(store, &store->guests[i], HD_ON_PLUG, NULL, NULL);
}

void hd_life_set(struct hd_store *store, enum hd_cause on, const char *reason,
                 const char *message)
{
    enum hd_state from = store->state;
    uint64_t since = store->since_ms;

    if (!leads_to(hd_states_find(HD_OF_STORE, from, on), hd_store_title(store),
                  from, on, &store->state))
        return;
    store->since_ms = hd_io_now_ms();
    if (on == HD_ON_PLUG)
        return; /* see hd_life_know */
    hd_life_know(store);
    tell(store, NULL, from, store->state, since, reason, message, NULL);
    drop_orders(store, NULL);
    hd_ask_look(store, reason);
}

void hd_life_set_guest(struct hd_store *store, struct hd_guest_life *guest,
                       enum hd_cause on, const char *reason,
                       const char *message)
{
    enum hd_state from = guest->state;
    uint64_t since = guest->since_ms;

    if (!leads_to(hd_states_find(HD_OF_GUEST, from, on), guest->name, from, on,
                  &guest->state))
        return;
    guest->since_ms = hd_io_now_ms();
    /* Who is to be destroyed is so also when an eject asks it first, and who is
     * asked is so by the next hotdomd as well. */
    if (!hd_store_guest_lives(guest) && guest->state != HD_STATE_EJECTING)
        guest->order = HD_ORDER_NONE;
    if (!hd_store_guest_lives(guest))
        hd_floods_leave(store->daemon, guest);
    if (guest->state == HD_STATE_LOCKED || guest->state == HD_STATE_GONE) {
        guest->domid = -1;
        guest->stuck = false;
    }
    if (guest->state == HD_STATE_RUNNING && from != HD_STATE_PAUSED) {
        guest->agent = (struct hd_agent){0};
        guest->unserved = 0;
    }
    tell(store, guest, from, guest->state, since, reason, message,
         guest->state == HD_STATE_RUNNING && from != HD_STATE_RUNNING
             ? &guest->phases
             : NULL);
    drop_orders(store, guest);
    if (guest->state == HD_STATE_RUNNING)
        hd_agents_ring(store->daemon->agents);
}

void hd_life_note(struct hd_store *store, const struct hd_guest_life *guest,
                  const char *reason, const char *message)
{
    if (guest)
        tell(store, guest, guest->state, guest->state, guest->since_ms, reason,
             message, NULL);
    else
        tell(store, NULL, store->state, store->state, store->since_ms, reason,
             message, NULL);
}

void hd_life_note_attached(struct hd_store *store,
                           const struct hd_guest_life *guest,
                           const char *message, const struct hd_phases *phases)
{
    tell(store, guest, guest->state, guest->state, guest->since_ms, "attached",
         message, phases);
}

void hd_life_refuse(struct hd_store *store, const struct hd_err *why)
{
    store->why = *why;
    hd_log(HD_LOG_WARNING, "%s is refused: %s", hd_store_title(store),
           why->msg);
    hd_life_set(store, HD_ON_REFUSE, hd_err_reason(why->code), why->msg);
    hd_control_finish(&store->waiter, why, NULL);
}

/* ---- read */

static void on_answer(void *ctx, struct hd_answer *answer, const int *fds,
                      size_t n, const struct hd_err *why);

/* A disk that is late is no reason to end the guests that use it; one that is
 * late for so long is. */
static bool read_again(struct hd_store *store, const struct hd_err *why)
{
    struct hd_err err;

    if (why->code != HD_E_TIMEOUT || !store->present ||
        store->late >= HD_LIMIT_LATE)
        return false;
    store->late++;
    hd_log(HD_LOG_WARNING, "%s runs on, but %s", store->label, why->msg);
    return !hd_read_start(store->daemon, &store->device, on_answer, store,
                          &store->reader, &err);
}

static void on_adopted(struct hd_store *store, const struct hd_err *why)
{
    if (read_again(store, why))
        return;
    if (why->code || !hd_adopt_accept(store))
        hd_teardown_yank(store, NULL, HD_AFTER_READ);
}

static void on_answer(void *ctx, struct hd_answer *answer, const int *fds,
                      size_t n, const struct hd_err *why)
{
    struct hd_store *store = ctx;

    store->reader = NULL;
    hd_store_take(store, answer, fds, n);
    if (answer && answer->err.code)
        why = &answer->err;
    if (store->adopt) {
        on_adopted(store, why);
        return;
    }
    if (why->code == HD_E_NOT_A_STORE) {
        /* Any other stick: not ours to speak of, unless someone asked. */
        hd_log(HD_LOG_DEBUG, "%s: %s", store->device.name, why->msg);
        hd_ejected_forget(HD_EJECTED_DIR, store->device.diskseq);
        hd_control_finish(&store->waiter, why, NULL);
        if (hd_loop_is_ours(store->device.name))
            hd_file_release(store->daemon->loop, &store->device, NULL);
        /* It was one when it was read before. */
        if (store->known)
            hd_life_set(store, HD_ON_LEAVE, hd_err_reason(why->code), NULL);
        hd_stores_remove(&store->daemon->stores, store);
        hd_store_free(store);
        return;
    }
    if (hd_ejected_has(HD_EJECTED_DIR, store->device.diskseq)) {
        hd_life_know(store);
        hd_log(HD_LOG_INFO,
               "%s was ejected and stays so; `hotdom attach %s` brings it back",
               hd_store_title(store), store->device.name);
        hd_life_drop(store, "eject");
    } else if (why->code) {
        hd_life_refuse(store, why);
    } else {
        hd_life_admit(store);
    }
}

void hd_life_read(struct hd_store *store)
{
    struct hd_err err = {0};

    if (store->ahead.plan) {
        hd_ahead_drop(store, HD_AFTER_READ);
        return;
    }
    hd_life_set(store, HD_ON_REREAD, NULL, NULL);
    hd_record_cancel(hd_steal(&store->record));
    hd_explain_drop(store);
    hd_restart_drop(store);
    hd_orders_drop(store);
    hd_ask_end(store);
    for (size_t i = 0; i < store->n_guests; i++)
        hd_life_set_guest(store, &store->guests[i], HD_ON_LEAVE, NULL, NULL);
    hd_store_clear(store);
    store->why = (struct hd_err){0};
    if (hd_read_start(store->daemon, &store->device, on_answer, store,
                      &store->reader, &err))
        hd_life_refuse(store, &err);
}

void hd_life_appeared(struct hd_daemon *d, const struct hd_device *device)
{
    struct hd_store *store;

    if (d->stopping)
        return;
    store = hd_store_new(d, d->loop, device);
    if (!store) {
        hd_log(HD_LOG_ERROR, "no memory to look at %s", device->name);
        return;
    }
    hd_stores_add(&d->stores, store);
    hd_life_set(store, HD_ON_PLUG, NULL, NULL);
    hd_life_read(store);
}

/* ---- gone */

void hd_life_vanished(struct hd_daemon *d, const struct hd_device *device)
{
    struct hd_store *store = hd_stores_by_diskseq(&d->stores, device->diskseq);
    const struct hd_change *change;

    hd_ejected_forget(HD_EJECTED_DIR, device->diskseq);
    if (!store)
        return;
    store->present = false;
    if (store->state != HD_STATE_SEEN || store->adopt)
        hd_tally_yank(&d->tally, store->state);
    if (store->reader)
        hd_read_cancel(hd_steal(&store->reader));
    change = hd_states_find(HD_OF_STORE, store->state, HD_ON_PULL);
    if (change && change->to == HD_STATE_GONE && !store->adopt &&
        !store->task && !store->ahead.plan)
        hd_life_drop(store, "device-gone");
    else
        hd_teardown_yank(store, NULL, HD_AFTER_DROP);
}

/* A place is free: those who were refused for want of it are looked at again.
 */
static void reconsider(struct hd_daemon *d)
{
    for (struct hd_store *s = d->stores.first; s; s = s->next)
        if (s->state == HD_STATE_REFUSED && !d->stopping &&
            (s->why.code == HD_E_DUPLICATE_STORE || s->why.code == HD_E_LIMIT))
            hd_life_read(s);
}

/* Who waits for its end. */
static void tell_gone(struct hd_store *store)
{
    struct hd_err gone = {0};

    if (hd_loop_is_ours(store->device.name)) {
        hd_file_release(store->daemon->loop, &store->device,
                        hd_steal(&store->waiter));
        return;
    }
    /* Who waits behind a pull for those who were kept wants them gone. */
    if (store->present || !store->waiter || hd_keep_any(store)) {
        hd_control_finish(&store->waiter, NULL, NULL);
        return;
    }
    hd_fail(&gone, HD_E_GONE, "%s was unplugged", hd_store_title(store));
    hd_control_finish(&store->waiter, &gone, NULL);
}

void hd_life_drop(struct hd_store *store, const char *reason)
{
    struct hd_daemon *d = store->daemon;
    bool known = store->known || *store->label;

    hd_explain_drop(store);
    hd_restart_drop(store);
    hd_orders_drop(store);
    if (known)
        hd_life_know(store);
    for (size_t i = 0; known && i < store->n_guests; i++)
        hd_life_set_guest(store, &store->guests[i], HD_ON_LEAVE, reason, NULL);
    if (known)
        hd_life_set(store, HD_ON_LEAVE, reason,
                    store->present ? "safe to remove" : NULL);
    tell_gone(store);
    hd_stores_remove(&d->stores, store);
    hd_store_free(store);
    reconsider(d);
}

bool hd_life_stop(struct hd_daemon *d)
{
    struct hd_err why = {0};
    bool idle = true;

    hd_fail(&why, HD_E_NO_DAEMON, "hotdomd is being stopped");
    for (struct hd_store *s = d->stores.first; s; s = s->next) {
        if (s->reader)
            hd_read_cancel(hd_steal(&s->reader));
        uv_timer_stop(&s->retry);
        hd_ask_end(s);
        hd_hot_queue_drop(s, NULL, &why);
        idle = idle && !s->task;
    }
    return idle;
}
