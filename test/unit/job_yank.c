/* SPDX-License-Identifier: MIT */
/* Tests hv/run/job_yank on a Xen and a xenstore in memory: what is done before
 * what, and beside what. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../hv/run/jobs.h"
#include "../../hv/run/volume.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "ledger_kit.h"
#include "unit.h"
#include "xen_kit.h"
#include "xs_kit.h"

#define VOLUME "hotdom-travel-desk-root"
#define DESK   "00000000-0000-0000-0000-000000000000"
#define LAB    "01000000-0000-0000-0000-000000000000"
#define DOMID  7 /* of desk; lab's is one more */
#define ANEW   "/local/domain/0/backend/vif/7"

static struct {
    bool on;
    pthread_mutex_t turn;
    unsigned fences, kills;
    uint32_t killed;
    unsigned paused; /* domains, before the first of these */
    bool waits;      /* a fence: for a kill; and a kill: for a fence */
    unsigned alone;  /* that waited in vain */
    bool fails;      /* the fence */
    bool anew;       /* a driver writes a node when the domain is gone */
    char told[64];   /* to hotdomd, each behind a blank */
} yank = {.turn = PTHREAD_MUTEX_INITIALIZER};

int __real_hd_domain_kill(struct hd_hypervisor *hv, uint32_t domid,
                          struct hd_err *err);
int __wrap_hd_domain_kill(struct hd_hypervisor *hv, uint32_t domid,
                          struct hd_err *err);
int __real_hd_domain_wait_gone(struct hd_hypervisor *hv, uint32_t domid,
                               uint64_t deadline_ms, struct hd_err *err);
int __wrap_hd_domain_wait_gone(struct hd_hypervisor *hv, uint32_t domid,
                               uint64_t deadline_ms, struct hd_err *err);
int __real_hd_volume_fence(const char *dm_name, struct hd_err *err);
int __wrap_hd_volume_fence(const char *dm_name, struct hd_err *err);
int __real_hd_ledger_open(const char *dir, const struct hd_uuid *store,
                          struct hd_ledger **ret, struct hd_err *err);
int __wrap_hd_ledger_open(const char *dir, const struct hd_uuid *store,
                          struct hd_ledger **ret, struct hd_err *err);

void __real_hd_context_report(enum hd_report_kind kind, const char *guest,
                              uint32_t domid, const struct hd_err *err);
void __wrap_hd_context_report(enum hd_report_kind kind, const char *guest,
                              uint32_t domid, const struct hd_err *err);

static void count(unsigned *what)
{
    pthread_mutex_lock(&yank.turn);
    if (!yank.fences && !yank.kills)
        yank.paused = xen_kit.pauses;
    ++*what;
    pthread_mutex_unlock(&yank.turn);
}

static bool has_begun(const unsigned *what)
{
    bool has;

    pthread_mutex_lock(&yank.turn);
    has = *what > 0;
    pthread_mutex_unlock(&yank.turn);
    return has;
}

/* What may be tried again later has been alone all the same. */
static bool is_beside(const unsigned *other)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    uint64_t until = hd_io_now_ms() + 10000;
    bool alone;

    while (yank.waits && !has_begun(other) && hd_io_left_ms(until))
        nanosleep(&pause, NULL);
    alone = yank.waits && !has_begun(other);
    if (alone)
        count(&yank.alone);
    return !alone;
}

int __wrap_hd_domain_kill(struct hd_hypervisor *hv, uint32_t domid,
                          struct hd_err *err)
{
    if (!yank.on)
        return __real_hd_domain_kill(hv, domid, err);
    yank.killed = domid;
    count(&yank.kills);
    return is_beside(&yank.fences)
               ? 0
               : hd_fail(err, HD_E_FAILED, "domain %u stays", domid);
}

int __wrap_hd_domain_wait_gone(struct hd_hypervisor *hv, uint32_t domid,
                               uint64_t deadline_ms, struct hd_err *err)
{
    if (!yank.on)
        return __real_hd_domain_wait_gone(hv, domid, deadline_ms, err);
    if (yank.anew) {
        xs_kit_put(ANEW, "");
        xs_kit_put(ANEW "/feature-ctrl-ring", "1");
    }
    return 0;
}

int __wrap_hd_volume_fence(const char *dm_name, struct hd_err *err)
{
    if (!yank.on && xen_kit.on) {
        xen_kit.fences++;
        return 0;
    }
    if (!yank.on)
        return __real_hd_volume_fence(dm_name, err);
    count(&yank.fences);
    if (!is_beside(&yank.kills) || yank.fails)
        return hd_fail(err, HD_E_IO, "%s is not fenced", dm_name);
    return 0;
}

int __wrap_hd_ledger_open(const char *dir, const struct hd_uuid *store,
                          struct hd_ledger **ret, struct hd_err *err)
{
    return __real_hd_ledger_open(yank.on ? ledger_dir : dir, store, ret, err);
}

void __wrap_hd_context_report(enum hd_report_kind kind, const char *guest,
                              uint32_t domid, const struct hd_err *err)
{
    size_t used = strlen(yank.told);

    if (!yank.on)
        __real_hd_context_report(kind, guest, domid, err);
    else if (kind == HD_REPORT_FENCED)
        snprintf(yank.told + used, sizeof(yank.told) - used, " fenced");
    else if (kind == HD_REPORT_GONE)
        snprintf(yank.told + used, sizeof(yank.told) - used, " gone:%s", guest);
}

static void take(struct hd_ledger *l, const char *guest, const char *domain)
{
    struct hd_err err = {0};
    uint32_t seq;

    CHECK_OK(hd_ledger_take(l, HD_EFFECT_DM, guest, VOLUME, &seq, &err), &err);
    CHECK_OK(hd_ledger_take(l, HD_EFFECT_DOMAIN, guest, domain, &seq, &err),
             &err);
}

struct bench {
    struct hd_job_request req;
    struct hd_context ctx;
};

/* desk and lab run, of which a pull keeps lab. */
static void begin(struct bench *b)
{
    struct hd_ledger *l;

    *b = (struct bench){.req = {.op = HD_JOB_YANK, .n_kept = 1}};
    yank.fences = yank.kills = yank.killed = yank.paused = yank.alone = 0;
    yank.waits = yank.fails = yank.anew = false;
    yank.told[0] = '\0';
    xen_kit = (struct xen_kit){.on = true, .domid = DOMID};
    xen_kit.states[0] = xen_kit.states[1] = HD_DOMAIN_RUNNING;
    xs_kit_reset();
    xs_kit_put("/local/domain/0/backend/vbd/7/51712/state", "4");
    xs_kit_put("/local/domain/0/backend/vbd/8/51712/state", "4");
    ledger_begin();
    l = ledger_create();
    take(l, "desk", DESK);
    take(l, "lab", LAB);
    hd_ledger_free(l);
    yank.on = true;
    b->req.store = ledger_head.store;
    b->req.deadline_ms = hd_io_now_ms() + 60000;
    strcpy(b->req.kept[0].name, "lab");
    b->ctx.req = &b->req;
    b->ctx.ts = (struct hd_toolstack *)b; /* neither is looked into */
    b->ctx.hv = (struct hd_hypervisor *)b;
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&b->ctx.xs, NULL), 0);
}

static void end(struct bench *b)
{
    hd_ledger_free(b->ctx.ledger);
    hd_xs_free(b->ctx.xs);
    yank.on = xen_kit.on = false;
    ledger_end();
}

static void all_are_paused_before_anything_else(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CHECK_OK(hd_job_yank(&b.ctx, &err), &err);
    CU_ASSERT_TRUE(yank.paused >= 2);
    CU_ASSERT_EQUAL(yank.fences, 2);
    CU_ASSERT_EQUAL(yank.kills, 1);
    end(&b);
}

static void volumes_are_fenced_while_domains_end(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    yank.waits = true;
    CHECK_OK(hd_job_yank(&b.ctx, &err), &err);
    CU_ASSERT_EQUAL(yank.alone, 0);
    CU_ASSERT_STRING_EQUAL(yank.told, " fenced gone:desk");
    end(&b);
}

static void who_is_kept_is_fenced_and_nothing_else(void)
{
    const struct hd_effect *e;
    struct hd_err err = {0};
    struct bench b;
    size_t n;

    begin(&b);
    CHECK_OK(hd_job_yank(&b.ctx, &err), &err);
    CU_ASSERT_EQUAL(yank.killed, DOMID);
    CU_ASSERT_TRUE(
        xs_kit_is("/local/domain/0/backend/vbd/7/51712/state", NULL));
    CU_ASSERT_TRUE(xs_kit_is("/local/domain/0/backend/vbd/8/51712/state", "4"));
    e = hd_ledger_effects(b.ctx.ledger, &n);
    CU_ASSERT_EQUAL_FATAL(n, 4);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(e[i].undone, !strcmp(e[i].guest, "desk"));
    end(&b);
}

static void a_fence_that_fails_is_told_and_ends_the_domains_all_the_same(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    yank.fails = true;
    CHECK_FAILS(hd_job_yank(&b.ctx, &err), &err, HD_E_IO, "is not fenced");
    CU_ASSERT_EQUAL(yank.killed, DOMID);
    CU_ASSERT_STRING_EQUAL(yank.told, " gone:desk");
    end(&b);
}

static void the_volumes_of_another_guest_are_left(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    b.req.n_kept = 0;
    strcpy(b.req.guest, "desk");
    CHECK_OK(hd_job_yank(&b.ctx, &err), &err);
    CU_ASSERT_EQUAL(yank.fences, 1);
    CU_ASSERT_EQUAL(yank.kills, 1);
    CU_ASSERT_EQUAL(yank.killed, DOMID);
    end(&b);
}

/* ---- what a driver that is being probed writes behind the end */

/* A device of `guest`'s, which may have come to itself. */
struct probe {
    bool runs; /* desk's domain */
    const char *guest;
    bool connected, undone;
};

static void set_running(struct hd_ledger *l, const char *guest)
{
    struct hd_err err = {0};
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(l, &n);

    while (n-- > 0)
        if (e[n].kind == HD_EFFECT_DOMAIN && !strcmp(e[n].guest, guest)) {
            CHECK_OK(hd_ledger_set_running(l, e[n].seq, &err), &err);
            return;
        }
}

static void note(const struct probe *p)
{
    struct hd_ledger *l = ledger_reopen();
    struct hd_err err = {0};
    uint32_t seq;

    if (p->runs)
        set_running(l, "desk");
    if (p->guest)
        CHECK_OK(
            hd_ledger_take(l, HD_EFFECT_DEVICE, p->guest, "vif/1", &seq, &err),
            &err);
    if (p->connected)
        CHECK_OK(hd_ledger_set_running(l, seq, &err), &err);
    if (p->undone)
        CHECK_OK(hd_ledger_undone(l, seq, &err), &err);
    hd_ledger_free(l);
}

/* Is it still there behind the end of desk? */
static bool is_left(const struct probe *p)
{
    struct hd_err err = {0};
    struct bench b;
    bool left;

    begin(&b);
    note(p);
    yank.anew = true;
    b.req.n_kept = 0;
    strcpy(b.req.guest, "desk");
    CHECK_OK(hd_job_yank(&b.ctx, &err), &err);
    left = xs_kit_get(ANEW "/feature-ctrl-ring") != NULL;
    end(&b);
    return left;
}

static void what_a_driver_writes_behind_the_end_goes_while_one_was_probed(void)
{
    CU_ASSERT_FALSE(is_left(&(struct probe){.runs = false}));
    CU_ASSERT_FALSE(is_left(&(struct probe){.runs = true, .guest = "desk"}));
}

/* Which is a question to xenstored for each that ends. */
static void where_all_had_come_to_themselves_nobody_looks_for_it(void)
{
    static const struct probe probes[] = {
        {.runs = true},
        {.runs = true, .guest = "desk", .connected = true},
        {.runs = true, .guest = "desk", .undone = true},
        {.runs = true, .guest = "lab"},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(probes); i++)
        CU_ASSERT_TRUE(is_left(&probes[i]));
}

static const struct hd_test tests[] = {
    HD_TEST(all_are_paused_before_anything_else),
    HD_TEST(volumes_are_fenced_while_domains_end),
    HD_TEST(who_is_kept_is_fenced_and_nothing_else),
    HD_TEST(a_fence_that_fails_is_told_and_ends_the_domains_all_the_same),
    HD_TEST(the_volumes_of_another_guest_are_left),
    HD_TEST(what_a_driver_writes_behind_the_end_goes_while_one_was_probed),
    HD_TEST(where_all_had_come_to_themselves_nobody_looks_for_it),
};

HD_SUITE("run/job_yank", tests);
