/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/explain: whose map is told under which name. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/daemon/explain.h"
#include "../../hv/plan/map_text.h"
#include "map_kit.h"

struct bench {
    uv_loop_t loop;
    struct hd_stores stores;
    struct map_kit *kit;
};

static void begin(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    uv_loop_init(&b->loop);
    b->kit = map_kit_new();
}

static void end(struct bench *b)
{
    while (b->stores.first) {
        struct hd_store *s = b->stores.first;

        hd_stores_remove(&b->stores, s);
        hd_store_free(s);
    }
    uv_run(&b->loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&b->loop), 0);
    free(b->kit);
}

/* With the kit's guest `desk`, locked. */
static struct hd_store *plug(struct bench *b, const char *label)
{
    struct hd_device device = {.name = "sda"};
    struct hd_store *s = hd_store_new(NULL, &b->loop, &device);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    hd_stores_add(&b->stores, s);
    s->answer = calloc(1, sizeof(*s->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->answer);
    *s->answer = b->kit->answer;
    hd_store_fill(s);
    strcpy(s->label, label);
    s->state = HD_STATE_LOCKED;
    return s;
}

static void map(struct bench *b, struct hd_store *s, enum hd_state state)
{
    hd_auto(hd_map) made = map_kit_make(b->kit);

    hd_explain_keep(s, made);
    s->state = state;
}

static void the_map_of_a_running_guest_is_told(void)
{
    struct json_object *told;
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    map(&b, plug(&b, "travel"), HD_STATE_RUNNING);
    CHECK_OK(hd_explain_guest(&b.stores, "desk", &told, &err), &err);
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(told, "store"), "travel");
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(told, "state"), "running");
    CU_ASSERT_STRING_EQUAL(
        hd_map_text_get(json_object_object_get(told, "map"), "guest"), "desk");
    json_object_put(told);
    CHECK_OK(hd_explain_guest(&b.stores, "travel.desk", &told, &err), &err);
    json_object_put(told);
    end(&b);
}

static void of_a_locked_store_the_device_is_told_and_no_map(void)
{
    struct json_object *told;
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    plug(&b, "travel");
    CHECK_OK(hd_explain_guest(&b.stores, "desk", &told, &err), &err);
    CU_ASSERT_STRING_EQUAL(hd_map_text_get(told, "device"), "sda");
    CU_ASSERT_PTR_NULL(json_object_object_get(told, "map"));
    json_object_put(told);
    end(&b);
}

static void a_name_that_two_have_lists_both(void)
{
    struct json_object *told;
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    plug(&b, "travel");
    plug(&b, "home");
    CHECK_FAILS(hd_explain_guest(&b.stores, "desk", &told, &err), &err,
                HD_E_NO_GUEST, "say which one: travel.desk, home.desk");
    CHECK_OK(hd_explain_guest(&b.stores, "home.desk", &told, &err), &err);
    json_object_put(told);
    end(&b);
}

static void a_name_that_nobody_has_says_where_to_look(void)
{
    struct json_object *told;
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CHECK_FAILS(hd_explain_guest(&b.stores, "desk", &told, &err), &err,
                HD_E_NO_GUEST, "no attached store has a guest desk");
    plug(&b, "travel");
    CHECK_FAILS(hd_explain_guest(&b.stores, "travel", &told, &err), &err,
                HD_E_NO_GUEST, "--in");
    end(&b);
}

static void a_store_that_was_refused_whole_says_why(void)
{
    struct json_object *told;
    struct hd_err err = {0};
    struct hd_store *s;
    struct bench b;

    begin(&b);
    s = plug(&b, "travel");
    s->state = HD_STATE_REFUSED;
    hd_fail(&s->why, HD_E_DENIED, "the policy denies it");
    CHECK_FAILS(hd_explain_guest(&b.stores, "desk", &told, &err), &err,
                HD_E_DENIED, "travel is refused: the policy denies it");
    /* By the map: then that is told. */
    b.kit->host.memory_free = 0;
    map(&b, s, HD_STATE_REFUSED);
    CHECK_OK(hd_explain_guest(&b.stores, "desk", &told, &err), &err);
    CU_ASSERT_STRING_EQUAL(
        hd_map_text_get(json_object_object_get(told, "map"), "reason"),
        "no-memory");
    json_object_put(told);
    end(&b);
}

static void a_store_that_is_being_read_is_busy(void)
{
    struct json_object *told;
    struct hd_err err = {0};
    struct hd_store *s;
    struct bench b;

    begin(&b);
    s = plug(&b, "travel");
    s->state = HD_STATE_RUNNING;
    CHECK_FAILS(hd_explain_guest(&b.stores, "desk", &told, &err), &err,
                HD_E_BUSY, "nothing is known of what its guests were given");
    end(&b);
}

/* After a restart the map is all that knows of scratch disks. */
static void scratch_disks_are_counted_by_the_map(void)
{
    struct hd_commitments c;
    struct hd_wish *wish;
    struct hd_store *s;
    struct bench b;

    begin(&b);
    b.kit->host.dom0_available = 1024 * MIB;
    wish = map_kit_wish(b.kit, HD_CLASS_BLOCK, HD_LEVEL_PREFERRED, "xvdc");
    wish->size = 16 * MIB;
    s = plug(&b, "travel");
    map(&b, s, HD_STATE_RUNNING);
    s->guests[0].state = HD_STATE_RUNNING;
    hd_stores_commitments(&b.stores, NULL, &c);
    CU_ASSERT_EQUAL(c.scratch, 16 * MIB);
    s->guests[0].state = HD_STATE_GONE;
    hd_stores_commitments(&b.stores, NULL, &c);
    CU_ASSERT_EQUAL(c.scratch, 0);
    end(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(the_map_of_a_running_guest_is_told),
    HD_TEST(of_a_locked_store_the_device_is_told_and_no_map),
    HD_TEST(a_name_that_two_have_lists_both),
    HD_TEST(a_name_that_nobody_has_says_where_to_look),
    HD_TEST(a_store_that_was_refused_whole_says_why),
    HD_TEST(a_store_that_is_being_read_is_busy),
    HD_TEST(scratch_disks_are_counted_by_the_map),
};

HD_SUITE("daemon/explain", tests);
