/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/life: what is told of a store from its plug to its end. */
#include <string.h>

#include "../../hv/control/view.h"
#include "daemon_kit.h"
#include "unit.h"

/* Beside the kit's store, one that is plugged in. */
struct bench {
    struct kit_daemon kit;
    struct hd_store *store; /* hd_life_drop frees it */
    char told[512];         /* "sdb: nothing > seen; ..." */
};

static void on_event(void *ctx, const struct hd_event *e)
{
    struct bench *b = ctx;
    size_t used = strlen(b->told);

    snprintf(b->told + used, sizeof(b->told) - used, "%s%s%s: %s > %s; ",
             e->store, *e->guest ? "." : "", e->guest,
             *hd_event_from(e) ? hd_event_from(e) : "nothing",
             hd_state_name(e->to));
}

static void begin(struct bench *b)
{
    static const char *const guests[] = {"desk", NULL};
    struct hd_device device = {.name = "sdb", .diskseq = 2};

    memset(b, 0, sizeof(*b));
    kit_daemon_init(&b->kit, "other", guests);
    hd_events_listen(b->kit.daemon.events, on_event, b);
    b->store = hd_store_new(&b->kit.daemon, &b->kit.loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->store);
    hd_stores_add(&b->kit.daemon.stores, b->store);
    hd_life_set(b->store, HD_ON_PLUG, NULL, NULL);
}

/* The reader's answer: a store with one guest, of this label. */
static void is_read(struct bench *b, const char *label)
{
    b->store->answer = calloc(1, sizeof(*b->store->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->store->answer);
    b->store->answer->manifest.n_guests = 1;
    strcpy(b->store->answer->manifest.guests[0].name, "desk");
    hd_store_fill(b->store);
    strcpy(b->store->label, label);
}

static void the_plug_is_told_when_it_is_known_to_be_a_store(void)
{
    struct bench b;

    begin(&b);
    CU_ASSERT_EQUAL(b.store->state, HD_STATE_SEEN);
    CU_ASSERT_STRING_EQUAL(b.told, "");
    is_read(&b, "travel");
    hd_life_know(b.store);
    CU_ASSERT_STRING_EQUAL(
        b.told, "travel: nothing > seen; travel.desk: nothing > seen; ");
    hd_life_know(b.store);
    hd_life_set(b.store, HD_ON_ADMIT, NULL, NULL);
    CU_ASSERT_STRING_EQUAL(b.told, "travel: nothing > seen; travel.desk: "
                                   "nothing > seen; travel: seen > locked; ");
    hd_life_drop(b.store, "device-gone");
    kit_daemon_fini(&b.kit);
}

static void a_disk_that_is_pulled_while_it_is_read_is_not_spoken_of(void)
{
    struct bench b;

    begin(&b);
    hd_life_drop(b.store, "device-gone");
    CU_ASSERT_STRING_EQUAL(b.told, "");
    kit_daemon_fini(&b.kit);
}

static void a_store_that_is_pulled_while_it_is_read_again_is_gone(void)
{
    struct bench b;

    begin(&b);
    b.store->known = true;
    hd_life_drop(b.store, "device-gone");
    CU_ASSERT_STRING_EQUAL(b.told, "sdb: seen > gone; ");
    kit_daemon_fini(&b.kit);
}

static void a_store_with_a_label_is_told_from_its_beginning_to_its_end(void)
{
    struct bench b;

    begin(&b);
    is_read(&b, "travel");
    hd_life_drop(b.store, "eject");
    CU_ASSERT_STRING_EQUAL(b.told, "travel: nothing > seen; travel.desk: "
                                   "nothing > seen; travel.desk: seen > gone; "
                                   "travel: seen > gone; ");
    kit_daemon_fini(&b.kit);
}

static void a_refused_one_was_seen_before_under_its_devices_name(void)
{
    struct hd_err why;
    struct bench b;

    begin(&b);
    hd_fail(&why, HD_E_BAD_SIGNATURE, "no");
    hd_life_refuse(b.store, &why);
    CU_ASSERT_STRING_EQUAL(b.told,
                           "sdb: nothing > seen; sdb: seen > refused; ");
    hd_life_drop(b.store, "device-gone");
    kit_daemon_fini(&b.kit);
}

static void what_was_not_there_before_is_null(void)
{
    struct hd_event event = {
        .store = "travel", .from = HD_NOTHING, .to = HD_STATE_SEEN};
    struct json_object *o = hd_view_event(&event);
    struct json_object *from = o;

    CU_ASSERT_TRUE(json_object_object_get_ex(o, "from", &from));
    CU_ASSERT_PTR_NULL(from);
    CU_ASSERT_STRING_EQUAL(
        json_object_get_string(json_object_object_get(o, "to")), "seen");
    json_object_put(o);
}

static const struct hd_test tests[] = {
    HD_TEST(the_plug_is_told_when_it_is_known_to_be_a_store),
    HD_TEST(a_disk_that_is_pulled_while_it_is_read_is_not_spoken_of),
    HD_TEST(a_store_that_is_pulled_while_it_is_read_again_is_gone),
    HD_TEST(a_store_with_a_label_is_told_from_its_beginning_to_its_end),
    HD_TEST(a_refused_one_was_seen_before_under_its_devices_name),
    HD_TEST(what_was_not_there_before_is_null),
};

HD_SUITE("daemon/life", tests);
