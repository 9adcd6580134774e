/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/respond and told: what is asked of the whole registry, and of
 * the parts that the host writes. */
#include "../../dom-guest/respond.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../../dom-guest/registry.h"
#include "../../dom-guest/told.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "registry_kit.h"
#include "unit.h"

static char dir[40];
static struct hd_entries bytes;
static struct hd_reganswer answer;

static void begin(void)
{
    strcpy(dir, "/tmp/hotdom-respond-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    bytes = (struct hd_entries){.max = HD_REGCALL_ANSWER_MAX};
}

static void end(void)
{
    char command[64];

    hd_entries_fini(&bytes);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

static int ask(enum hd_regcall_op op, const char *key, struct hd_entries *more,
               struct hd_err *err)
{
    struct hd_regcall call = {.op = op};

    strcpy(call.key, key);
    if (more) {
        call.entries = more->data;
        call.len = more->used;
    }
    bytes.used = 0;
    return hd_respond_call(dir, NULL, &call, &bytes, &answer, err);
}

/* A type's letter and the value; NULL: there is none. */
static int change(enum hd_regcall_op op, const char *above, const char *key,
                  const char *value, struct hd_err *err)
{
    struct hd_entries e = {.max = 4096};
    struct hd_value v = {.type = HD_VALUE_NONE};
    int rc;

    if (value)
        CU_ASSERT_TRUE(hd_value_parse(value, strlen(value), &v));
    CU_ASSERT_EQUAL(hd_entries_add(&e, key, &v, NULL), 0);
    rc = ask(op, above, &e, err);
    hd_entries_fini(&e);
    return rc;
}

static void set(const char *key, const char *value)
{
    struct hd_err err;

    CHECK_OK(change(HD_REGCALL_SET, "", key, value, &err), &err);
}

/* The answer's entries, as "KEY=VALUE KEY ". */
static const char *got(void)
{
    static char text[4096];
    struct hd_entry e;

    *text = '\0';
    while (hd_entries_next(&answer.entries, &answer.len, &e, NULL) > 0) {
        strcat(text, e.key);
        if (e.value.type != HD_VALUE_NONE)
            strncat(strcat(text, "="), e.value.data, e.value.len);
        strcat(text, " ");
    }
    return text;
}

static void names_right_below_a_key_are_listed_once(void)
{
    struct hd_err err;

    begin();
    set("guest/a", "s1");
    set("guest/a/x", "s2");
    set("guest/a/y/z", "s3");
    set("guest/b", "i4");
    CHECK_OK(ask(HD_REGCALL_LIST, "", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/ ");
    CHECK_OK(ask(HD_REGCALL_LIST, "guest", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a guest/a/ guest/b ");
    CHECK_OK(ask(HD_REGCALL_LIST, "guest/a", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a/x guest/a/y/ ");
    CHECK_OK(ask(HD_REGCALL_LIST, "guest/none", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "");
    end();
}

static void a_key_is_got_set_and_removed(void)
{
    struct hd_err err;

    begin();
    CHECK_FAILS(ask(HD_REGCALL_GET, "guest/a", NULL, &err), &err, HD_E_FAILED,
                "there is no key guest/a");
    set("guest/a", "i17");
    CHECK_OK(ask(HD_REGCALL_GET, "guest/a", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a=17 ");
    CHECK_OK(change(HD_REGCALL_SET, "", "guest/a", NULL, &err), &err);
    CHECK_FAILS(change(HD_REGCALL_SET, "", "guest/a", NULL, &err), &err,
                HD_E_FAILED, "there is no key");
    end();
}

static void the_hosts_parts_are_not_the_guests_to_write(void)
{
    struct hd_err err;

    begin();
    CHECK_FAILS(change(HD_REGCALL_SET, "", "host/name", "sx", &err), &err,
                HD_E_DENIED, "not the guest's");
    CHECK_FAILS(change(HD_REGCALL_SET, "", "store/a", NULL, &err), &err,
                HD_E_DENIED, "not the guest's");
    CHECK_FAILS(change(HD_REGCALL_REPLACE, "", "guest/a", "sx", &err), &err,
                HD_E_DENIED, "can be replaced");
    CHECK_FAILS(change(HD_REGCALL_SET, "", "guest", "sx", &err), &err,
                HD_E_USAGE, "guest is no key but all of the guest's");
    CHECK_FAILS(change(HD_REGCALL_SET, "", "guest", NULL, &err), &err,
                HD_E_USAGE, "name what is below it");
    end();
}

static void a_part_is_replaced_at_once_or_not_at_all(void)
{
    struct hd_err err;

    begin();
    set("guest/a/x", "s1");
    set("guest/a/y", "s2");
    set("guest/b", "s3");
    CHECK_FAILS(change(HD_REGCALL_REPLACE, "guest/a", "guest/b", "sx", &err),
                &err, HD_E_USAGE, "not below guest/a");
    CHECK_OK(ask(HD_REGCALL_EXPORT, "guest/a", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a/x=1 guest/a/y=2 ");
    CHECK_OK(change(HD_REGCALL_REPLACE, "guest/a", "guest/a/z", "s9", &err),
             &err);
    CHECK_OK(ask(HD_REGCALL_EXPORT, "", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a/z=9 guest/b=3 ");
    end();
}

static void many_are_exported_and_listed_in_several_answers(void)
{
    struct hd_entries e = {.max = 4 << 20};
    struct hd_regcall call = {.op = HD_REGCALL_EXPORT};
    const struct hd_value v = {HD_VALUE_STRING, "0123456789012345678901234567",
                               28};
    char key[HD_KEY_SIZE];
    size_t n[2] = {0}, rounds[2] = {0};
    struct hd_entry one;
    struct hd_err err;

    begin();
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof(key), "guest/many/key-%d", i);
        CHECK_OK(hd_entries_add(&e, key, &v, &err), &err);
    }
    CHECK_OK(ask(HD_REGCALL_SET, "", &e, &err), &err);
    for (int k = 0; k < 2; k++) {
        call.op = k ? HD_REGCALL_LIST : HD_REGCALL_EXPORT;
        strcpy(call.key, "guest/many");
        *call.from = '\0';
        do {
            bytes.used = 0;
            CHECK_OK(hd_respond_call(dir, NULL, &call, &bytes, &answer, &err),
                     &err);
            while (hd_entries_next(&answer.entries, &answer.len, &one, &err) >
                   0)
                n[k]++;
            strcpy(call.from, answer.from);
            rounds[k]++;
        } while (*call.from && rounds[k] < 100);
        CU_ASSERT_EQUAL(n[k], 10000);
        CU_ASSERT_TRUE(rounds[k] > 2);
    }
    hd_entries_fini(&e);
    end();
}

static void a_key_is_listed_with_its_folder_from_before_it_as_well(void)
{
    struct hd_regcall call = {.op = HD_REGCALL_LIST};
    struct hd_err err;

    begin();
    set("guest/b", "s1");
    set("guest/b/x", "s2");
    strcpy(call.key, "guest/b");
    strcpy(call.from, "guest/a");
    bytes.used = 0;
    CHECK_OK(hd_respond_call(dir, NULL, &call, &bytes, &answer, &err), &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(got(), "guest/b/x"));
    end();
}

static void changes_are_told_and_what_is_gone_as_gone(void)
{
    struct hd_regcall call = {.op = HD_REGCALL_CHANGES, .since = 1};
    struct hd_err err;
    uint64_t first;

    begin();
    CHECK_OK(hd_respond_call(dir, NULL, &call, &bytes, &answer, &err), &err);
    CU_ASSERT_EQUAL(answer.sequence, HD_REGISTRY_NONE);
    set("guest/a", "s1");
    first = answer.sequence - 1;
    set("guest/b", "s2");
    set("guest/b", NULL);
    bytes.used = 0;
    CHECK_OK(hd_respond_call(dir, NULL, &call, &bytes, &answer, &err), &err);
    CU_ASSERT_EQUAL(answer.sequence, first + 3);
    CU_ASSERT_EQUAL(answer.lost, 0);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a=1 guest/b guest/b ");
    strcpy(call.key, "guest/a");
    bytes.used = 0;
    CHECK_OK(hd_respond_call(dir, NULL, &call, &bytes, &answer, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a=1 ");
    end();
}

static void a_damaged_file_is_moved_aside_and_the_registry_goes_on(void)
{
    char path[PATH_MAX];
    struct hd_err err;

    begin();
    set("guest/a", "s1");
    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_FILE, dir);
    /* Cut behind its heads: whoever reads it gets SIGBUS. */
    CU_ASSERT_EQUAL(truncate(path, 8192), 0);
    CHECK_FAILS(ask(HD_REGCALL_GET, "guest/a", NULL, &err), &err, HD_E_FAILED,
                "there is no key");
    strcat(path, ".bad-1");
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    set("guest/a", "s2");
    CHECK_OK(ask(HD_REGCALL_GET, "guest/a", NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(got(), "guest/a=2 ");
    end();
}

/* In a map it kills as a file that is cut does. */
static void a_file_on_a_medium_that_fails_is_not_moved_aside(void)
{
    char path[PATH_MAX];
    struct hd_err err;

    begin();
    set("guest/a", "s1");
    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_FILE, dir);
    CU_ASSERT_EQUAL(truncate(path, 12288), 0);
    registry_unreadable = 8192;
    CHECK_FAILS(ask(HD_REGCALL_GET, "guest/a", NULL, &err), &err, HD_E_IO,
                "read the registry's file");
    registry_unreadable = 0;
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    strcat(path, ".bad-1");
    CU_ASSERT_EQUAL(access(path, F_OK), -1);
    end();
}

static void changes_since_a_number_of_another_registry_are_all_and_one_lost(
    void)
{
    struct hd_regcall call = {.op = HD_REGCALL_CHANGES};
    uint64_t since[] = {HD_REGISTRY_NONE, HD_REGISTRY_NONE + 1,
                        UINT64_MAX / 32};
    struct hd_err err;

    begin();
    set("guest/a", "s1");
    set("guest/b", "s2");
    for (size_t i = 0; i < HD_ARRAY_LEN(since); i++) {
        call.since = since[i];
        bytes.used = 0;
        CHECK_OK(hd_respond_call(dir, NULL, &call, &bytes, &answer, &err),
                 &err);
        CU_ASSERT_EQUAL(answer.lost, i ? 1 : 0);
        CU_ASSERT_STRING_EQUAL(got(), "guest/a=1 guest/b=2 ");
    }
    end();
}

static void a_request_that_is_garbage_is_answered_with_an_error(void)
{
    static const char bad[] = "get guest/../x - 0\n\377";
    struct hd_reganswer a;
    struct hd_err err;

    begin();
    hd_respond(dir, NULL, bad, sizeof(bad), &bytes);
    CHECK_OK(hd_reganswer_parse(bytes.data, bytes.used, &a, &err), &err);
    CU_ASSERT_EQUAL(a.why.code, HD_E_USAGE);
    bytes.used = 0;
    hd_respond(dir, NULL, "set - - 0\ngarbage", 17, &bytes);
    CHECK_OK(hd_reganswer_parse(bytes.data, bytes.used, &a, &err), &err);
    CU_ASSERT_EQUAL(a.why.code, HD_E_FAILED);
    end();
}

/* ---- what the host says */

static bool is_told(const struct hd_told *told, const char *key,
                    const char *value)
{
    struct hd_value v;

    return hd_told_get(told, key, &v) && v.len == strlen(value) &&
           !memcmp(v.data, value, v.len);
}

static void what_the_host_says_is_entries(void)
{
    hd_auto(hd_told) told = hd_told_new();

    hd_told_take(told, "host/cpus", "i8");
    hd_told_take(told, "store/net/a@b", "strue");
    hd_told_take(told, "host/bad key", "sx");
    hd_told_take(told, "host/bad", "ix");
    hd_told_take(told, "host/none", "");
    hd_told_sort(told);
    CU_ASSERT_TRUE(is_told(told, "host/cpus", "8"));
    CU_ASSERT_TRUE(is_told(told, "store/net/a.b", "true"));
    CU_ASSERT_FALSE(is_told(told, "host/bad", "x"));
}

static void the_map_is_entries(void)
{
    hd_auto(hd_told) told = hd_told_new();
    struct hd_entry e;

    hd_told_take(told, "map/net/lan0", "pv xenbr0 00:16:3e:00:00:07");
    hd_told_take(told, "map/block/xvda", "pv desk-root");
    hd_told_take(told, "map/usb/lp0", "pv ttyUSB0 hvc1");
    hd_told_take(told, "map/sound/speaker", "absent");
    hd_told_take(told, "map/user", "owner");
    hd_told_take(told, "map/net/../x", "pv x");
    hd_told_take(told, "host/map/lp0/where", "sUSB 1-2.3");
    hd_told_sort(told);
    CU_ASSERT_TRUE(is_told(told, "host/map/lan0/class", "net"));
    CU_ASSERT_TRUE(is_told(told, "host/map/lan0/how", "pv"));
    CU_ASSERT_TRUE(is_told(told, "host/map/lan0/host", "xenbr0"));
    CU_ASSERT_TRUE(is_told(told, "host/map/lan0/device", "00:16:3e:00:00:07"));
    CU_ASSERT_TRUE(is_told(told, "host/map/xvda/host", "desk-root"));
    CU_ASSERT_TRUE(is_told(told, "host/map/xvda/device", "xvda"));
    CU_ASSERT_TRUE(is_told(told, "host/map/lp0/host", "ttyUSB0"));
    CU_ASSERT_TRUE(is_told(told, "host/map/lp0/device", "hvc1"));
    CU_ASSERT_TRUE(is_told(told, "host/map/speaker/how", "absent"));
    CU_ASSERT_FALSE(is_told(told, "host/map/speaker/host", ""));
    CU_ASSERT_TRUE(hd_told_next(told, "host/map/lp0", "", false, &e));
    CU_ASSERT_STRING_EQUAL(e.key, "host/map/lp0/class");
    CU_ASSERT_TRUE(hd_told_next(told, "", "host/map/lp0", true, &e));
    CU_ASSERT_STRING_EQUAL(e.key, "host/map/speaker/class");
    CU_ASSERT_FALSE(hd_told_next(told, "", "host/map/xvda", true, &e));
}

static void a_host_that_says_too_much_is_cut(void)
{
    hd_auto(hd_told) told = hd_told_new();
    char key[HD_KEY_SIZE], value[1000];

    memset(value, 's', sizeof(value));
    value[300] = '\0';
    hd_told_take(told, "host/long", value);
    value[10] = '\0';
    for (int i = 0; i < HD_TOLD_MAX + 10; i++) {
        snprintf(key, sizeof(key), "host/%d", i);
        hd_told_take(told, key, value);
    }
    hd_told_sort(told);
    CU_ASSERT_FALSE(is_told(told, "host/long", value));
    CU_ASSERT_TRUE(is_told(told, "host/0", "sssssssss"));
}

static void note_change(void *ctx, const struct hd_entry *e)
{
    size_t len = strlen(ctx);
    bool gone = e->value.type == HD_VALUE_NONE;

    snprintf((char *)ctx + len, 200 - len, "%s=%.*s ", e->key,
             gone ? 1 : (int)e->value.len, gone ? "-" : e->value.data);
}

static void what_the_host_says_anew_and_no_more_are_changes(void)
{
    hd_auto(hd_told) before = hd_told_new();
    hd_auto(hd_told) now = hd_told_new();
    char seen[200] = "";

    hd_told_take(before, "host/cpus", "i8");
    hd_told_take(before, "host/gone", "btrue");
    hd_told_take(before, "host/stays", "sx");
    hd_told_take(now, "host/stays", "sx");
    hd_told_take(now, "host/cpus", "i4");
    hd_told_take(now, "store/new", "sy");
    hd_told_sort(before);
    hd_told_sort(now);
    hd_told_compare(before, now, "", note_change, seen);
    CU_ASSERT_STRING_EQUAL(seen, "host/cpus=4 host/gone=- store/new=y ");
    *seen = '\0';
    hd_told_compare(before, now, "host/cpus", note_change, seen);
    CU_ASSERT_STRING_EQUAL(seen, "host/cpus=4 ");
    *seen = '\0';
    hd_told_compare(now, now, "", note_change, seen);
    CU_ASSERT_STRING_EQUAL(seen, "");
}

static const struct hd_test tests[] = {
    HD_TEST(names_right_below_a_key_are_listed_once),
    HD_TEST(a_key_is_got_set_and_removed),
    HD_TEST(the_hosts_parts_are_not_the_guests_to_write),
    HD_TEST(a_part_is_replaced_at_once_or_not_at_all),
    HD_TEST(many_are_exported_and_listed_in_several_answers),
    HD_TEST(a_key_is_listed_with_its_folder_from_before_it_as_well),
    HD_TEST(changes_are_told_and_what_is_gone_as_gone),
    HD_TEST(a_damaged_file_is_moved_aside_and_the_registry_goes_on),
    HD_TEST(a_file_on_a_medium_that_fails_is_not_moved_aside),
    HD_TEST(changes_since_a_number_of_another_registry_are_all_and_one_lost),
    HD_TEST(a_request_that_is_garbage_is_answered_with_an_error),
    HD_TEST(what_the_host_says_is_entries),
    HD_TEST(the_map_is_entries),
    HD_TEST(a_host_that_says_too_much_is_cut),
    HD_TEST(what_the_host_says_anew_and_no_more_are_changes),
};
HD_SUITE("dom-guest/respond", tests);
