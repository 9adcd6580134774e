/* SPDX-License-Identifier: MIT */
/* Tests hv/run/build: what libxl leaves to be done beside is over before a
 * guest may run; on a libxl that makes its domain at once, or not at all. */
#include "../../hv/run/build.h"

#include <string.h>
#include <time.h>

#include "../../hv/run/context.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"
#include "xs_kit.h"

#define BESIDE_MS 50

/* The linker sends all calls of the program under test here (--wrap). */
int __wrap_hd_domain_build(struct hd_toolstack *ts,
                           const struct hd_step_domain *step,
                           const char *cmdline, int kernel, int ramdisk,
                           struct hd_err *err);

static struct {
    struct hd_plan *plan;
    struct hd_context ctx;
    atomic_bool done;
    bool taken, second_taken; /* by hd_build_beside */
} at;

static void *work(void *arg)
{
    static const struct timespec while_ms = {.tv_nsec = BESIDE_MS * 1000000};

    clock_nanosleep(CLOCK_MONOTONIC, 0, &while_ms, NULL);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

static void *no_work(void *arg)
{
    return arg;
}

int __wrap_hd_domain_build(struct hd_toolstack *ts,
                           const struct hd_step_domain *step,
                           const char *cmdline, int kernel, int ramdisk,
                           struct hd_err *err)
{
    (void)ts;
    (void)step;
    (void)cmdline;
    (void)kernel;
    (void)ramdisk;
    at.taken = hd_build_beside(work, &at.done);
    at.second_taken = hd_build_beside(no_work, NULL);
    return hd_fail(err, HD_E_FAILED, "libxl does not want to");
}

static void begin(void)
{
    struct hd_err err = {0};

    xs_kit_reset();
    memset(&at, 0, sizeof(at));
    at.plan = calloc(1, hd_plan_size(1) + HD_PLAN_MAX_TEXT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at.plan);
    at.plan->n_steps = 1;
    at.plan->n_text = 1;
    at.plan->steps[0].kind = HD_STEP_BUILD_DOMAIN;
    at.ctx.plan = at.plan;
    CHECK_OK(hd_xs_open(&at.ctx.xs, &err), &err);
    CHECK_OK(hd_build_begin(&at.ctx, &at.plan->steps[0], -1, -1, 1, &err),
             &err);
}

static void end(void)
{
    hd_xs_free(at.ctx.xs);
    free(at.plan);
}

static void what_is_done_beside_is_over_when_the_build_is(void)
{
    struct hd_err err = {0};

    begin();
    CHECK_FAILS(hd_build_end(&at.ctx, &err), &err, HD_E_FAILED,
                "libxl does not want to");
    CU_ASSERT_TRUE(at.taken);
    CU_ASSERT_TRUE(atomic_load(&at.done));
    end();
}

static void a_build_has_one_thing_done_beside(void)
{
    begin();
    (void)hd_build_end(&at.ctx, NULL);
    CU_ASSERT_FALSE(at.second_taken);
    end();
}

static void who_builds_nothing_does_it_itself(void)
{
    CU_ASSERT_FALSE(hd_build_beside(no_work, NULL));
}

static const struct hd_test tests[] = {
    HD_TEST(what_is_done_beside_is_over_when_the_build_is),
    HD_TEST(a_build_has_one_thing_done_beside),
    HD_TEST(who_builds_nothing_does_it_itself),
};

HD_SUITE("run/build", tests);
