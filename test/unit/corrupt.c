/* SPDX-License-Identifier: MIT */
/* Tests hv/watch/corrupt: what becomes of a block that dm-verity refused. */
#include <string.h>

#include "../../hv/daemon/life.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "net_kit.h"
#include "udev_kit.h"
#include "unit.h"

/* The label has a dash, the second volume is the guest's image. */
struct bench {
    struct hd_daemon daemon;
    uv_loop_t loop;
    struct hd_store *store;
    struct hd_event last;
    size_t n_events;
};

static void on_event(void *ctx, const struct hd_event *event)
{
    struct bench *b = ctx;

    b->last = *event;
    b->n_events++;
}

static void begin(struct bench *b)
{
    struct hd_device device = {.name = "sda", .diskseq = 1};
    struct hd_manifest *m;

    memset(b, 0, sizeof(*b));
    hd_log_init("unit", HD_LOG_ERROR); /* each is a warning in the log */
    uv_loop_init(&b->loop);
    b->daemon.loop = &b->loop;
    b->daemon.events = hd_events_new();
    hd_events_listen(b->daemon.events, on_event, b);
    b->store = hd_store_new(&b->daemon, &b->loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->store);
    b->store->answer = calloc(1, sizeof(*b->store->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->store->answer);
    m = &b->store->answer->manifest;
    m->n_volumes = 2;
    strcpy(m->volumes[0].name, "home");
    strcpy(m->volumes[1].name, "root");
    m->n_guests = 1;
    strcpy(m->guests[0].name, "desk");
    m->guests[0].n_disks = 1;
    strcpy(m->guests[0].disks[0].name, "root");
    hd_store_fill(b->store);
    strcpy(b->store->label, "travel-abcd");
    b->store->state = b->store->guests[0].state = HD_STATE_RUNNING;
    hd_stores_add(&b->daemon.stores, b->store);
}

static void end(struct bench *b)
{
    hd_stores_remove(&b->daemon.stores, b->store);
    hd_store_free(b->store);
    hd_events_free(b->daemon.events);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&b->loop), 0);
}

static void told(struct bench *b, const char *dm_name, uint64_t block,
                 bool tree)
{
    hd_corrupt_told(&b->daemon, dm_name,
                    &(struct hd_bad_block){.block = block, .tree = tree});
}

static void a_bad_block_is_an_event_of_the_guest_that_goes_on_running(void)
{
    struct bench b;

    begin(&b);
    told(&b, "hotdom-travel-abcd-root", 812, false);
    CU_ASSERT_EQUAL(b.n_events, 1);
    CU_ASSERT_STRING_EQUAL(b.last.store, "travel-abcd");
    CU_ASSERT_STRING_EQUAL(b.last.guest, "desk");
    CU_ASSERT_STRING_EQUAL(b.last.reason, "bad-volume");
    CU_ASSERT_STRING_EQUAL(b.last.message,
                           "image root: block 812 is not what was signed");
    CU_ASSERT_EQUAL(b.last.from, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(b.last.to, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(b.store->guests[0].state, HD_STATE_RUNNING);
    end(&b);
}

static void a_block_is_told_once_and_one_of_the_tree_is_another(void)
{
    struct bench b;

    begin(&b);
    told(&b, "hotdom-travel-abcd-root", 5, false);
    told(&b, "hotdom-travel-abcd-root", 5, false);
    CU_ASSERT_EQUAL(b.n_events, 1);
    told(&b, "hotdom-travel-abcd-root", 5, true);
    CU_ASSERT_EQUAL(b.n_events, 2);
    CU_ASSERT_STRING_EQUAL(
        b.last.message,
        "image root: block 5, of its hash tree, is not what was signed");
    told(&b, "hotdom-travel-abcd-home", 5, false);
    CU_ASSERT_EQUAL(b.n_events, 3);
    CU_ASSERT_STRING_EQUAL(b.last.guest, ""); /* no guest has it */
    end(&b);
}

static void a_hundred_are_told_and_no_more(void)
{
    struct bench b;

    begin(&b);
    for (uint64_t i = 0; i < 200; i++)
        told(&b, "hotdom-travel-abcd-root", i, false);
    CU_ASSERT_EQUAL(b.n_events, 100);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.last.message, "no more are told"));
    end(&b);
}

static void volumes_of_nobody_here_are_not_told(void)
{
    static const char *const names[] = {"hotdom-travel-abcd-swap",
                                        "hotdom-home-root", "travel-abcd-root",
                                        "hotdom-travel-abcd-root+raw", ""};
    struct bench b;

    begin(&b);
    for (size_t i = 0; i < HD_ARRAY_LEN(names); i++)
        told(&b, names[i], 1, false);
    CU_ASSERT_EQUAL(b.n_events, 0);
    end(&b);
}

static void what_dm_verity_says_is_taken_apart(void)
{
    static const char *const bad[] = {
        "",      "0",    "0,",
        "2,5",   "0,-1", "0,5x",
        "0,5,1", "1, 5", "0,99999999999999999999999"};
    struct hd_bad_block block = {0};
    struct hd_err err = {0};

    CHECK_OK(hd_corrupt_parse("0,812", &block, &err), &err);
    CU_ASSERT_EQUAL(block.block, 812);
    CU_ASSERT_FALSE(block.tree);
    CHECK_OK(hd_corrupt_parse("1,18446744073709551615", &block, &err), &err);
    CU_ASSERT_EQUAL(block.block, UINT64_MAX);
    CU_ASSERT_TRUE(block.tree);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_corrupt_parse(bad[i], &block, &err), &err, HD_E_FAILED,
                    "no block");
}

/* ---- as udev tells it */

#define STORM   8000 /* more than a socket of hotdomd's holds */
#define SKIPPED "skipped: libudev hears nothing on this machine"

static bool udev_tells(unsigned block, unsigned times)
{
    char text[100];

    snprintf(text, sizeof(text),
             "DM_NAME=hotdom-travel-abcd-root\nDM_VERITY_ERR_BLOCK_NR=0,%u",
             block);
    return udev_kit_tell("dm-0", "hotdom-volume", text, times);
}

/* All that was said, one of which a round hears. */
static void hear(struct bench *b)
{
    for (unsigned i = 0; i < STORM; i++)
        uv_run(&b->loop, UV_RUN_NOWAIT);
}

static const char *through_a_storm(void)
{
    struct hd_err err;
    struct bench b;

    begin(&b);
    EXPECT(!hd_volumes_listen(&b.daemon, &err));
    if (!udev_kit_is_heard())
        return SKIPPED;
    EXPECT(udev_kit_tell("sda", "hotdom", "DISKSEQ=1", STORM));
    EXPECT(udev_tells(812, 1));
    hear(&b);
    EXPECT(b.n_events == 1);
    EXPECT(strstr(b.last.message, "block 812 "));
    return NULL;
}

static void a_bad_block_is_heard_through_a_storm_of_other_disks(void)
{
    net_kit_run_unbridged(through_a_storm);
}

/* Lines of the log. */
static size_t count(const char *words)
{
    char line[1024];
    size_t n = 0;

    rewind(stderr);
    while (fgets(line, sizeof(line), stderr))
        n += strstr(line, words) != NULL;
    return n;
}

static const char *too_many(void)
{
    struct hd_err err;
    struct bench b;

    begin(&b);
    hd_log_init("unit", HD_LOG_WARNING);
    EXPECT(!hd_volumes_listen(&b.daemon, &err));
    if (!udev_kit_is_heard())
        return SKIPPED;
    EXPECT((stderr = tmpfile()));
    EXPECT(udev_tells(5, STORM));
    EXPECT(udev_tells(6, 1));
    hear(&b);
    EXPECT(count("came too fast") == 1);
    EXPECT(b.n_events == 1);
    EXPECT(udev_tells(7, 1));
    hear(&b);
    EXPECT(count("came too fast") == 1);
    EXPECT(b.n_events == 2);
    EXPECT(strstr(b.last.message, "block 7 "));
    return NULL;
}

static void bad_blocks_that_are_too_many_to_hear_are_logged_once(void)
{
    net_kit_run_unbridged(too_many);
}

static const struct hd_test tests[] = {
    HD_TEST(a_bad_block_is_an_event_of_the_guest_that_goes_on_running),
    HD_TEST(a_block_is_told_once_and_one_of_the_tree_is_another),
    HD_TEST(a_hundred_are_told_and_no_more),
    HD_TEST(volumes_of_nobody_here_are_not_told),
    HD_TEST(what_dm_verity_says_is_taken_apart),
    HD_TEST(a_bad_block_is_heard_through_a_storm_of_other_disks),
    HD_TEST(bad_blocks_that_are_too_many_to_hear_are_logged_once),
};

HD_SUITE("watch/corrupt", tests);
