/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/ahead: what was built for a store that is still locked. */
#include <string.h>

#include "../../hv/daemon/life.h"
#include "../../hv/plan/plan_text.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* Of three steps: a volume's, a domain's, its start. */
struct bench {
    uv_loop_t loop;
    struct hd_store *store;
    struct hd_plan *plan;
};

static struct hd_plan *new_plan(uint32_t n)
{
    struct hd_plan *plan = calloc(1, hd_plan_size(n) + HD_PLAN_MAX_TEXT);

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    plan->n_steps = n;
    for (uint32_t i = 0; i < n; i++)
        strcpy(plan->steps[i].guest, "desk");
    return plan;
}

static void begin(struct bench *b)
{
    struct hd_device device = {.name = "sda", .diskseq = 1};

    uv_loop_init(&b->loop);
    b->store = hd_store_new(NULL, &b->loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->store);
    strcpy(b->store->label, "travel");
    b->plan = new_plan(3);
    b->plan->steps[0].kind = HD_STEP_OPEN_VOLUME;
    b->plan->steps[1].kind = HD_STEP_BUILD_DOMAIN;
    b->plan->steps[1].u.domain.memory = 256 << 20;
    b->plan->steps[2].kind = HD_STEP_START_DOMAIN;
    b->store->ahead.plan = new_plan(1);
    b->store->ahead.plan->steps[0] = b->plan->steps[1];
}

static void end(struct bench *b)
{
    free(b->plan);
    hd_store_free(b->store);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&b->loop), 0);
}

static void what_the_plan_wants_unchanged_fits(void)
{
    struct bench b;

    begin(&b);
    CU_ASSERT_TRUE(hd_ahead_fits(b.store, b.plan));
    b.plan->steps[0].u.volume.length = 512;
    CU_ASSERT_TRUE(hd_ahead_fits(b.store, b.plan));
    b.plan->steps[1].u.domain.memory = 512 << 20;
    CU_ASSERT_FALSE(hd_ahead_fits(b.store, b.plan));
    strcpy(b.plan->steps[1].guest, "lab");
    CU_ASSERT_TRUE(hd_ahead_fits(b.store, b.plan));
    free(hd_steal(&b.store->ahead.plan));
    CU_ASSERT_TRUE(hd_ahead_fits(b.store, b.plan));
    end(&b);
}

/* Behind that of a guest which another user starts as well. */
static void a_command_line_is_the_same_wherever_its_text_is(void)
{
    struct hd_step other = {.kind = HD_STEP_BUILD_DOMAIN};
    struct bench b;

    begin(&b);
    hd_plan_put_cmdline(b.plan, &b.plan->steps[1], "quiet");
    hd_plan_put_cmdline(b.store->ahead.plan, &other, "debug");
    hd_plan_put_cmdline(b.store->ahead.plan, b.store->ahead.plan->steps,
                        "quiet");
    CU_ASSERT_NOT_EQUAL(b.plan->steps[1].u.domain.cmdline,
                        b.store->ahead.plan->steps[0].u.domain.cmdline);
    CU_ASSERT_TRUE(hd_ahead_fits(b.store, b.plan));
    hd_plan_put_cmdline(b.plan, &b.plan->steps[1], "debug");
    CU_ASSERT_FALSE(hd_ahead_fits(b.store, b.plan));
    end(&b);
}

static void who_unlocks_while_it_is_built_is_remembered_once(void)
{
    hd_auto(hd_secret) password = hd_secret_new(8);
    char name[HD_NAME_SIZE + 1];
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(password);
    memcpy(password->data, "battery", 7);
    password->len = 7;
    memset(name, 'a', HD_NAME_SIZE);
    name[HD_NAME_SIZE] = '\0';
    CHECK_FAILS(hd_ahead_want(b.store, name, password, &err), &err, HD_E_USAGE,
                "too long");
    CHECK_OK(hd_ahead_want(b.store, "owner", password, &err), &err);
    CU_ASSERT_STRING_EQUAL(b.store->ahead.user, "owner");
    CU_ASSERT_EQUAL(b.store->ahead.password->len, 7);
    CU_ASSERT_STRING_EQUAL(b.store->ahead.password->data, "battery");
    CHECK_FAILS(hd_ahead_want(b.store, NULL, password, &err), &err, HD_E_BUSY,
                "somebody else is unlocking travel");
    end(&b);
}

static void what_is_over_is_forgotten(void)
{
    struct bench b;

    begin(&b);
    b.store->n_guests = 1;
    b.store->guests[0].ahead = true;
    b.store->retrying = true;
    CU_ASSERT_TRUE(hd_ahead_busy(b.store));
    b.store->retrying = false;
    CU_ASSERT_FALSE(hd_ahead_busy(b.store));
    hd_ahead_over(b.store);
    CU_ASSERT_PTR_NULL(b.store->ahead.plan);
    CU_ASSERT_FALSE(b.store->guests[0].ahead);
    b.store->n_guests = 0;
    end(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(what_the_plan_wants_unchanged_fits),
    HD_TEST(a_command_line_is_the_same_wherever_its_text_is),
    HD_TEST(who_unlocks_while_it_is_built_is_remembered_once),
    HD_TEST(what_is_over_is_forgotten),
};

HD_SUITE("daemon/ahead", tests);
