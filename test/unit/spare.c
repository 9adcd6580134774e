/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/spare: when the next job is started; a job that is taken here
 * never gets a request. */
#include "../../hv/daemon/spare.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../hv/daemon/child.h"
#include "unit.h"

static uv_loop_t loop;

static void look(uv_handle_t *handle, void *arg)
{
    uint64_t *ret = arg;

    if (handle->type == UV_TIMER && uv_is_active(handle))
        *ret = uv_timer_get_due_in((uv_timer_t *)handle);
}

/* How long it is until the next one starts, for which the only timer runs; 0:
 * none will. */
static uint64_t due_ms(void)
{
    uint64_t ms = 0;

    uv_update_time(&loop);
    uv_walk(&loop, look, &ms);
    return ms;
}

static struct hd_spare *begin(void)
{
    struct hd_spare *spare;

    CU_ASSERT_EQUAL_FATAL(uv_loop_init(&loop), 0);
    spare = hd_spare_new(&loop);
    CU_ASSERT_PTR_NOT_NULL_FATAL(spare);
    return spare;
}

static void take(struct hd_spare *spare)
{
    struct hd_child *child = NULL;
    struct hd_err err = {0};
    int sock = -1;

    CHECK_OK(hd_spare_take(spare, &child, &sock, &err), &err);
    hd_child_abandon(child);
    close(sock);
}

static void close_timer(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (handle->type == UV_TIMER && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void end(struct hd_spare *spare)
{
    hd_spare_stop(spare);
    /* Those that were abandoned are reaped first, for they have timers, too. */
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_walk(&loop, close_timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
    free(spare);
}

static void behind_a_job_that_is_taken_the_next_one_starts_later(void)
{
    struct hd_spare *spare = begin();

    hd_spare_stop(spare); /* and with it what new jobs wait for */
    take(spare);
    CU_ASSERT_TRUE(due_ms() > 1000);
    end(spare);
}

/* A disk is given, taken, and given again. */
static void a_job_that_is_due_soon_is_not_put_off_by_one_that_is_taken(void)
{
    struct hd_spare *spare = begin();
    uint64_t soon;

    CU_ASSERT_TRUE(due_ms() > 1000);
    hd_spare_refill(spare);
    soon = due_ms();
    CU_ASSERT_TRUE(soon < 1000);
    take(spare);
    CU_ASSERT_TRUE(due_ms() <= soon);
    hd_spare_refill(spare);
    CU_ASSERT_TRUE(due_ms() <= soon);
    end(spare);
}

static const struct hd_test tests[] = {
    HD_TEST(behind_a_job_that_is_taken_the_next_one_starts_later),
    HD_TEST(a_job_that_is_due_soon_is_not_put_off_by_one_that_is_taken),
};

HD_SUITE("daemon/spare", tests);
