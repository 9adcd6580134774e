/* SPDX-License-Identifier: MIT */
/* Tests hv/run/attach against a xenstored that refuses: what a job would report
 * of it, and that nothing stays.  A dom0 has no quota, so no test in the bed
 * can show EQUOTA. */
#include "../../hv/run/attach.h"

#include <stdlib.h>
#include <string.h>

#include "daemon_kit.h"
#include "ledger_kit.h"
#include "unit.h"
#include "xs_kit.h"

static struct hd_step steps[2];

/* Guest desk runs as domain 7 and is given a console and told of it. */
static struct hd_context begin(struct hd_job_request *req)
{
    struct hd_context ctx = {.req = req};
    struct hd_err err = {0};
    uint32_t seq;

    xs_kit_reset();
    ledger_begin();
    ctx.ledger = ledger_create();
    seq = ledger_take(ctx.ledger, HD_EFFECT_DOMAIN,
                      "5c0e0000-0000-4000-8000-000000000001");
    CHECK_OK(hd_ledger_set_domid(ctx.ledger, seq, 7, &err), &err);
    CHECK_OK(hd_xs_open(&ctx.xs, &err), &err);
    memset(steps, 0, sizeof(steps));
    steps[0].kind = HD_STEP_ATTACH_CONSOLE;
    steps[1].kind = HD_STEP_TELL;
    for (size_t i = 0; i < HD_ARRAY_LEN(steps); i++)
        strcpy(steps[i].guest, "desk");
    strcpy(steps[1].u.tell.path, "map/serial/port");
    strcpy(steps[1].u.tell.value, "pv");
    return ctx;
}

static void end(struct hd_context *ctx)
{
    hd_xs_free(ctx->xs);
    hd_ledger_free(ctx->ledger);
    ledger_end();
}

static void a_full_quota_is_named_and_leaves_nothing_of_a_step(void)
{
    for (int i = 1; i <= 12; i++) {
        struct hd_job_request req = {0};
        struct hd_context ctx = begin(&req);
        struct hd_err err = {0};

        xs_kit.fail_at = i;
        xs_kit.fail_errno = ENOSPC; /* xs_wire.h: EQUOTA travels as this */
        CHECK_FAILS(hd_attach(&ctx, steps, HD_ARRAY_LEN(steps), &err), &err,
                    HD_E_IO, "a quota of xenstored's is used up; end a guest");
        CU_ASSERT_EQUAL(xs_kit_count(), 0);
        end(&ctx);
    }
}

static void races_without_end_are_named_and_leave_nothing_of_a_step(void)
{
    struct hd_job_request req = {0};
    struct hd_context ctx = begin(&req);
    struct hd_err err = {0};

    xs_kit.races = 100000;
    CHECK_FAILS(hd_attach(&ctx, steps, HD_ARRAY_LEN(steps), &err), &err,
                HD_E_IO, "xenstored dropped it 100 times");
    CHECK_FAILS(hd_attach_live(&ctx, steps, 1, &err), &err, HD_E_IO,
                "xenstored dropped it 100 times");
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    end(&ctx);
}

static void a_full_quota_is_an_event_of_the_guest(void)
{
    struct hd_job_request req = {0};
    struct hd_context ctx = begin(&req);
    struct hd_err err = {0};

    xs_kit.fail_at = 1;
    xs_kit.fail_errno = ENOSPC;
    CU_ASSERT_EQUAL_FATAL(hd_attach(&ctx, steps, HD_ARRAY_LEN(steps), &err),
                          -1);
    CU_ASSERT_TRUE(kit_daemon_tells(&err));
    end(&ctx);
}

static void a_server_that_has_died_before_the_attach_is_named(void)
{
    hd_autofree struct hd_plan *plan = calloc(1, hd_plan_size(1));
    struct hd_job_request req = {0};
    struct hd_context ctx = begin(&req);
    struct hd_err err = {0};

    /* No process has either lock. */
    strcpy(steps[0].u.console.tty, "unit-none");
    CHECK_FAILS(hd_attach(&ctx, steps, 1, &err), &err, HD_E_FAILED,
                "hotdom-serial, which serves unit-none, has died");
    end(&ctx);
    ctx = begin(&req);
    ctx.plan = plan;
    steps[0].kind = HD_STEP_ATTACH_FILES;
    strcpy(steps[0].u.files.name, "unit-nobody.desk");
    CHECK_FAILS(hd_attach(&ctx, steps, 1, &err), &err, HD_E_FAILED,
                "hotdom-9p, which serves the host view of unit-nobody.desk, "
                "has died");
    end(&ctx);
}

static const struct hd_test tests[] = {
    HD_TEST(a_full_quota_is_named_and_leaves_nothing_of_a_step),
    HD_TEST(a_full_quota_is_an_event_of_the_guest),
    HD_TEST(races_without_end_are_named_and_leave_nothing_of_a_step),
    HD_TEST(a_server_that_has_died_before_the_attach_is_named),
};

HD_SUITE("run/attach", tests);
