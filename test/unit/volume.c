/* SPDX-License-Identifier: MIT */
/* Tests hv/run/volume on a device-mapper in memory: the linker sends what asks
 * the kernel's here (--wrap in the Makefile). */
#include <errno.h>
#include <libdevmapper.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "../../hv/run/hold.h"
#include "../../hv/run/volume.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

#define NAME "hotdom-travel-desk-root"

/* The one device, as the kernel has it. */
static struct {
    const char *uuid;       /* NULL: there is no device */
    char live[16], new[16]; /* targets; "": no table */
    uint64_t sectors;       /* of the live one */
    bool suspended, flushed, read_only;
    int open_count;
    int fails; /* this request does */
    int busy;  /* so often it cannot be removed */
    int tries; /* to remove it */
    bool napping;
    long naps_ms[8]; /* how long between them */
    size_t naps;
    const char *status;
    char told[128]; /* messages, each behind a blank */
    bool held_open; /* by libdevmapper, between requests */
} dm;

struct dm_task {
    int type;
    bool noflush;
    uint64_t sectors;
    char target[16];
    char message[64];
};

int __wrap_dm_task_run(struct dm_task *t);
void __wrap_dm_lib_release(void);
struct dm_task *__wrap_dm_task_create(int type);
void __wrap_dm_task_destroy(struct dm_task *t);
int __wrap_dm_task_set_name(struct dm_task *t, const char *name);
int __wrap_dm_task_get_errno(struct dm_task *t);
int __wrap_dm_task_deferred_remove(struct dm_task *t);
int __real_nanosleep(const struct timespec *t, struct timespec *left);
int __wrap_nanosleep(const struct timespec *t, struct timespec *left);
int __wrap_dm_task_set_cookie(struct dm_task *t, uint32_t *cookie,
                              uint16_t flags);
int __wrap_dm_task_get_info(struct dm_task *t, struct dm_info *ret);
const char *__wrap_dm_task_get_uuid(const struct dm_task *t);
int __wrap_dm_task_set_uuid(struct dm_task *t, const char *uuid);
int __wrap_dm_task_set_ro(struct dm_task *t);
int __wrap_dm_task_no_flush(struct dm_task *t);
int __wrap_dm_task_skip_lockfs(struct dm_task *t);
int __wrap_dm_task_set_sector(struct dm_task *t, uint64_t sector);
int __wrap_dm_task_set_message(struct dm_task *t, const char *message);
int __wrap_dm_task_add_target(struct dm_task *t, uint64_t start, uint64_t size,
                              const char *type, const char *params);
void *__wrap_dm_get_next_target(struct dm_task *t, void *next, uint64_t *start,
                                uint64_t *size, char **type, char **params);

struct dm_task *__wrap_dm_task_create(int type)
{
    struct dm_task *t = calloc(1, sizeof(*t));

    if (t)
        t->type = type;
    return t;
}

void __wrap_dm_task_destroy(struct dm_task *t)
{
    free(t);
}

int __wrap_dm_task_set_name(struct dm_task *t, const char *name)
{
    (void)t;
    return !strcmp(name, NAME);
}

int __wrap_dm_task_set_cookie(struct dm_task *t, uint32_t *cookie,
                              uint16_t flags)
{
    (void)t, (void)cookie, (void)flags;
    return 1;
}

int __wrap_dm_task_get_info(struct dm_task *t, struct dm_info *ret)
{
    (void)t;
    *ret = (struct dm_info){.exists = dm.uuid != NULL,
                            .suspended = dm.suspended,
                            .open_count = dm.open_count,
                            .major = 252,
                            .minor = 3};
    return 1;
}

const char *__wrap_dm_task_get_uuid(const struct dm_task *t)
{
    (void)t;
    return dm.uuid;
}

int __wrap_dm_task_set_uuid(struct dm_task *t, const char *uuid)
{
    (void)t;
    return !strncmp(uuid, "HOTDOM-", 7);
}

int __wrap_dm_task_set_ro(struct dm_task *t)
{
    dm.read_only = t->type == DM_DEVICE_CREATE;
    return 1;
}

int __wrap_dm_task_no_flush(struct dm_task *t)
{
    t->noflush = true;
    return 1;
}

int __wrap_dm_task_skip_lockfs(struct dm_task *t)
{
    (void)t;
    return 1;
}

int __wrap_dm_task_set_sector(struct dm_task *t, uint64_t sector)
{
    (void)t;
    return sector == 0;
}

int __wrap_dm_task_set_message(struct dm_task *t, const char *message)
{
    snprintf(t->message, sizeof(t->message), "%s", message);
    return 1;
}

int __wrap_dm_task_add_target(struct dm_task *t, uint64_t start, uint64_t size,
                              const char *type, const char *params)
{
    (void)start, (void)params;
    t->sectors = size;
    snprintf(t->target, sizeof(t->target), "%s", type);
    return 1;
}

void *__wrap_dm_get_next_target(struct dm_task *t, void *next, uint64_t *start,
                                uint64_t *size, char **type, char **params)
{
    (void)t, (void)next;
    *start = 0;
    *size = dm.sectors;
    *type = *dm.live ? dm.live : NULL;
    *params = (char *)dm.status;
    return NULL;
}

int __wrap_dm_task_get_errno(struct dm_task *t)
{
    return t->type == DM_DEVICE_REMOVE ? EBUSY : 0;
}

int __wrap_dm_task_deferred_remove(struct dm_task *t)
{
    (void)t;
    return 1;
}

int __wrap_nanosleep(const struct timespec *t, struct timespec *left)
{
    if (!dm.napping)
        return __real_nanosleep(t, left);
    if (dm.naps < sizeof(dm.naps_ms) / sizeof(*dm.naps_ms))
        dm.naps_ms[dm.naps] = t->tv_nsec / 1000000;
    dm.naps++;
    return 0;
}

/* drivers/md/dm-ioctl.c, do_resume: it suspends for itself. */
static int resume(const struct dm_task *t)
{
    if (!*dm.live && !*dm.new)
        return 0;
    if (*dm.new && !dm.suspended)
        dm.flushed |= !t->noflush;
    if (*dm.new)
        strcpy(dm.live, dm.new);
    dm.new[0] = '\0';
    dm.suspended = false;
    return 1;
}

void __wrap_dm_lib_release(void)
{
    dm.held_open = false;
}

int __wrap_dm_task_run(struct dm_task *t)
{
    dm.held_open = true;
    if (t->type == dm.fails)
        return 0;
    switch (t->type) {
    case DM_DEVICE_SUSPEND:
        dm.flushed |= !t->noflush && !dm.suspended;
        dm.suspended = true;
        return 1;
    case DM_DEVICE_RELOAD:
        strcpy(dm.new, t->target);
        CU_ASSERT_EQUAL(t->sectors, dm.sectors);
        return 1;
    case DM_DEVICE_RESUME:
        return resume(t);
    case DM_DEVICE_REMOVE:
        return dm.tries++ >= dm.busy;
    case DM_DEVICE_TARGET_MSG:
        snprintf(dm.told + strlen(dm.told), sizeof(dm.told) - strlen(dm.told),
                 " %s", t->message);
        return 1;
    default:
        return 1;
    }
}

static void set_up(void)
{
    memset(&dm, 0, sizeof(dm));
    dm.uuid = "HOTDOM-x";
    dm.sectors = 2048;
    dm.fails = -1;
    strcpy(dm.live, "linear");
}

static void a_fenced_volume_answers_errors_and_flushes_nothing(void)
{
    struct hd_err err = {0};

    set_up();
    CHECK_OK(hd_volume_fence(NAME, &err), &err);
    CU_ASSERT_STRING_EQUAL(dm.live, "error");
    CU_ASSERT_FALSE(dm.suspended);
    CU_ASSERT_FALSE(dm.flushed);
    CHECK_OK(hd_volume_fence(NAME, &err), &err);
    CU_ASSERT_STRING_EQUAL(dm.live, "error");
}

static void a_fence_that_fails_leaves_no_volume_suspended(void)
{
    static const int requests[] = {DM_DEVICE_TABLE, DM_DEVICE_RELOAD,
                                   DM_DEVICE_RESUME};
    struct hd_err err = {0};

    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        set_up();
        dm.fails = requests[i];
        CHECK_FAILS(hd_volume_fence(NAME, &err), &err, HD_E_FAILED, "fence");
        CU_ASSERT_FALSE(dm.suspended);
        CU_ASSERT_STRING_EQUAL(dm.live, "linear");
    }
}

/* As one leaves it that was killed. */
static void a_volume_that_was_left_suspended_is_fenced_or_resumed(void)
{
    struct hd_err err = {0};

    set_up();
    dm.suspended = true;
    CHECK_OK(hd_volume_fence(NAME, &err), &err);
    CU_ASSERT_STRING_EQUAL(dm.live, "error");
    CU_ASSERT_FALSE(dm.suspended);
    set_up();
    dm.suspended = true;
    dm.fails = DM_DEVICE_RELOAD;
    CHECK_FAILS(hd_volume_fence(NAME, &err), &err, HD_E_FAILED, "fence");
    CU_ASSERT_FALSE(dm.suspended);
}

static void a_volume_without_a_table_gets_none_by_a_fence(void)
{
    struct hd_err err = {0};

    set_up();
    dm.live[0] = '\0';
    dm.sectors = 0;
    strcpy(dm.new, "linear"); /* who opened it was killed there */
    CHECK_OK(hd_volume_fence(NAME, &err), &err);
    CU_ASSERT_STRING_EQUAL(dm.live, "");
    dm.uuid = NULL;
    CHECK_OK(hd_volume_fence(NAME, &err), &err);
}

/* Whoever opens it, blkback or a program of dom0's, is held to it. */
static void a_read_only_volume_is_a_read_only_device(void)
{
    static const struct hd_uuid store = {{0x5c}};
    struct hd_step_volume v = {.dm_name = NAME, .length = 1 << 20};
    char dir[] = "/tmp/hd-unit-XXXXXX", mapper[64], node[128];
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(mapper, sizeof(mapper), "%s/mapper", dir);
    snprintf(node, sizeof(node), "%s/" NAME, mapper);
    CU_ASSERT_FATAL(!mkdir(mapper, 0755) && !mkdir(node, 0755));
    CU_ASSERT_EQUAL_FATAL(dm_set_dev_dir(dir), 1);
    for (uint32_t mode = HD_MODE_RW; mode <= HD_MODE_RO; mode++) {
        set_up();
        v.mode = mode;
        CHECK_OK(hd_volume_open(&v, &store, 8, 0, NULL, &err), &err);
        CU_ASSERT_EQUAL(dm.read_only, mode == HD_MODE_RO);
    }
    dm_set_dev_dir("/dev");
    CU_ASSERT_FALSE(rmdir(node) || rmdir(mapper) || rmdir(dir));
}

static void a_volume_is_idle_and_has_the_kernels_number(void)
{
    struct hd_err err = {0};
    dev_t device = 0;

    set_up();
    CHECK_OK(hd_volume_check_idle(NAME, &device, &err), &err);
    CU_ASSERT_EQUAL(device, makedev(252, 3));
    dm.open_count = 1;
    CHECK_FAILS(hd_volume_check_idle(NAME, &device, &err), &err, HD_E_BUSY,
                "in use");
    dm.uuid = "LVM-x";
    CHECK_FAILS(hd_volume_check_idle(NAME, &device, &err), &err, HD_E_EXISTS,
                "none of hotdom's");
    dm.uuid = NULL;
    CHECK_FAILS(hd_volume_check_idle(NAME, &device, &err), &err, HD_E_GONE,
                "not open");
}

/* Who waits for a medium waits for this, too. */
static void a_volume_that_is_closed_soon_is_removed_soon(void)
{
    static const long want[] = {1, 1, 2, 4, 8, 10, 10};
    struct hd_err err = {0};

    set_up();
    dm.napping = true;
    dm.busy = 7;
    CHECK_OK(hd_volume_remove(NAME, hd_io_now_ms() + 60000, &err), &err);
    dm.napping = false;
    CU_ASSERT_EQUAL_FATAL(dm.naps, 7);
    CU_ASSERT_EQUAL(memcmp(dm.naps_ms, want, sizeof(want)), 0);
}

static void a_volume_that_stays_open_goes_when_that_ends(void)
{
    struct hd_err err = {0};

    set_up();
    dm.busy = 1000;
    CHECK_FAILS(hd_volume_remove(NAME, 0, &err), &err, HD_E_BUSY,
                "goes when that ends");
    CU_ASSERT_EQUAL(dm.tries, 2);
    CU_ASSERT_EQUAL(dm.naps, 0);
}

/* ---- what holds back what fails below it */

static void set_up_hold(const char *status)
{
    set_up();
    strcpy(dm.live, "multipath");
    dm.status = status;
}

#define WELL   "2 0 0 0 1 1 A 0 1 0 253:2 A 0 "
#define FAILED "2 0 0 0 1 1 E 0 1 0 253:2 F 1 "

static void what_is_held_back_is_tried_once_more_and_then_told(void)
{
    struct hd_err err = {0};
    bool held = false;

    set_up_hold(FAILED);
    CHECK_OK(hd_hold_let_go(NAME, &held, &err), &err);
    CU_ASSERT_TRUE(held);
    CU_ASSERT_STRING_EQUAL(dm.told, " reinstate_path 253:2 fail_if_no_path");
    CU_ASSERT_FALSE(dm.held_open);
    set_up_hold(FAILED);
    CHECK_OK(hd_hold_again(NAME, &err), &err);
    CU_ASSERT_FALSE(dm.held_open);
    CU_ASSERT_STRING_EQUAL(dm.told, " queue_if_no_path reinstate_path 253:2");
}

static void nothing_that_is_well_is_reinstated(void)
{
    struct hd_err err = {0};
    bool held = true;

    set_up_hold(WELL);
    CHECK_OK(hd_hold_let_go(NAME, &held, &err), &err);
    CU_ASSERT_FALSE(held);
    CU_ASSERT_STRING_EQUAL(dm.told, " fail_if_no_path");
}

static void a_volume_of_another_kind_or_that_is_gone_holds_nothing(void)
{
    struct hd_err err = {0};
    bool held = true;

    set_up();
    CHECK_OK(hd_hold_let_go(NAME, &held, &err), &err);
    CU_ASSERT_FALSE(held);
    dm.uuid = NULL;
    CHECK_OK(hd_hold_again(NAME, &err), &err);
    CU_ASSERT_STRING_EQUAL(dm.told, "");
    set_up_hold(FAILED);
    dm.uuid = "mpath-of-somebody-else";
    CHECK_FAILS(hd_hold_let_go(NAME, &held, &err), &err, HD_E_EXISTS,
                "none of hotdom's");
    CU_ASSERT_STRING_EQUAL(dm.told, "");
    CU_ASSERT_FALSE(dm.held_open);
}

static void a_status_that_names_no_path_is_an_error(void)
{
    static const char *const bad[] = {
        "", ":", "1 2 3", "253:", "253: F", "2 0 0 0 1 1 E 0 1 0 253:2"};
    struct hd_err err = {0};
    bool held;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        set_up_hold(bad[i]);
        CHECK_FAILS(hd_hold_let_go(NAME, &held, &err), &err, HD_E_FAILED,
                    "cannot read");
        CU_ASSERT_STRING_EQUAL(dm.told, "");
    }
}

/* Else it would wait for a medium that is no more. */
static void whoever_flushes_a_volume_is_told_what_fails(void)
{
    struct hd_err err = {0};

    set_up_hold(WELL);
    (void)hd_volume_flush(NAME, &err); /* there is no node */
    CU_ASSERT_STRING_EQUAL(dm.told, " fail_if_no_path");
}

static const struct hd_test tests[] = {
    HD_TEST(a_fenced_volume_answers_errors_and_flushes_nothing),
    HD_TEST(a_fence_that_fails_leaves_no_volume_suspended),
    HD_TEST(a_volume_that_was_left_suspended_is_fenced_or_resumed),
    HD_TEST(a_volume_without_a_table_gets_none_by_a_fence),
    HD_TEST(a_read_only_volume_is_a_read_only_device),
    HD_TEST(a_volume_is_idle_and_has_the_kernels_number),
    HD_TEST(a_volume_that_is_closed_soon_is_removed_soon),
    HD_TEST(a_volume_that_stays_open_goes_when_that_ends),
    HD_TEST(what_is_held_back_is_tried_once_more_and_then_told),
    HD_TEST(nothing_that_is_well_is_reinstated),
    HD_TEST(a_volume_of_another_kind_or_that_is_gone_holds_nothing),
    HD_TEST(a_status_that_names_no_path_is_an_error),
    HD_TEST(whoever_flushes_a_volume_is_told_what_fails),
};

HD_SUITE("run/volume", tests);
