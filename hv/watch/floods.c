/* SPDX-License-Identifier: MIT */
/* Counts, in a thread, what guests ask of xenstore once that has much to do;
 * decides over nothing but their share of the processors. */
#include "floods.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../daemon/life.h"
#include "../domain/asked.h"

/* XEN_RUN_DIR, of Xen's launch-xenstore and of Debian's init script. */
#define XENSTORED_PID "/run/xen/xenstored.pid"

/* Of xenstored's processor time, from look to look.  Idle guests whose agents
 * report take some ten minutes for it. */
#define WORKED_S 5
/* A guest that boots asks for some 10 KB in all, an agent for 10 a second; one
 * that is told to export its registry asks for much, for seconds. */
#define FLOOD_RATE  8192 /* bytes a second, ... */
#define FLOOD_LOOKS 10   /* for so many looks in a row, ... */
#define FLOOD_MS    1000 /* so far apart */
#define CALM_RATE   1024
#define CALM_LOOKS  3
#define CALM_MS     20000

#define UNNOTICED "guests that flood xenstore are not noticed: "

/* It lives as long as the loop. */
struct hd_floods {
    struct hd_daemon *daemon;
    uv_signal_t worked; /* xenstored has */
    uv_timer_t timer;
    struct look *look; /* under way; owned by its work */
    bool again;        /* it is not the first of its row */
};

struct look {
    uv_work_t work;
    struct hd_floods *floods;
    uint64_t at_ms;
    size_t n; /* 0: nothing is known */
    struct hd_asked guests[];
};

/* ---- pure */

static uint64_t rate(const struct hd_flood *f, uint32_t bytes, uint64_t now_ms)
{
    return now_ms > f->at_ms ? (uint64_t)(uint32_t)(bytes - f->bytes) * 1000 /
                                   (now_ms - f->at_ms)
                             : 0;
}

enum hd_flood_act hd_floods_take(struct hd_guest_life *guest, uint32_t bytes,
                                 uint64_t now_ms)
{
    struct hd_flood *f = &guest->flood;
    bool first = !f->at_ms, counts;

    if (f->slowed && now_ms - f->at_ms < CALM_MS / 2)
        return HD_FLOOD_NOTHING; /* another guest is looked at */
    f->rate = first ? 0 : rate(f, bytes, now_ms);
    f->bytes = bytes;
    f->at_ms = now_ms;
    counts = f->slowed ? f->rate < CALM_RATE : f->rate >= FLOOD_RATE;
    f->looks = counts && !first ? f->looks + 1 : 0;
    if (f->looks < (f->slowed ? CALM_LOOKS : FLOOD_LOOKS))
        return HD_FLOOD_NOTHING;
    f->looks = 0;
    f->slowed = !f->slowed;
    return f->slowed ? HD_FLOOD_SLOW : HD_FLOOD_RELEASE;
}

static uint64_t wait_for(const struct hd_guest_life *guest)
{
    if (guest->flood.slowed)
        return CALM_MS;
    return guest->flood.looks ? FLOOD_MS : UINT64_MAX;
}

uint64_t hd_floods_wait(const struct hd_stores *stores)
{
    uint64_t wait = UINT64_MAX;

    for (const struct hd_store *s = stores->first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            if (hd_store_guest_lives(&s->guests[i])) {
                uint64_t this = wait_for(&s->guests[i]);

                wait = this < wait ? this : wait;
            }
    return wait;
}

/* ---- what is done about them */

static void tell(struct hd_store *store, struct hd_guest_life *guest)
{
    hd_fail(&guest->why, HD_E_FLOODS,
            "it asked %llu KiB a second of xenstore for %d s; it has %d %% of "
            "a processor until it stops",
            (unsigned long long)guest->flood.rate / 1024,
            FLOOD_LOOKS * FLOOD_MS / 1000, HD_DOMAIN_SLOW_PERCENT);
    hd_life_note(store, guest, hd_err_reason(HD_E_FLOODS), guest->why.msg);
}

static void act(struct hd_store *store, struct hd_guest_life *guest,
                enum hd_flood_act act)
{
    struct hd_hypervisor *xen = store->daemon->xen;

    if (act == HD_FLOOD_SLOW) {
        hd_domain_slow(xen, (uint32_t)guest->domid);
        tell(store, guest);
    } else if (act == HD_FLOOD_RELEASE) {
        hd_domain_unslow(xen, (uint32_t)guest->domid);
        guest->why = (struct hd_err){0};
        hd_life_note(store, guest, "flood-over",
                     "it asks little of xenstore by now, and has its "
                     "processors again");
    }
}

void hd_floods_leave(struct hd_daemon *d, struct hd_guest_life *guest)
{
    if (guest->flood.slowed)
        hd_domain_unslow(d->xen, (uint32_t)guest->domid);
    if (guest->why.code == HD_E_FLOODS)
        guest->why = (struct hd_err){0};
    guest->flood = (struct hd_flood){0};
}

/* ---- a look */

static void take(struct hd_daemon *d, const struct hd_asked *asked,
                 uint64_t now_ms)
{
    struct hd_store *store;
    struct hd_guest_life *guest =
        hd_stores_by_domid(&d->stores, asked->domid, &store);

    if (guest)
        act(store, guest, hd_floods_take(guest, asked->bytes, now_ms));
}

/* In a thread, with a connection of its own. */
static void on_work(uv_work_t *work)
{
    struct look *look = work->data;
    hd_auto(hd_xs) xs = NULL;

    if (hd_xs_open(&xs, NULL) || hd_asked_read(xs, look->guests, look->n, NULL))
        look->n = 0;
    look->at_ms = hd_io_now_ms();
}

static void on_timer(uv_timer_t *timer);

/* What was counted counts no more when nobody looks for a while. */
static void rest(struct hd_floods *f)
{
    for (struct hd_store *s = f->daemon->stores.first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            s->guests[i].flood = (struct hd_flood){0};
}

/* The first look of a row tells nothing alone. */
static void go_on(struct hd_floods *f)
{
    uint64_t wait = hd_floods_wait(&f->daemon->stores);

    if (wait == UINT64_MAX && f->again) {
        rest(f);
        return;
    }
    f->again = true;
    uv_timer_start(&f->timer, on_timer, wait == UINT64_MAX ? FLOOD_MS : wait,
                   0);
}

static void on_done(uv_work_t *work, int status)
{
    struct look *look = work->data;
    struct hd_floods *f = look->floods;

    for (size_t i = 0; !status && i < look->n; i++)
        if (look->guests[i].there)
            take(f->daemon, &look->guests[i], look->at_ms);
    free(hd_steal(&f->look));
    if (!f->daemon->stopping)
        go_on(f);
}

static struct look *look_new(struct hd_floods *f)
{
    size_t n = 0;
    hd_autofree uint32_t *domids = hd_stores_domids(&f->daemon->stores, &n);
    struct look *look = calloc(1, sizeof(*look) + n * sizeof(*look->guests));

    if (!domids || !look) {
        free(look);
        return NULL;
    }
    look->work.data = look;
    look->floods = f;
    look->n = n;
    for (size_t i = 0; i < n; i++)
        look->guests[i].domid = domids[i];
    return look;
}

static void on_timer(uv_timer_t *timer)
{
    struct hd_floods *f = timer->data;

    if (f->look || f->daemon->stopping)
        return;
    f->look = look_new(f);
    if (f->look &&
        uv_queue_work(f->daemon->loop, &f->look->work, on_work, on_done))
        free(hd_steal(&f->look));
}

/* ---- when xenstored has worked */

static void on_worked(uv_signal_t *handle, int signum)
{
    struct hd_floods *f = handle->data;

    (void)signum;
    if (f->look || uv_is_active((uv_handle_t *)&f->timer))
        return;
    f->again = false;
    on_timer(&f->timer);
}

/* The signal comes to this process, of another one's time: timer_create(2),
 * clock_getcpuclockid(3). */
static int arm(struct hd_err *err)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGRTMIN};
    const struct itimerspec each = {{WORKED_S, 0}, {WORKED_S, 0}};
    hd_autofree char *text = NULL;
    clockid_t clock;
    timer_t timer;

    if (hd_io_read_file(XENSTORED_PID, 32, &text, NULL, err))
        return -1;
    if (clock_getcpuclockid(atoi(text), &clock) ||
        timer_create(clock, &event, &timer) ||
        timer_settime(timer, 0, &each, NULL))
        return hd_fail_errno(err, HD_E_FAILED,
                             "xenstored's processor time is not known");
    return 0;
}

void hd_floods_start(struct hd_daemon *d)
{
    struct hd_floods *f = calloc(1, sizeof(*f));
    struct hd_err err = {0};

    if (!f) {
        hd_log(HD_LOG_WARNING, UNNOTICED "no memory");
        return;
    }
    f->daemon = d;
    f->timer.data = f->worked.data = f;
    uv_timer_init(d->loop, &f->timer);
    uv_signal_init(d->loop, &f->worked);
    uv_signal_start(&f->worked, on_worked, SIGRTMIN);
    if (arm(&err))
        hd_log(HD_LOG_WARNING, UNNOTICED "%s", err.msg);
}
