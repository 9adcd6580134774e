/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/ejects: whom `hotdom eject --all` asks, and whom it may destroy.
 */
#include "../../hv/cli/ejects.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* Stands for a connection, and is never looked into. */
#define CLIENT ((struct hd_client *)(void *)&ejects)

static struct hd_ejects ejects;

static struct json_object *a_store(int number, const char *state)
{
    struct json_object *store = json_object_new_object();
    char name[16];

    snprintf(name, sizeof(name), "s%d", number);
    json_object_object_add(store, "store", json_object_new_string(name));
    json_object_object_add(store, "state", json_object_new_string(state));
    return store;
}

/* What is done for it next; it is waited for when that is so. */
static enum hd_ejects_step next(int number, const char *state)
{
    struct json_object *store = a_store(number, state);
    enum hd_ejects_step step = hd_ejects_next(&ejects, store);
    struct hd_eject *place = hd_ejects_place(&ejects);

    json_object_put(store);
    if (step == HD_EJECTS_WAIT && place) {
        snprintf(place->name, sizeof(place->name), "s%d", number);
        place->client = CLIENT;
    }
    return step;
}

static void all_are_asked_however_many_they_are(void)
{
    size_t waited = 0, asked = 0;

    memset(&ejects, 0, sizeof(ejects));
    for (int i = 0; i < 100; i++) {
        enum hd_ejects_step step = next(i, "running");

        waited += step == HD_EJECTS_WAIT;
        asked += step == HD_EJECTS_ASK;
    }
    CU_ASSERT_EQUAL(waited, HD_EJECTS);
    CU_ASSERT_EQUAL(asked, 100 - HD_EJECTS);
    CU_ASSERT_PTR_NULL(hd_ejects_place(&ejects));
}

static void one_that_is_busy_is_asked_again_and_keeps_nobody_waiting(void)
{
    memset(&ejects, 0, sizeof(ejects));
    CU_ASSERT_EQUAL(next(1, "running"), HD_EJECTS_WAIT);
    CU_ASSERT_EQUAL(next(2, "building"), HD_EJECTS_WAIT);
    /* The second one's answer: busy. */
    ejects.of[1] = (struct hd_eject){0};
    CU_ASSERT_EQUAL(next(1, "running"), HD_EJECTS_NONE);
    CU_ASSERT_EQUAL(next(2, "running"), HD_EJECTS_WAIT);
}

static void who_is_on_its_way_or_has_failed_is_not_asked(void)
{
    memset(&ejects, 0, sizeof(ejects));
    CU_ASSERT_EQUAL(next(1, "ejecting"), HD_EJECTS_NONE);
    CU_ASSERT_EQUAL(next(2, "failed"), HD_EJECTS_WAIT);
    ejects.of[0].client = NULL;
    CU_ASSERT_EQUAL(next(2, "failed"), HD_EJECTS_NONE);
}

static void nobody_is_destroyed_who_was_not_asked(void)
{
    static const char *const others[] = {"running", "building", "planned",
                                         "locked",  "fenced",   "failed"};
    struct json_object *store = a_store(1, "ejecting");

    CU_ASSERT_TRUE(hd_ejects_is_begun(store));
    json_object_put(store);
    for (size_t i = 0; i < HD_ARRAY_LEN(others); i++) {
        store = a_store(1, others[i]);
        CU_ASSERT_FALSE(hd_ejects_is_begun(store));
        json_object_put(store);
    }
}

static void those_that_failed_are_not_waited_for(void)
{
    struct json_object *reply = json_object_new_object();
    struct json_object *stores = json_object_new_array();
    const char *name = NULL;

    memset(&ejects, 0, sizeof(ejects));
    json_object_object_add(reply, "stores", stores);
    json_object_array_add(stores, a_store(1, "running"));
    json_object_array_add(stores, a_store(2, "ejecting"));
    next(1, "running");
    CU_ASSERT_EQUAL(hd_ejects_left(&ejects, reply, &name), 2);
    CU_ASSERT_STRING_EQUAL(name, "s2");
    ejects.of[0].client = NULL;
    CU_ASSERT_EQUAL(hd_ejects_left(&ejects, reply, &name), 1);
    /* It has gone, and its answer is on the way. */
    json_object_array_del_idx(stores, 0, 2);
    CU_ASSERT_EQUAL(hd_ejects_left(&ejects, reply, &name), 0);
    ejects.of[0].client = CLIENT;
    CU_ASSERT_EQUAL(hd_ejects_left(&ejects, reply, &name), 1);
    CU_ASSERT_STRING_EQUAL(name, "s1");
    json_object_put(reply);
}

static const struct hd_test tests[] = {
    HD_TEST(all_are_asked_however_many_they_are),
    HD_TEST(one_that_is_busy_is_asked_again_and_keeps_nobody_waiting),
    HD_TEST(who_is_on_its_way_or_has_failed_is_not_asked),
    HD_TEST(nobody_is_destroyed_who_was_not_asked),
    HD_TEST(those_that_failed_are_not_waited_for),
};

HD_SUITE("cli/ejects", tests);
