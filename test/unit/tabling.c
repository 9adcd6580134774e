/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/tabling: what becomes of a change of tables.  The linker
 * sends what asks the process that serves, and the agent, here (--wrap). */
#include "../../hv/daemon/tabling.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../hv/plan/plan_text.h"
#include "../../hv/run/files.h"
#include "control_kit.h"
#include "xen_kit.h"

/* The process that serves and the agent; while `on`, else there are none. */
static struct {
    bool on;
    enum hd_code refuses, deaf; /* the process; the agent */
    unsigned changes, saves;
    char tables[256], shown[64]; /* that it was given last */
    uint32_t told;               /* whose agent was, last */
} server;

int __real_hd_files_change(const struct hd_plan_view *view, struct hd_err *err);
int __wrap_hd_files_change(const struct hd_plan_view *view, struct hd_err *err);
int __real_hd_files_tell(const struct hd_plan_view *view, uint32_t domid,
                         struct hd_err *err);
int __wrap_hd_files_tell(const struct hd_plan_view *view, uint32_t domid,
                         struct hd_err *err);
void __real_hd_restart_save(struct hd_store *store);
void __wrap_hd_restart_save(struct hd_store *store);

int __wrap_hd_files_change(const struct hd_plan_view *view, struct hd_err *err)
{
    if (!server.on)
        return __real_hd_files_change(view, err);
    server.changes++;
    if (server.refuses)
        return hd_fail(err, server.refuses, "the process refuses");
    snprintf(server.tables, sizeof(server.tables), "%s", view->tables);
    snprintf(server.shown, sizeof(server.shown), "%s", view->shown);
    return 0;
}

int __wrap_hd_files_tell(const struct hd_plan_view *view, uint32_t domid,
                         struct hd_err *err)
{
    if (!server.on)
        return __real_hd_files_tell(view, domid, err);
    if (server.deaf)
        return hd_fail(err, server.deaf, "xenstore is full");
    server.told = domid;
    return 0;
}

void __wrap_hd_restart_save(struct hd_store *store)
{
    if (server.on)
        server.saves++;
    else
        __real_hd_restart_save(store);
}

/* Guest desk of store travel runs as domain 7 and has these tables, in a
 * hotdomd whose policy shows both. */
static const char tables[] = "+/srv/a\n+/srv/b\n-/srv/a/own\n";
static const char shown[] = "+/srv/a\n+/srv/b\n";

static struct bench {
    struct kit_daemon k;
    struct hd_guest_life *desk;
    struct hd_conn conn; /* who waits for a change */
    int client;          /* the other end */
} b;

static void show(const char *path)
{
    struct hd_policy *p = &b.k.daemon.rules.policy;

    strcpy(p->host_paths[p->n_host_paths++].path, path);
}

static void connect_client(void)
{
    int fds[2];

    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
    uv_pipe_init(&b.k.loop, &b.conn.pipe, 0);
    b.conn.pipe.data = &b.conn;
    b.conn.busy = true;
    CU_ASSERT_EQUAL_FATAL(uv_pipe_open(&b.conn.pipe, fds[1]), 0);
    b.client = fds[0];
}

static void begin(void)
{
    static const char *const guests[] = {"desk", NULL};
    struct hd_plan *plan = calloc(1, hd_plan_size(1) + HD_PLAN_MAX_TEXT);

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    memset(&b, 0, sizeof(b));
    memset(&server, 0, sizeof(server));
    server.on = true;
    kit_daemon_init(&b.k, "travel", guests);
    b.desk = b.k.guests;
    b.desk->domid = 7;
    b.k.store->plan = plan;
    plan->n_steps = 1;
    plan->steps[0].kind = HD_STEP_SERVE_FILES;
    strcpy(plan->steps[0].guest, "desk");
    strcpy(plan->steps[0].u.files.name, "travel.desk");
    hd_plan_put_view(plan, plan->steps, tables, shown);
    show("/srv/a");
    show("/srv/b");
    connect_client();
}

static void end(void)
{
    server.on = false;
    close(b.client);
    uv_close((uv_handle_t *)&b.conn.pipe, NULL);
    kit_daemon_fini(&b.k);
}

/* What the client is told when all that was begun is done. */
static const char *heard(void)
{
    static char text[4096];
    ssize_t n;

    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    n = recv(b.client, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static const char *planned(void)
{
    struct hd_plan_view v = {.tables = ""};

    CU_ASSERT_TRUE(hd_plan_find_view(b.k.store->plan, "desk", &v));
    return v.tables;
}

static int add(const char *path, struct hd_err *err)
{
    struct hd_view_entry e = {.side = HD_SIDE_HOST};

    snprintf(e.path, sizeof(e.path), "%s", path);
    return hd_tabling_add(b.k.store, b.desk, &e, &b.conn, err);
}

static void a_change_is_answered_when_the_process_and_the_agent_have_it(void)
{
    static const char both[] = "+/srv/a\n+/srv/b\n-/srv/a/own\n+/srv/a/own/x\n";
    struct hd_err err = {0};

    begin();
    CHECK_OK(add("/srv/a/own/x", &err), &err);
    CHECK_SAYS(heard(), "\"message\":\"\\/srv\\/a\\/own\\/x is the host's from "
                        "now on\"");
    CU_ASSERT_STRING_EQUAL(server.tables, both);
    CU_ASSERT_STRING_EQUAL(planned(), both);
    CU_ASSERT_EQUAL(server.told, 7);
    CU_ASSERT_STRING_EQUAL(b.k.last.reason, "table");
    CU_ASSERT_EQUAL(b.k.told, 1);
    end();
}

static void a_change_that_the_process_refuses_is_taken_back(void)
{
    struct hd_err err = {0};

    begin();
    server.refuses = HD_E_FAILED;
    CHECK_OK(add("/srv/a/own/x", &err), &err);
    CHECK_SAYS(heard(), "the process refuses");
    CU_ASSERT_STRING_EQUAL(planned(), tables);
    CU_ASSERT_EQUAL(server.told, 0);
    CU_ASSERT_EQUAL(b.k.told, 0);
    end();
}

/* The guest has them in its host view, and nobody mounts them there. */
static void an_agent_that_is_not_told_is_no_success(void)
{
    struct hd_err err = {0};
    const char *text;

    begin();
    server.deaf = HD_E_FAILED;
    CHECK_OK(add("/srv/a/own/x", &err), &err);
    text = heard();
    CHECK_SAYS(text, "io.hotdom.Error");
    CHECK_SAYS(text, "\\/srv\\/a\\/own\\/x is the host's from now on, but the "
                     "agent of travel.desk was not told");
    CHECK_SAYS(text, "`hotdom reboot travel.desk`: xenstore is full");
    CU_ASSERT_PTR_NOT_NULL(strstr(planned(), "+/srv/a/own/x\n"));
    CU_ASSERT_STRING_EQUAL(b.k.last.reason, "table");
    end();
}

/* ---- the policy is read anew */

/* It shows /srv/a alone from now on. */
static void narrow_policy(void)
{
    b.k.daemon.rules.policy.n_host_paths = 1;
}

static const char narrowed[] = "+/srv/a\n-/srv/a/own\n";

static void a_guest_starts_again_with_what_the_policy_shows_by_then(void)
{
    begin();
    xen_kit_begin(&b.k);
    narrow_policy();
    CU_ASSERT_TRUE(hd_restart_begin(b.k.store, b.desk, "reboot"));
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_RESTART);
    CU_ASSERT_STRING_EQUAL(xen_kit.tables, narrowed);
    CU_ASSERT_STRING_EQUAL(planned(), narrowed);
    xen_kit_end(&b.k);
    end();
}

static void what_the_policy_does_not_show_any_more_goes_from_who_runs(void)
{
    begin();
    hd_tabling_judge_all(&b.k.daemon.stores);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(server.changes + server.saves, 0);
    narrow_policy();
    hd_tabling_judge_all(&b.k.daemon.stores);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(server.changes, 1);
    CU_ASSERT_STRING_EQUAL(server.tables, narrowed);
    CU_ASSERT_STRING_EQUAL(server.shown, "+/srv/a\n");
    CU_ASSERT_STRING_EQUAL(planned(), narrowed);
    CU_ASSERT_EQUAL(server.told, 7);
    CU_ASSERT_STRING_EQUAL(b.k.last.reason, "table");
    CU_ASSERT_STRING_EQUAL(b.k.last.guest, "desk");
    CU_ASSERT_STRING_EQUAL(
        b.k.last.message,
        "/srv/b is no entry any more: the policy does not show it");
    end();
}

static void of_several_the_first_is_named_and_the_others_are_counted(void)
{
    begin();
    b.k.daemon.rules.policy.n_host_paths = 0;
    hd_tabling_judge_all(&b.k.daemon.stores);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_STRING_EQUAL(server.tables, "-/srv/a/own\n");
    CU_ASSERT_EQUAL(b.k.told, 1);
    CU_ASSERT_STRING_EQUAL(b.k.last.message,
                           "/srv/a and 1 more are no entries any more: the "
                           "policy does not show them");
    end();
}

/* A link of the host's led there. */
static void a_path_that_no_exception_names_goes_without_an_event(void)
{
    begin();
    show("/srv/c");
    hd_tabling_judge_all(&b.k.daemon.stores);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_STRING_EQUAL(server.shown, "+/srv/a\n+/srv/b\n+/srv/c\n");
    b.k.daemon.rules.policy.n_host_paths--;
    hd_tabling_judge_all(&b.k.daemon.stores);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_STRING_EQUAL(server.shown, shown);
    CU_ASSERT_STRING_EQUAL(server.tables, tables);
    CU_ASSERT_EQUAL(b.k.told, 0);
    end();
}

static void a_policy_that_is_read_while_tables_change_counts_behind_that(void)
{
    struct hd_err err = {0};

    begin();
    CHECK_OK(add("/srv/a/own/x", &err), &err);
    narrow_policy();
    hd_tabling_judge_all(&b.k.daemon.stores);
    CHECK_SAYS(heard(), "is the host's from now on");
    CU_ASSERT_EQUAL(server.changes, 2);
    CU_ASSERT_STRING_EQUAL(server.tables,
                           "+/srv/a\n-/srv/a/own\n+/srv/a/own/x\n");
    end();
}

static void what_could_not_be_taken_away_is_told_and_tried_at_the_next_reload(
    void)
{
    begin();
    narrow_policy();
    server.refuses = HD_E_FAILED;
    hd_tabling_judge_all(&b.k.daemon.stores);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(server.changes, 1);
    CU_ASSERT_STRING_EQUAL(planned(), tables);
    CU_ASSERT_STRING_EQUAL(
        b.k.last.message,
        "/srv/b, which the policy does not show, is not taken from the guest; "
        "reload hotdomd again, or `hotdom reboot travel.desk`: the process "
        "refuses");
    server.refuses = HD_OK;
    hd_tabling_judge_all(&b.k.daemon.stores);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_STRING_EQUAL(planned(), narrowed);
    end();
}

static void what_the_old_process_refused_is_not_put_back_for_the_new_one(void)
{
    begin();
    narrow_policy();
    server.refuses = HD_E_NO_GUEST;
    hd_tabling_judge_all(&b.k.daemon.stores);
    b.desk->domid = 8;
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_STRING_EQUAL(planned(), narrowed);
    end();
}

/* A hotdomd that has begun with a bad one. */
static void without_a_policy_who_runs_keeps_his_and_nobody_starts_again(void)
{
    begin();
    xen_kit_begin(&b.k);
    narrow_policy();
    b.k.daemon.rules.why.code = HD_E_FAILED;
    hd_tabling_judge_all(&b.k.daemon.stores);
    hd_tabling_adopt(b.k.store);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_STRING_EQUAL(server.tables, tables);
    CU_ASSERT_FALSE(hd_restart_begin(b.k.store, b.desk, "reboot"));
    CU_ASSERT_EQUAL(xen_kit.jobs, 0);
    xen_kit_end(&b.k);
    end();
}

static void who_is_adopted_is_given_what_the_policy_shows_by_now(void)
{
    begin();
    narrow_policy();
    hd_tabling_adopt(b.k.store);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(server.changes, 1);
    CU_ASSERT_STRING_EQUAL(server.tables, narrowed);
    end();
}

static void run_desk(void)
{
    struct hd_job_report r = {.kind = HD_REPORT_RUNNING, .domid = 8};

    strcpy(r.guest, "desk");
    hd_report_take(b.k.store, &r);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
}

static void what_the_policy_lost_while_a_guest_was_built_goes_when_it_runs(void)
{
    begin();
    xen_kit_begin(&b.k);
    b.desk->state = HD_STATE_BUILDING;
    narrow_policy();
    run_desk();
    CU_ASSERT_EQUAL(server.changes, 1);
    CU_ASSERT_EQUAL(server.told, 8);
    CU_ASSERT_STRING_EQUAL(server.tables, narrowed);
    xen_kit_end(&b.k);
    end();
}

/* Domain 7 ends and 8 begins with what the policy shows by then, while a change
 * from before that waits for a thread. */
static void change_and_reboot(void)
{
    struct hd_err err = {0};

    xen_kit_begin(&b.k);
    CHECK_OK(add("/srv/a/own/x", &err), &err);
    narrow_policy();
    CU_ASSERT_TRUE(hd_restart_begin(b.k.store, b.desk, "reboot"));
}

static void check_has_what_is_shown(void)
{
    static const char now[] = "+/srv/a\n-/srv/a/own\n+/srv/a/own/x\n";

    CU_ASSERT_EQUAL(server.changes, 2);
    CU_ASSERT_STRING_EQUAL(server.tables, now);
    CU_ASSERT_STRING_EQUAL(server.shown, "+/srv/a\n");
    CU_ASSERT_STRING_EQUAL(planned(), now);
    CU_ASSERT_EQUAL(server.told, 8);
    /* And that is all. */
    hd_tabling_judge(b.k.store, b.desk);
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(server.changes, 2);
}

static void a_change_that_comes_behind_a_reboot_brings_back_nothing(void)
{
    begin();
    change_and_reboot();
    b.desk->state = HD_STATE_BUILDING;
    run_desk();
    check_has_what_is_shown();
    xen_kit_end(&b.k);
    end();
}

/* Its process serves before the guest runs. */
static void nor_does_one_that_comes_while_the_guest_is_built_again(void)
{
    begin();
    change_and_reboot();
    uv_run(&b.k.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(server.changes, 1);
    b.desk->state = HD_STATE_BUILDING;
    run_desk();
    check_has_what_is_shown();
    xen_kit_end(&b.k);
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_change_is_answered_when_the_process_and_the_agent_have_it),
    HD_TEST(a_change_that_the_process_refuses_is_taken_back),
    HD_TEST(an_agent_that_is_not_told_is_no_success),
    HD_TEST(what_the_policy_does_not_show_any_more_goes_from_who_runs),
    HD_TEST(of_several_the_first_is_named_and_the_others_are_counted),
    HD_TEST(a_path_that_no_exception_names_goes_without_an_event),
    HD_TEST(a_policy_that_is_read_while_tables_change_counts_behind_that),
    HD_TEST(what_could_not_be_taken_away_is_told_and_tried_at_the_next_reload),
    HD_TEST(what_the_old_process_refused_is_not_put_back_for_the_new_one),
    HD_TEST(without_a_policy_who_runs_keeps_his_and_nobody_starts_again),
    HD_TEST(who_is_adopted_is_given_what_the_policy_shows_by_now),
    HD_TEST(a_guest_starts_again_with_what_the_policy_shows_by_then),
    HD_TEST(what_the_policy_lost_while_a_guest_was_built_goes_when_it_runs),
    HD_TEST(a_change_that_comes_behind_a_reboot_brings_back_nothing),
    HD_TEST(nor_does_one_that_comes_while_the_guest_is_built_again),
};
HD_SUITE("daemon/tabling", tests);
