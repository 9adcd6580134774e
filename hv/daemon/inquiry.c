/* SPDX-License-Identifier: MIT */
/* Asks guests' agents in threads; the loop waits for none, and hotdomd keeps no
 * byte of an answer. */
#include "inquiry.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../control/registry_json.h"
#include "../control/wire.h"
#include "../domain/inquire.h"
#include "daemon.h"
#include "life.h"

#define ANSWER_MS 15000
/* An answer of many pieces, or the volume of a guest, which may take long to
 * say that it has what is written. */
#define LONG_MS 75000
/* Of a guest that has told nothing yet: it may be young, or have no agent. */
#define YOUNG_MS 3000

struct hd_inquiry {
    struct hd_inquiry *next; /* of the daemon's */
    uv_work_t work;
    struct hd_daemon *daemon;
    struct hd_conn *conn; /* NULL: nobody waits for it */
    char store[HD_LABEL_SIZE], guest[HD_NAME_SIZE];
    uint32_t domid;
    bool has_agent;
    enum hd_regcall_op op;
    bool asked;                 /* it has a thread, whose own it is */
    struct hd_entries question; /* owned */
    struct json_object *answer; /* owned; NULL: the outcome says why */
    struct hd_err outcome;
};

static atomic_bool stopped;

void hd_inquiry_stop(void)
{
    stopped = true;
}

/* ---- in a thread */

static bool changes(const struct hd_inquiry *q)
{
    return q->op == HD_REGCALL_SET || q->op == HD_REGCALL_REPLACE;
}

static uint64_t patience_ms(const struct hd_inquiry *q)
{
    if (!q->has_agent)
        return YOUNG_MS;
    return q->op == HD_REGCALL_GET || q->op == HD_REGCALL_CHANGES ? ANSWER_MS
                                                                  : LONG_MS;
}

static int explain_silence(const struct hd_inquiry *q, struct hd_err *err)
{
    if (!q->has_agent)
        return hd_fail(err, HD_E_TIMEOUT,
                       "guest %s has no agent that answers, or none yet; pack "
                       "its store with --ramdisk auto, or install "
                       "hotdom-guest in it",
                       q->guest);
    return hd_fail(
        err, HD_E_TIMEOUT, "the agent of guest %s does not answer%s", q->guest,
        changes(q) ? "; what was asked may be done all the same" : "");
}

static int ask(const struct hd_inquiry *q, struct hd_entries *bytes,
               struct json_object **ret, struct hd_err *err)
{
    hd_auto(hd_xs) xs = NULL;

    if (hd_xs_open(&xs, err))
        return -1;
    if (hd_inquire(xs, q->domid, &q->question, hd_io_now_ms() + patience_ms(q),
                   &stopped, bytes, err))
        return err->code == HD_E_TIMEOUT ? explain_silence(q, err) : -1;
    return hd_registry_read_answer(bytes, ret, err)
               ? hd_wrap(err, "guest %s says", q->guest)
               : 0;
}

static void on_work(uv_work_t *work)
{
    struct hd_inquiry *q = work->data;
    struct hd_entries bytes = {.max = HD_REGCALL_ANSWER_MAX};

    (void)ask(q, &bytes, &q->answer, &q->outcome);
    hd_entries_fini(&bytes);
}

/* ---- one after the other */

static void begin_all(struct hd_daemon *d);

static void reply(struct hd_inquiry *q)
{
    struct json_object *o = hd_steal(&q->answer);

    if (!o) {
        hd_conn_reply(q->conn, hd_reply_error(&q->outcome), true);
        return;
    }
    json_object_object_add(o, "store", json_object_new_string(q->store));
    json_object_object_add(o, "guest", json_object_new_string(q->guest));
    hd_conn_reply(q->conn, hd_reply_ok(o, false), true);
}

static void end(struct hd_inquiry *q)
{
    struct hd_inquiry **at = &q->daemon->inquiries;

    while (*at != q)
        at = &(*at)->next;
    *at = q->next;
    if (q->conn)
        reply(q);
    if (q->answer)
        json_object_put(q->answer);
    hd_entries_fini(&q->question);
    free(q);
}

static void on_done(uv_work_t *work, int status)
{
    struct hd_inquiry *q = work->data;
    struct hd_daemon *d = q->daemon;

    if (status)
        hd_fail(&q->outcome, HD_E_FAILED, "%s", uv_strerror(status));
    end(q);
    begin_all(d);
}

/* Nobody asks its guest, and a thread is left. */
static bool has_turn(const struct hd_inquiry *q)
{
    size_t n = 0;

    for (const struct hd_inquiry *o = q->daemon->inquiries; o; o = o->next) {
        n += o->asked;
        if (o->asked && o->domid == q->domid)
            return false;
    }
    return n < HD_INQUIRIES;
}

static void begin_all(struct hd_daemon *d)
{
    struct hd_inquiry *next;

    for (struct hd_inquiry *q = d->inquiries; q; q = next) {
        next = q->next;
        if (q->asked)
            continue;
        /* Who has hung up does not want it any more. */
        if (!q->conn) {
            end(q);
            continue;
        }
        if (!has_turn(q))
            continue;
        q->asked = true;
        if (!uv_queue_work(d->loop, &q->work, on_work, on_done))
            continue;
        hd_fail(&q->outcome, HD_E_FAILED, "ask for the registry");
        end(q);
    }
}

static int check(struct hd_daemon *d, const struct hd_guest_life *guest,
                 struct hd_err *err)
{
    size_t n = 0;

    if (hd_order_check_lives(guest, err))
        return -1;
    if (guest->state != HD_STATE_RUNNING)
        return hd_fail(err, HD_E_BUSY,
                       "guest %s is %s and answers nobody; unpause it",
                       guest->name, hd_state_name(guest->state));
    for (const struct hd_inquiry *q = d->inquiries; q; q = q->next)
        n += !q->asked && q->conn;
    return n < HD_INQUIRIES_WAITING
               ? 0
               : hd_fail(err, HD_E_BUSY,
                         "%d others wait for registries; try again",
                         HD_INQUIRIES_WAITING);
}

int hd_inquiry_begin(struct hd_store *store, const struct hd_guest_life *guest,
                     struct hd_entries *question, enum hd_regcall_op op,
                     struct hd_conn *conn, struct hd_err *err)
{
    struct hd_daemon *d = store->daemon;
    struct hd_inquiry *q, **last = &d->inquiries;

    if (check(d, guest, err))
        return -1;
    q = calloc(1, sizeof(*q));
    if (!q)
        return hd_fail_errno(err, HD_E_FAILED, "ask for the registry");
    q->work.data = q;
    q->daemon = d;
    q->domid = (uint32_t)guest->domid;
    q->has_agent = guest->agent.state != HD_AGENT_STATE_NONE;
    q->op = op;
    strcpy(q->store, store->label);
    strcpy(q->guest, guest->name);
    q->question = *question;
    *question = (struct hd_entries){.max = question->max};
    while (*last)
        last = &(*last)->next;
    *last = q;
    hd_conn_hold(conn, &q->conn);
    begin_all(d);
    return 0;
}
