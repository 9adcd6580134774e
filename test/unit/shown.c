/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/shown and tabling: what is told of a running guest's tables,
 * and which changes of them are refused. */
#include <string.h>

#include "../../dom-guest/layers.h"
#include "../../dom-guest/paths.h"
#include "../../hv/daemon/daemon.h"
#include "../../hv/daemon/shown.h"
#include "../../hv/daemon/tabling.h"
#include "../../hv/plan/plan_text.h"
#include "../../hv/store/registry_keys.h"
#include "../../pv-drivers/base/log.h"
#include "unit.h"

/* A store whose guest `desk` runs with a host view and `bare` without, in a
 * hotdomd whose policy shows /usr/share and /etc/resolv.conf. */
static struct bench {
    struct hd_daemon daemon;
    uv_loop_t loop;
    struct hd_store *store;
    struct hd_guest_life *desk, *bare;
} b;

static const char tables[] =
    "-/usr/share/fonts/own\n+/usr/share/fonts\n+/etc/resolv.conf\n"
    "+/usr/share/zoneinfo\n";

static void give_tables(struct hd_manifest *m)
{
    m->guests[0].tables = (struct hd_view){2, 1, .inclusion = 2};
    strcpy(m->views[m->n_views++].path, "/usr/share/fonts");
    strcpy(m->views[m->n_views++].path, "/etc/resolv.conf");
    strcpy(m->views[m->n_views++].path, "/usr/share/fonts/own");
}

static void begin(void)
{
    struct hd_device device = {.name = "sda", .diskseq = 1};
    struct hd_policy *p = &b.daemon.rules.policy;
    struct hd_manifest *m;

    memset(&b, 0, sizeof(b));
    uv_loop_init(&b.loop);
    b.daemon.loop = &b.loop;
    b.daemon.events = hd_events_new();
    strcpy(p->host_paths[p->n_host_paths++].path, "/usr/share/fonts");
    strcpy(p->host_paths[p->n_host_paths++].path, "/etc/resolv.conf");
    b.store = hd_store_new(&b.daemon, &b.loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.store);
    hd_stores_add(&b.daemon.stores, b.store);
    b.store->answer = calloc(1, sizeof(*b.store->answer));
    b.store->plan = calloc(1, hd_plan_size(1) + HD_PLAN_MAX_TEXT);
    CU_ASSERT_FATAL(b.store->answer && b.store->plan);
    m = &b.store->answer->manifest;
    strcpy(m->guests[m->n_guests++].name, "desk");
    strcpy(m->guests[m->n_guests++].name, "bare");
    give_tables(m);
    hd_store_fill(b.store);
    strcpy(b.store->label, "travel");
    b.store->state = HD_STATE_RUNNING;
    b.desk = &b.store->guests[0];
    b.bare = &b.store->guests[1];
    b.desk->state = b.bare->state = HD_STATE_RUNNING;
    b.store->plan->n_steps = 1;
    b.store->plan->steps[0].kind = HD_STEP_SERVE_FILES;
    strcpy(b.store->plan->steps[0].guest, "desk");
    hd_plan_put_view(b.store->plan, b.store->plan->steps, tables, "");
}

static void end(void)
{
    hd_stores_remove(&b.daemon.stores, b.store);
    hd_store_free(b.store);
    hd_events_free(b.daemon.events);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&b.loop), 0);
}

static void each_entry_is_told_with_its_origin_and_the_policys_word(void)
{
    static const char *const want[] = {
        "{\"path\":\"/usr/share/fonts\",\"side\":\"host\",\"from\":"
        "\"manifest\",\"allowed\":true}",
        "{\"path\":\"/etc/resolv.conf\",\"side\":\"host\",\"from\":"
        "\"manifest\",\"allowed\":true}",
        "{\"path\":\"/usr/share/zoneinfo\",\"side\":\"host\",\"from\":"
        "\"operator\",\"allowed\":false}",
        "{\"path\":\"/usr/share/fonts/own\",\"side\":\"guest\",\"from\":"
        "\"manifest\",\"allowed\":true}",
    };
    struct json_object *o, *list;
    struct hd_err err = {0};

    begin();
    CHECK_OK(hd_shown_list(b.store, b.desk, &o, &err), &err);
    list = json_object_object_get(o, "entries");
    CU_ASSERT_EQUAL_FATAL(json_object_array_length(list), HD_ARRAY_LEN(want));
    for (size_t i = 0; i < HD_ARRAY_LEN(want); i++)
        CU_ASSERT_STRING_EQUAL(
            json_object_to_json_string_ext(json_object_array_get_idx(list, i),
                                           JSON_C_TO_STRING_PLAIN |
                                               JSON_C_TO_STRING_NOSLASHESCAPE),
            want[i]);
    json_object_put(o);
    end();
}

static void without_a_policy_nothing_is_allowed(void)
{
    struct json_object *o, *first;
    struct hd_err err = {0};

    begin();
    b.daemon.rules.why.code = HD_E_FAILED;
    CHECK_OK(hd_shown_list(b.store, b.desk, &o, &err), &err);
    first = json_object_array_get_idx(json_object_object_get(o, "entries"), 0);
    CU_ASSERT_FALSE(
        json_object_get_boolean(json_object_object_get(first, "allowed")));
    json_object_put(o);
    end();
}

static void the_entry_that_decides_is_named(void)
{
    static const struct {
        const char *path, *side, *entry, *from;
    } want[] = {
        {"/usr/share/fonts/a", "host", "/usr/share/fonts", "manifest"},
        {"/usr/share/fonts/own/b", "guest", "/usr/share/fonts/own", "manifest"},
        {"/usr/share/zoneinfo", "host", "/usr/share/zoneinfo", "operator"},
        {"/usr/share/fontsx", "guest", NULL, NULL},
        {"/", "guest", NULL, NULL},
    };
    struct json_object *o;
    struct hd_err err = {0};

    begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(want); i++) {
        const char *entry, *from;

        CHECK_OK(hd_shown_which(b.store, b.desk, want[i].path, &o, &err), &err);
        entry = json_object_get_string(json_object_object_get(o, "entry"));
        from = json_object_get_string(json_object_object_get(o, "from"));
        CU_ASSERT_STRING_EQUAL(
            json_object_get_string(json_object_object_get(o, "side")),
            want[i].side);
        CU_ASSERT(!entry == !want[i].entry && !from == !want[i].from);
        CU_ASSERT(!entry || !strcmp(entry, want[i].entry));
        CU_ASSERT(!from || !strcmp(from, want[i].from));
        json_object_put(o);
    }
    CHECK_FAILS(hd_shown_which(b.store, b.desk, "/usr/../etc", &o, &err), &err,
                HD_E_USAGE, "is not an absolute path");
    end();
}

static void who_has_no_host_view_or_does_not_run_has_no_tables(void)
{
    struct hd_view_entry e = {HD_SIDE_HOST, "/usr/share/fonts/x"};
    struct json_object *o;
    struct hd_err err = {0};

    begin();
    CHECK_FAILS(hd_shown_list(b.store, b.bare, &o, &err), &err, HD_E_NO_DEVICE,
                "guest bare has no host view");
    b.desk->state = HD_STATE_GONE;
    CHECK_FAILS(hd_shown_list(b.store, b.desk, &o, &err), &err, HD_E_NO_GUEST,
                "guest desk does not run");
    CHECK_FAILS(hd_tabling_add(b.store, b.desk, &e, NULL, &err), &err,
                HD_E_NO_GUEST, "guest desk does not run");
    b.desk->state = HD_STATE_RUNNING;
    free(b.store->plan);
    b.store->plan = NULL;
    CHECK_FAILS(hd_shown_list(b.store, b.desk, &o, &err), &err, HD_E_FAILED,
                "nobody knows the tables of desk");
    end();
}

static int add(enum hd_side side, const char *path, struct hd_err *err)
{
    struct hd_view_entry e = {.side = side};

    snprintf(e.path, sizeof(e.path), "%s", path);
    return hd_tabling_add(b.store, b.desk, &e, NULL, err);
}

/* Nothing can be renamed onto a mount, nor is seen below one. */
static void a_file_that_a_key_is_bound_to_stays_the_guests(void)
{
    struct hd_policy *p = &b.daemon.rules.policy;
    struct hd_err err = {0};
    struct hd_guest *g;

    begin();
    strcpy(p->host_paths[p->n_host_paths++].path, "/etc");
    g = b.store->answer->manifest.guests;
    strcpy(g->binds[0].file, "/etc/motd");
    strcpy(g->binds[1].file, "/usr/share/fonts/own/list");
    g->n_binds = 2;
    CHECK_FAILS(add(HD_SIDE_HOST, "/etc/motd", &err), &err, HD_E_DENIED,
                "a file that a key of guest desk is bound to would be the "
                "host's");
    CHECK_FAILS(add(HD_SIDE_HOST, "/etc", &err), &err, HD_E_DENIED, "/etc");
    CHECK_FAILS(
        hd_tabling_remove(b.store, b.desk, "/usr/share/fonts/own", NULL, &err),
        &err, HD_E_DENIED, "see `bind` in its manifest");
    CU_ASSERT_EQUAL(hd_registry_keys_check_tables(g, "*/etc\n", &err), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "guest \"desk\""));
    end();
}

/* The agent has them open, and finds them by their path as well. */
static void what_the_agent_has_stays_the_guests(void)
{
    static const char *const bad[] = {"/var/lib/hotdom-guest",
                                      HD_GUEST_REGISTRY,
                                      HD_GUEST_WRITES,
                                      HD_GUEST_WRITES "/!srv/upper",
                                      "/run",
                                      HD_GUEST_RUN,
                                      HD_GUEST_HOST};
    struct hd_policy *p = &b.daemon.rules.policy;
    struct hd_err err = {0};
    char text[HD_VIEW_TEXT];

    begin();
    strcpy(p->host_paths[p->n_host_paths++].path, "/var");
    strcpy(p->host_paths[p->n_host_paths++].path, "/run");
    CHECK_FAILS(add(HD_SIDE_HOST, "/var", &err), &err, HD_E_DENIED,
                "the exception \"/var\" covers what the guest's agent has in "
                "/var/lib/hotdom-guest; add the inclusion "
                "/var/lib/hotdom-guest");
    CHECK_FAILS(add(HD_SIDE_HOST, "/var/lib", &err), &err, HD_E_DENIED,
                "add the inclusion /var/lib/hotdom-guest");
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(add(HD_SIDE_HOST, bad[i], &err), &err, HD_E_DENIED,
                    "; name another path");
    snprintf(text, sizeof(text), "%s+/var\n-/var/lib/hotdom-guest\n", tables);
    hd_plan_put_view(b.store->plan, b.store->plan->steps, text, "");
    CHECK_FAILS(
        hd_tabling_remove(b.store, b.desk, "/var/lib/hotdom-guest", NULL, &err),
        &err, HD_E_DENIED,
        "the exception \"/var\" covers what the guest's agent has in "
        "/var/lib/hotdom-guest");
    CHECK_FAILS(add(HD_SIDE_HOST, HD_GUEST_REGISTRY, &err), &err, HD_E_DENIED,
                "; name another path");
    /* What is beside it is no concern of the agent's. */
    CHECK_OK(hd_host_view_check("+/var/lib/hotdom\n+/run/hotdom\n", &err),
             &err);
    end();
}

static void a_change_that_may_not_be_is_refused_and_named(void)
{
    static const char *const bad[] = {"etc",
                                      "/",
                                      "/etc/",
                                      "/etc/../x",
                                      "/usr/share/fonts/./x",
                                      "//x",
                                      "/usr/share/fonts/a\n+/etc/shadow"};
    struct hd_err err = {0};

    begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(add(HD_SIDE_HOST, bad[i], &err), &err, HD_E_USAGE,
                    "is not an absolute path");
    CHECK_FAILS(add(HD_SIDE_HOST, "/etc/shadow", &err), &err, HD_E_DENIED,
                "/etc/shadow is outside the host_paths of the policy");
    CHECK_FAILS(add(HD_SIDE_HOST, "/usr/share/fontsx", &err), &err, HD_E_DENIED,
                "outside the host_paths");
    CHECK_FAILS(add(HD_SIDE_GUEST, "/etc/resolv.conf", &err), &err, HD_E_EXISTS,
                "is in the tables already, as the host's");
    CHECK_FAILS(hd_tabling_remove(b.store, b.desk, "/usr/share", NULL, &err),
                &err, HD_E_FAILED, "/usr/share is in no table of desk");
    b.daemon.rules.why.code = HD_E_FAILED;
    CHECK_FAILS(add(HD_SIDE_HOST, "/usr/share/fonts/x", &err), &err,
                HD_E_FAILED, "");
    CU_ASSERT_STRING_EQUAL(
        hd_plan_view(b.store->plan, b.store->plan->steps).tables, tables);
    end();
}

static void tables_are_bounded(void)
{
    struct hd_err err = {0};
    struct hd_view_entry e = {.side = HD_SIDE_GUEST};
    static char text[HD_VIEW_TEXT];
    unsigned n = 0;

    do
        snprintf(e.path, sizeof(e.path), "/usr/share/fonts/%0200u", n++);
    while (!hd_host_view_add(text, &e, &err));
    CU_ASSERT_EQUAL(n, HD_VIEW_TEXT / 219 + 1);
    CU_ASSERT_EQUAL(err.code, HD_E_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "have no room for"));
    begin();
    hd_plan_put_view(b.store->plan, b.store->plan->steps, text, "");
    CHECK_FAILS(add(HD_SIDE_GUEST, e.path, &err), &err, HD_E_LIMIT,
                "have no room");
    end();
}

static void entries_are_as_many_as_a_guest_makes_mounts_of(void)
{
    struct hd_view_entry e = {.side = HD_SIDE_HOST};
    static char text[HD_VIEW_TEXT];
    struct hd_err err = {0};

    CU_ASSERT_EQUAL(HD_VIEW_ENTRIES, HD_LAYERS);
    CU_ASSERT(HD_VIEW_TEXT <= HD_LAYERS_TEXT);
    for (unsigned n = 0; n < HD_LAYERS; n++) {
        snprintf(e.path, sizeof(e.path), "/srv/%u", n);
        CHECK_OK(hd_host_view_add(text, &e, &err), &err);
    }
    strcpy(e.path, "/srv/more");
    CHECK_FAILS(hd_host_view_add(text, &e, &err), &err, HD_E_LIMIT,
                "have 4096 entries, and no guest has more");
}

static void one_change_at_a_time_and_none_beside_a_job(void)
{
    struct hd_err err = {0};

    begin();
    b.desk->tabling = true;
    CHECK_FAILS(add(HD_SIDE_GUEST, "/usr/share/fonts/x", &err), &err, HD_E_BUSY,
                "are being changed");
    b.desk->tabling = false;
    b.store->retrying = true;
    CHECK_FAILS(
        hd_tabling_remove(b.store, b.desk, "/etc/resolv.conf", NULL, &err),
        &err, HD_E_BUSY, "travel is busy");
    b.store->retrying = false;
    end();
}

static void an_entry_is_taken_out_and_the_others_stay(void)
{
    char text[HD_VIEW_TEXT];

    strcpy(text, tables);
    CU_ASSERT_FALSE(hd_host_view_remove(text, "/usr/share"));
    CU_ASSERT(hd_host_view_remove(text, "/usr/share/fonts"));
    CU_ASSERT_STRING_EQUAL(text, "-/usr/share/fonts/own\n+/etc/resolv.conf\n"
                                 "+/usr/share/zoneinfo\n");
    CU_ASSERT(hd_host_view_remove(text, "/usr/share/zoneinfo"));
    CU_ASSERT(hd_host_view_remove(text, "/usr/share/fonts/own"));
    CU_ASSERT(hd_host_view_remove(text, "/etc/resolv.conf"));
    CU_ASSERT_STRING_EQUAL(text, "");
}

static const struct hd_test tests[] = {
    HD_TEST(each_entry_is_told_with_its_origin_and_the_policys_word),
    HD_TEST(without_a_policy_nothing_is_allowed),
    HD_TEST(the_entry_that_decides_is_named),
    HD_TEST(who_has_no_host_view_or_does_not_run_has_no_tables),
    HD_TEST(a_file_that_a_key_is_bound_to_stays_the_guests),
    HD_TEST(what_the_agent_has_stays_the_guests),
    HD_TEST(a_change_that_may_not_be_is_refused_and_named),
    HD_TEST(tables_are_bounded),
    HD_TEST(entries_are_as_many_as_a_guest_makes_mounts_of),
    HD_TEST(one_change_at_a_time_and_none_beside_a_job),
    HD_TEST(an_entry_is_taken_out_and_the_others_stay),
};
HD_SUITE("daemon/shown", tests);
