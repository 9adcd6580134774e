/* SPDX-License-Identifier: MIT */
/* Tests hv/run/device against a xenstore in memory: what is known of a running
 * guest's device, and its end by force, however often that has to be begun. */
#include "../../hv/run/device.h"

#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "ledger_kit.h"
#include "unit.h"
#include "xen_kit.h"
#include "xs_kit.h"

#define BACK  "/local/domain/0/backend/vif/7/24"
#define FRONT "/local/domain/7/device/vif/24"

static const struct hd_job_request request = {.guest = "desk"};
static const struct hd_device_of nic = {
    .bus = {.class = "vif", .domid = 7, .devid = 24}};

/* Guest desk runs as domain 7 and was given a NIC, whose backend has let go. */
static struct hd_context begin(void)
{
    struct hd_context ctx = {.req = &request};
    struct hd_err err = {0};
    uint32_t seq;

    xs_kit_reset();
    xen_kit = (struct xen_kit){.on = true, .domid = 7};
    xen_kit.states[0] = HD_DOMAIN_RUNNING;
    ledger_begin();
    ctx.ledger = ledger_create();
    seq = ledger_take(ctx.ledger, HD_EFFECT_DOMAIN,
                      "00000000-0000-4000-8000-000000000001");
    CHECK_OK(hd_ledger_set_domid(ctx.ledger, seq, 7, &err), &err);
    (void)ledger_take(ctx.ledger, HD_EFFECT_DEVICE, "vif/24");
    CHECK_OK(hd_xs_open(&ctx.xs, &err), &err);
    xs_kit_put(BACK "/state", "6");
    xs_kit_put(BACK "/mac", "00:16:3e:01:02:03");
    xs_kit_put(BACK "/script", "/usr/libexec/hotdom/hotdom-hotplug");
    xs_kit_put(FRONT "/state", "6");
    return ctx;
}

static void end(struct hd_context *ctx)
{
    xen_kit.on = false;
    hd_xs_free(ctx->xs);
    hd_ledger_free(ctx->ledger);
    ledger_end();
}

static int undo(struct hd_context *ctx, struct hd_err *err)
{
    size_t n;
    struct hd_effect effect = hd_ledger_effects(ctx->ledger, &n)[1];

    return hd_device_undo(ctx, &effect, err);
}

static void a_nic_that_is_undone_is_forgotten_by_libxl(void)
{
    struct hd_context ctx = begin();
    struct hd_err err = {0};

    CHECK_OK(undo(&ctx, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    CU_ASSERT_EQUAL(xen_kit.forgotten, 1);
    CU_ASSERT_STRING_EQUAL(xen_kit.last, "vif/24");
    end(&ctx);
}

static void one_whose_nodes_are_gone_already_is_still_forgotten(void)
{
    struct hd_context ctx = begin();
    struct hd_err err = {0};

    xen_kit.fail_forget = 1;
    CHECK_FAILS(undo(&ctx, &err), &err, HD_E_FAILED,
                "cannot change the record");
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    CHECK_OK(undo(&ctx, &err), &err);
    CU_ASSERT_STRING_EQUAL(xen_kit.last, "vif/24");
    end(&ctx);
}

static void one_that_does_not_close_is_forgotten_all_the_same(void)
{
    struct hd_context ctx = begin();
    struct hd_err err = {0};

    xs_kit.read_errno = EIO;
    CHECK_FAILS(undo(&ctx, &err), &err, HD_E_IO, "cannot read xenstore");
    CU_ASSERT_EQUAL(xen_kit.forgotten, 1);
    xs_kit.read_errno = 0;
    CHECK_OK(undo(&ctx, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    end(&ctx);
}

static void a_silent_xenstored_does_not_make_a_device_gone(void)
{
    struct hd_context ctx = begin();
    struct hd_err err = {0};
    size_t n = xs_kit_count();

    xs_kit.silent_ms = 50;
    xs_kit.stall_at = 1;
    CHECK_FAILS(hd_device_close(&ctx, &nic, &err), &err, HD_E_TIMEOUT,
                "xenstored does not answer");
    xs_kit.stall_at = xs_kit.silent_ms = 0;
    CU_ASSERT_EQUAL(xs_kit_count(), n);
    CHECK_OK(hd_device_close(&ctx, &nic, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    end(&ctx);
}

/* ---- a disk whose backend does not let go */

#define DISK "/local/domain/0/backend/vbd/7/51712"

static const struct hd_device_of disk = {
    .bus = {.class = "vbd", .domid = 7, .devid = 51712}, .dm_name = "hd-desk"};

/* It is so much earlier, until somebody waits for xenstored's word: what ends
 * after HD_JOB_CLOSE_MS is soon over. */
static uint64_t earlier_ms;

uint64_t __real_hd_io_now_ms(void);
uint64_t __wrap_hd_io_now_ms(void);

uint64_t __wrap_hd_io_now_ms(void)
{
    return __real_hd_io_now_ms() - earlier_ms;
}

static struct hd_context begin_disk(void (*driver)(void))
{
    struct hd_context ctx = begin();

    xs_kit_put(DISK "/state", "4");
    xs_kit_put("/local/domain/7/device/vbd/51712/state", "4");
    xs_kit.driver = driver;
    return ctx;
}

static void let_go_once_fenced(void)
{
    earlier_ms = 0;
    if (xen_kit.fences)
        xs_kit_put(DISK "/state", "6");
}

static void a_backend_that_is_late_is_fenced_and_goes_on(void)
{
    struct hd_context ctx = begin_disk(let_go_once_fenced);
    struct hd_err err = {0};

    earlier_ms = HD_JOB_CLOSE_MS - 100;
    CHECK_OK(hd_device_close(&ctx, &disk, &err), &err);
    CU_ASSERT_EQUAL(xen_kit.fences, 1);
    CU_ASSERT_PTR_NULL(xs_kit_get(DISK "/state"));
    end(&ctx);
}

/* From when it was told to close. */
static void fall_silent(void)
{
    earlier_ms = 0;
    xs_kit.stall_at = 1;
}

static void hang_up(void)
{
    earlier_ms = 0;
    xs_kit.lost = true;
}

/* Before it said anything of the backend, at its deadline, or for good. */
static void a_backend_that_xenstored_tells_nothing_of_is_not_fenced(void)
{
    static const uint32_t earlier[] = {0, HD_JOB_CLOSE_MS};

    for (size_t i = 0; i < 3; i++) {
        struct hd_context ctx = begin_disk(i < 2 ? fall_silent : hang_up);
        struct hd_err err = {0};

        xs_kit.silent_ms = 200;
        earlier_ms = i < 2 ? earlier[i] : 0;
        CHECK_FAILS(hd_device_close(&ctx, &disk, &err), &err,
                    i < 2 ? HD_E_TIMEOUT : HD_E_IO, "xenstore");
        CU_ASSERT_EQUAL(xen_kit.fences, 0);
        CU_ASSERT_PTR_NOT_NULL(xs_kit_get(DISK "/state"));
        xs_kit.stall_at = 0;
        end(&ctx);
    }
    xs_kit_reset();
}

static void who_serves_a_device_is_known_or_an_error(void)
{
    struct hd_context ctx = begin();
    char script[64], params[HD_XENBUS_PATH];
    struct hd_err err = {0};

    CHECK_OK(hd_device_read_origin(&ctx, &nic.bus, script, params, &err), &err);
    CU_ASSERT_STRING_EQUAL(script, "/usr/libexec/hotdom/hotdom-hotplug");
    CU_ASSERT_STRING_EQUAL(params, "");
    xs_kit.silent_ms = 50;
    xs_kit.stall_at = 1;
    hd_xs_free(hd_steal(&ctx.xs));
    CHECK_OK(hd_xs_open(&ctx.xs, &err), &err);
    CHECK_FAILS(hd_device_read_origin(&ctx, &nic.bus, script, params, &err),
                &err, HD_E_TIMEOUT, "xenstored does not answer");
    xs_kit.stall_at = xs_kit.silent_ms = 0;
    xs_kit_put(BACK "/params", "\x1b");
    CHECK_FAILS(hd_device_read_origin(&ctx, &nic.bus, script, params, &err),
                &err, HD_E_FAILED, BACK "/params does not hold what it should");
    end(&ctx);
}

static const struct hd_test tests[] = {
    HD_TEST(a_nic_that_is_undone_is_forgotten_by_libxl),
    HD_TEST(one_whose_nodes_are_gone_already_is_still_forgotten),
    HD_TEST(one_that_does_not_close_is_forgotten_all_the_same),
    HD_TEST(a_silent_xenstored_does_not_make_a_device_gone),
    HD_TEST(a_backend_that_is_late_is_fenced_and_goes_on),
    HD_TEST(a_backend_that_xenstored_tells_nothing_of_is_not_fenced),
    HD_TEST(who_serves_a_device_is_known_or_an_error),
};

HD_SUITE("run/device", tests);
