/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/store and view: labels, look-ups, what clients see. */
#include <string.h>

#include "../../hv/daemon/store.h"
#include "../../hv/control/view.h"
#include "../../hv/plan/need.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* A table of its own for each test. */
struct bench {
    uv_loop_t loop;
    struct hd_stores stores;
};

static void begin(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    uv_loop_init(&b->loop);
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
}

/* As hotdomd does it: device, answer, then a label or an error. */
static struct hd_store *plug(struct bench *b, const char *dev, uint64_t seq,
                             const char *name, uint8_t id, struct hd_err *err)
{
    struct hd_device device = {.diskseq = seq};
    struct hd_store *s;
    char label[HD_LABEL_SIZE];

    strcpy(device.name, dev);
    s = hd_store_new(NULL, &b->loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    hd_stores_add(&b->stores, s);
    s->answer = calloc(1, sizeof(*s->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->answer);
    strcpy(s->answer->manifest.store.name, name);
    memset(&s->answer->manifest.store.id, id, 16);
    s->answer->manifest.n_guests = 1;
    strcpy(s->answer->manifest.guests[0].name, "desk");
    s->answer->manifest.guests[0].memory.want = 256 << 20;
    s->answer->manifest.guests[0].vcpus.want = 2;
    hd_store_fill(s);
    if (hd_stores_label(&b->stores, s, label, err) == 0)
        strcpy(s->label, label);
    s->state = *s->label ? HD_STATE_LOCKED : HD_STATE_REFUSED;
    return s;
}

static void a_label_is_the_name_while_nobody_else_has_it(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CU_ASSERT_STRING_EQUAL(plug(&b, "sda", 1, "travel", 0xab, &err)->label,
                           "travel");
    CU_ASSERT_STRING_EQUAL(plug(&b, "sdb", 2, "home", 0xcd, &err)->label,
                           "home");
    end(&b);
}

static void the_second_store_of_a_name_gets_four_digits(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    plug(&b, "sda", 1, "travel", 0xab, &err);
    CU_ASSERT_STRING_EQUAL(plug(&b, "sdb", 2, "travel", 0xcd, &err)->label,
                           "travel-cdcd");
    end(&b);
}

static void a_label_that_is_taken_twice_is_refused(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    plug(&b, "sda", 1, "travel", 0xab, &err);
    plug(&b, "sdb", 2, "travel-cdcd", 0xee, &err);
    CU_ASSERT_STRING_EQUAL(plug(&b, "sdc", 3, "travel", 0xcd, &err)->label, "");
    CU_ASSERT_EQUAL(err.code, HD_E_DUPLICATE_STORE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "travel-cdcd"));
    end(&b);
}

static void the_longest_name_has_room_for_its_digits(void)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyz012";
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    plug(&b, "sda", 1, name, 0xab, &err);
    CU_ASSERT_STRING_EQUAL(plug(&b, "sdb", 2, name, 0xcd, &err)->label,
                           "abcdefghijklmnopqrstuvwxyz012-cdcd");
    end(&b);
}

static void a_twin_has_the_same_id_and_is_not_refused(void)
{
    struct hd_err err = {0};
    struct hd_store *a, *c;
    struct bench b;

    begin(&b);
    a = plug(&b, "sda", 1, "travel", 0xab, &err);
    c = plug(&b, "sdb", 2, "other", 0xab, &err);
    CU_ASSERT_PTR_EQUAL(hd_stores_twin(&b.stores, c), a);
    a->state = HD_STATE_REFUSED;
    CU_ASSERT_PTR_NULL(hd_stores_twin(&b.stores, c));
    end(&b);
}

static void a_store_is_found_by_label_id_and_device(void)
{
    static const char *const names[] = {
        "travel", "abababab-abab-abab-abab-abababababab", "sda", "/dev/sda"};
    struct hd_err err = {0};
    struct hd_store *a, *found;
    struct bench b;

    begin(&b);
    a = plug(&b, "sda", 1, "travel", 0xab, &err);
    plug(&b, "sdb", 2, "home", 0xcd, &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(names); i++) {
        found = NULL;
        CHECK_OK(
            hd_stores_find(&b.stores, names[i], HD_STATE_LOCKED, &found, &err),
            &err);
        CU_ASSERT_PTR_EQUAL(found, a);
    }
    CU_ASSERT_PTR_EQUAL(hd_stores_by_diskseq(&b.stores, 1), a);
    a->present = false;
    CU_ASSERT_PTR_NULL(hd_stores_by_diskseq(&b.stores, 1));
    end(&b);
}

static void an_unknown_store_is_answered_with_what_is_there(void)
{
    static const char *const names[] = {"nope", "/dev/travel", "",
                                        "00000000-0000-0000-0000-000000000000"};
    struct hd_err err = {0};
    struct hd_store *found = NULL;
    struct bench b;

    begin(&b);
    CHECK_FAILS(hd_stores_find(&b.stores, "x", HD_STATE_LOCKED, &found, &err),
                &err, HD_E_NO_STORE, "no store is attached");
    plug(&b, "sda", 1, "travel", 0xab, &err);
    plug(&b, "sdb", 2, "home", 0xcd, &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(names); i++)
        CHECK_FAILS(
            hd_stores_find(&b.stores, names[i], HD_STATE_LOCKED, &found, &err),
            &err, HD_E_NO_STORE, "attached: travel, home");
    CU_ASSERT_PTR_NULL(found);
    end(&b);
}

static void no_name_means_the_only_store_in_that_state(void)
{
    struct hd_err err = {0};
    struct hd_store *a, *c, *found = NULL;
    struct bench b;

    begin(&b);
    a = plug(&b, "sda", 1, "travel", 0xab, &err);
    a->state = HD_STATE_RUNNING;
    CHECK_OK(hd_stores_find(&b.stores, NULL, HD_STATE_LOCKED, &found, &err),
             &err);
    CU_ASSERT_PTR_EQUAL(found, a); /* the only one: the caller says why not */
    c = plug(&b, "sdb", 2, "home", 0xcd, &err);
    CHECK_OK(hd_stores_find(&b.stores, NULL, HD_STATE_LOCKED, &found, &err),
             &err);
    CU_ASSERT_PTR_EQUAL(found, c);
    a->state = HD_STATE_LOCKED;
    CHECK_FAILS(hd_stores_find(&b.stores, NULL, HD_STATE_LOCKED, &found, &err),
                &err, HD_E_NO_STORE, "say which store: travel, home");
    end(&b);
}

static void a_hostile_name_is_cut_in_the_answer(void)
{
    struct hd_err err = {0};
    struct hd_store *found;
    struct bench b;
    char name[5000];

    begin(&b);
    plug(&b, "sda", 1, "travel", 0xab, &err);
    memset(name, 'A', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    CHECK_FAILS(hd_stores_find(&b.stores, name, HD_STATE_LOCKED, &found, &err),
                &err, HD_E_NO_STORE, "attached: travel");
    end(&b);
}

static const char *text_of(struct json_object *o, const char *key)
{
    struct json_object *value = json_object_object_get(o, key);

    return value ? json_object_get_string(value) : "(null)";
}

static void clients_see_guests_of_a_store_but_not_of_a_refused_one(void)
{
    struct hd_err err = {0};
    struct json_object *o, *guests, *desk;
    struct hd_store *s;
    struct bench b;

    begin(&b);
    s = plug(&b, "sda", 1, "travel", 0xab, &err);
    s->guests[0].state = HD_STATE_LOCKED;
    o = hd_view_store(s);
    CU_ASSERT_STRING_EQUAL(text_of(o, "store"), "travel");
    CU_ASSERT_STRING_EQUAL(text_of(o, "state"), "locked");
    CU_ASSERT_STRING_EQUAL(text_of(o, "reason"), "(null)");
    guests = json_object_object_get(o, "guests");
    CU_ASSERT_EQUAL_FATAL(json_object_array_length(guests), 1);
    desk = json_object_array_get_idx(guests, 0);
    CU_ASSERT_STRING_EQUAL(text_of(desk, "domid"), "(null)");
    CU_ASSERT_STRING_EQUAL(text_of(desk, "memory"), "268435456");
    CU_ASSERT_STRING_EQUAL(text_of(desk, "vcpus"), "2");
    json_object_put(o);
    s->state = HD_STATE_REFUSED;
    hd_fail(&s->why, HD_E_DENIED, "no");
    o = hd_view_store(s);
    CU_ASSERT_STRING_EQUAL(text_of(o, "reason"), "denied");
    CU_ASSERT_STRING_EQUAL(text_of(o, "message"), "no");
    CU_ASSERT_EQUAL(
        json_object_array_length(json_object_object_get(o, "guests")), 0);
    json_object_put(o);
    end(&b);
}

static void give(struct hd_store *s, enum hd_state state)
{
    s->guests[0].state = state;
}

static void what_two_stores_were_promised_is_counted_together(void)
{
    struct hd_commitments got;
    struct hd_err err = {0};
    struct hd_store *s, *t;
    struct bench b;

    begin(&b);
    s = plug(&b, "sda", 1, "travel", 0xab, &err);
    t = plug(&b, "sdb", 2, "home", 0xcd, &err);
    give(s, HD_STATE_PLANNED);
    give(t, HD_STATE_LOCKED);
    hd_stores_commitments(&b.stores, NULL, &got);
    CU_ASSERT_EQUAL(got.reserved, hd_need_bytes(256 << 20, 2));
    CU_ASSERT_EQUAL(got.memory, hd_need_bytes(256 << 20, 2));
    CU_ASSERT_EQUAL(got.guests, 1);
    give(s, HD_STATE_RUNNING);
    give(t, HD_STATE_BUILDING);
    hd_stores_commitments(&b.stores, NULL, &got);
    CU_ASSERT_EQUAL(got.reserved, hd_need_bytes(256 << 20, 2));
    CU_ASSERT_EQUAL(got.memory, 2 * hd_need_bytes(256 << 20, 2));
    CU_ASSERT_EQUAL(got.guests, 2);
    give(s, HD_STATE_EJECTING);
    give(t, HD_STATE_REFUSED);
    hd_stores_commitments(&b.stores, NULL, &got);
    CU_ASSERT_EQUAL(got.reserved, 0);
    CU_ASSERT_EQUAL(got.memory, hd_need_bytes(256 << 20, 2));
    give(s, HD_STATE_GONE);
    give(t, HD_STATE_FAILED);
    hd_stores_commitments(&b.stores, NULL, &got);
    CU_ASSERT_EQUAL(got.memory, 0);
    CU_ASSERT_EQUAL(got.guests, 0);
    end(&b);
}

static void a_refused_guest_is_listed_with_its_reason(void)
{
    struct json_object *o, *desk;
    struct hd_err err = {0};
    struct hd_store *s;
    struct bench b;

    begin(&b);
    s = plug(&b, "sda", 1, "travel", 0xab, &err);
    s->state = HD_STATE_RUNNING;
    give(s, HD_STATE_REFUSED);
    hd_fail(&s->guests[0].why, HD_E_NO_NETWORK, "no bridge for internet");
    o = hd_view_store(s);
    desk = json_object_array_get_idx(json_object_object_get(o, "guests"), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(desk);
    CU_ASSERT_STRING_EQUAL(text_of(desk, "state"), "refused");
    CU_ASSERT_STRING_EQUAL(text_of(desk, "reason"), "no-network");
    CU_ASSERT_STRING_EQUAL(text_of(desk, "message"), "no bridge for internet");
    CU_ASSERT_STRING_EQUAL(text_of(desk, "display"), "(null)");
    json_object_put(o);
    end(&b);
}

/* But for its id, and how long it is what it is. */
static void check_text(struct json_object *o, const char *want)
{
    CU_ASSERT(json_object_is_type(json_object_object_get(o, "seconds"),
                                  json_type_int));
    json_object_object_del(o, "seconds");
    json_object_object_del(o, "id");
    CU_ASSERT_STRING_EQUAL(
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), want);
}

/* Of the one store, and of its one guest. */
static void check_brief(const struct bench *b, const char *want_store,
                        const char *want)
{
    struct json_object *list = hd_view_stores(&b->stores, true);
    struct json_object *store = json_object_array_get_idx(list, 0);
    struct json_object *guests = json_object_object_get(store, "guests");

    check_text(json_object_array_get_idx(guests, 0), want);
    json_object_object_del(store, "guests");
    check_text(store, want_store);
    json_object_put(list);
}

#define STORE "{\"store\":\"travel\",\"device\":\"sda\",\"state\":\"locked\""

static void a_brief_list_has_no_key_without_a_value(void)
{
    struct hd_guest_life *desk;
    struct hd_err err = {0};
    struct hd_store *s;
    struct bench b;

    begin(&b);
    s = plug(&b, "sda", 1, "travel", 0xab, &err);
    desk = &s->guests[0];
    desk->state = HD_STATE_REFUSED;
    hd_fail(&desk->why, HD_E_NO_NETWORK, "no bridge");
    check_brief(&b, STORE "}",
                "{\"guest\":\"desk\",\"state\":\"refused\","
                "\"reason\":\"no-network\",\"message\":\"no bridge\","
                "\"memory\":268435456,\"vcpus\":2}");
    desk->state = HD_STATE_RUNNING;
    desk->why = (struct hd_err){0};
    desk->domid = 7;
    hd_fail(&s->why, HD_E_BUSY, "no key");
    check_brief(&b, STORE ",\"reason\":\"busy\",\"message\":\"no key\"}",
                "{\"guest\":\"desk\",\"domid\":7,\"state\":\"running\","
                "\"memory\":268435456,\"vcpus\":2,\"agent\":\"no-agent\"}");
    end(&b);
}

static void an_event_has_every_key_and_an_rfc_3339_time(void)
{
    struct hd_event event = {.time_ms = 1700000000042,
                             .store = "travel",
                             .from = HD_STATE_LOCKED,
                             .to = HD_STATE_PLANNED,
                             .lasted_ms = 1234};
    struct json_object *o = hd_view_event(&event);

    CU_ASSERT_STRING_EQUAL(
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
        "{\"time\":\"2023-11-14T22:13:20.042Z\",\"store\":\"travel\","
        "\"guest\":null,\"from\":\"locked\",\"to\":\"planned\",\"reason\":null,"
        "\"message\":null,\"seconds\":1.234,\"phases\":null}");
    json_object_put(o);
}

static void a_started_guests_event_says_what_its_time_went_to(void)
{
    struct hd_event event = {
        .store = "travel",
        .guest = "desk",
        .from = HD_STATE_BUILDING,
        .to = HD_STATE_RUNNING,
        .phases.ms = {
            [HD_STEP_OPEN_VOLUME] = 40, [HD_STEP_START_DOMAIN] = 1203}};
    struct json_object *o = hd_view_event(&event);

    CU_ASSERT_STRING_EQUAL(
        json_object_to_json_string_ext(json_object_object_get(o, "phases"),
                                       JSON_C_TO_STRING_PLAIN),
        "[{\"step\":\"open-volume\",\"seconds\":0.040},"
        "{\"step\":\"start-domain\",\"seconds\":1.203}]");
    json_object_put(o);
}

static void the_manual_names_every_state(void)
{
    static const char *const states[] = {
#define HD_X(name, text, doc) ".It Cm " text "\n" doc,
        HD_STATES(HD_X)
#undef HD_X
    };
    hd_autofree char *page = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_io_read_file("hv/daemon/hotdomd.8", 1 << 16, &page, NULL, &err),
             &err);
    for (size_t i = 0; page && i < HD_ARRAY_LEN(states); i++)
        if (!strstr(page, states[i]))
            CU_FAIL(states[i]);
}

/* Only whether there is one is looked at. */
static struct hd_task *const some_task = (struct hd_task *)&some_task;

static void stores_that_start_share_what_the_policy_allows(void)
{
    struct hd_err err = {0};
    struct bench b;
    struct hd_store *one, *two;

    begin(&b);
    one = plug(&b, "sda", 1, "one", 1, &err);
    two = plug(&b, "sdb", 2, "two", 2, &err);
    one->n_guests = 3;
    two->n_guests = 8;
    CU_ASSERT_EQUAL(hd_stores_parallel(&b.stores, one, 4), 3);
    one->task = some_task;
    one->op = HD_JOB_START;
    one->parallel = 3;
    CU_ASSERT_EQUAL(hd_stores_parallel(&b.stores, two, 4), 1);
    CU_ASSERT_EQUAL(hd_stores_parallel(&b.stores, two, 3), 1);
    CU_ASSERT_EQUAL(hd_stores_parallel(&b.stores, two, 64), 8);
    one->op = HD_JOB_EJECT;
    CU_ASSERT_EQUAL(hd_stores_parallel(&b.stores, two, 4), 4);
    one->task = NULL;
    end(&b);
}

static void what_was_built_ahead_counts_but_not_against_its_store(void)
{
    const uint64_t need = hd_need_bytes(256 << 20, 2);
    struct hd_commitments c;
    struct hd_err err = {0};
    struct hd_store *a, *other;
    struct bench b;

    begin(&b);
    a = plug(&b, "sda", 1, "a", 1, &err);
    other = plug(&b, "sdb", 2, "b", 2, &err);
    a->guests[0].state = HD_STATE_LOCKED;
    a->guests[0].ahead = true;
    a->task = some_task;
    a->op = HD_JOB_BUILD;
    hd_stores_commitments(&b.stores, other, &c);
    CU_ASSERT_EQUAL(c.guests, 1);
    CU_ASSERT_EQUAL(c.memory, need);
    CU_ASSERT_EQUAL(c.reserved, need);
    a->task = NULL;
    hd_stores_commitments(&b.stores, other, &c);
    CU_ASSERT_EQUAL(c.memory, need);
    CU_ASSERT_EQUAL(c.reserved, 0);
    CU_ASSERT_EQUAL(c.own, 0);
    hd_stores_commitments(&b.stores, a, &c);
    CU_ASSERT_EQUAL(c.guests, 0);
    CU_ASSERT_EQUAL(c.memory, 0);
    CU_ASSERT_EQUAL(c.own, need);
    end(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(a_label_is_the_name_while_nobody_else_has_it),
    HD_TEST(the_second_store_of_a_name_gets_four_digits),
    HD_TEST(a_label_that_is_taken_twice_is_refused),
    HD_TEST(the_longest_name_has_room_for_its_digits),
    HD_TEST(a_twin_has_the_same_id_and_is_not_refused),
    HD_TEST(a_store_is_found_by_label_id_and_device),
    HD_TEST(an_unknown_store_is_answered_with_what_is_there),
    HD_TEST(no_name_means_the_only_store_in_that_state),
    HD_TEST(a_hostile_name_is_cut_in_the_answer),
    HD_TEST(clients_see_guests_of_a_store_but_not_of_a_refused_one),
    HD_TEST(what_two_stores_were_promised_is_counted_together),
    HD_TEST(stores_that_start_share_what_the_policy_allows),
    HD_TEST(what_was_built_ahead_counts_but_not_against_its_store),
    HD_TEST(a_refused_guest_is_listed_with_its_reason),
    HD_TEST(a_brief_list_has_no_key_without_a_value),
    HD_TEST(the_manual_names_every_state),
    HD_TEST(an_event_has_every_key_and_an_rfc_3339_time),
    HD_TEST(a_started_guests_event_says_what_its_time_went_to),
};

HD_SUITE("daemon/store", tests);
