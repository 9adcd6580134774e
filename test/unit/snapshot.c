/* SPDX-License-Identifier: MIT */
/* Snapshots of a host and whose trace a line is, on literal lists. */
#include <stdio.h>
#include <string.h>

#include "../../hv/host/snapshot.h"
#include "../../hv/host/trace.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

static struct hd_snapshot *list_of(const char *const *lines)
{
    struct hd_snapshot *s = hd_snapshot_new();

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    for (; *lines; lines++)
        CU_ASSERT_EQUAL(hd_snapshot_add(s, "%s", *lines), 0);
    hd_snapshot_sort(s);
    return s;
}

#define LIST(...) list_of((const char *const[]){__VA_ARGS__, NULL})

static void a_difference_says_which_side_has_it(void)
{
    struct hd_err err = {0};
    hd_auto(hd_snapshot) before = LIST("netdev lo", "dm b", "file /tmp/x");
    hd_auto(hd_snapshot) after =
        LIST("file /tmp/y", "dm a", "netdev lo", "dm b", "dm a");
    hd_autofree struct hd_difference *d = NULL;
    size_t n;

    CHECK_OK(hd_snapshot_diff(before, after, &d, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 3);
    CU_ASSERT_STRING_EQUAL(d[0].line, "dm a");
    CU_ASSERT_TRUE(d[0].added);
    CU_ASSERT_STRING_EQUAL(d[1].line, "file /tmp/x");
    CU_ASSERT_FALSE(d[1].added);
    CU_ASSERT_STRING_EQUAL(d[2].line, "file /tmp/y");
    CU_ASSERT_TRUE(d[2].added);
}

static void equal_and_empty_lists_do_not_differ(void)
{
    struct hd_err err = {0};
    hd_auto(hd_snapshot) a = LIST("dm a", "dm b");
    hd_auto(hd_snapshot) b = LIST("dm b", "dm a");
    hd_auto(hd_snapshot) none = hd_snapshot_new();
    hd_autofree struct hd_difference *d = NULL, *e = NULL, *f = NULL;
    size_t n = 9;

    CHECK_OK(hd_snapshot_diff(a, b, &d, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
    hd_snapshot_sort(none);
    CHECK_OK(hd_snapshot_diff(none, none, &e, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
    CHECK_OK(hd_snapshot_diff(none, a, &f, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 2);
}

static void a_saved_snapshot_is_loaded_as_it_was(void)
{
    struct hd_err err = {0};
    char path[] = "/tmp/hd-unit-XXXXXX";
    hd_auto(hd_snapshot) s = LIST("file /tmp/a\nforged line", "dm a");
    hd_auto(hd_snapshot) again = NULL;
    hd_autofree struct hd_difference *d = NULL;
    size_t n;

    close(mkstemp(path));
    s->memory_kib = 123456789012;
    CHECK_OK(hd_snapshot_save(s, path, &err), &err);
    CHECK_OK(hd_snapshot_load(path, &again, &err), &err);
    CHECK_OK(hd_snapshot_diff(s, again, &d, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(again->n, 2);
    CU_ASSERT_EQUAL(again->memory_kib, 123456789012);
    CU_ASSERT_TRUE(hd_snapshot_has(again, "file /tmp/a?forged"));
    unlink(path);
}

static void a_file_that_is_no_baseline_is_refused(void)
{
    struct hd_err err = {0};
    char path[] = "/tmp/hd-unit-XXXXXX";
    struct hd_snapshot *s = NULL;

    close(mkstemp(path));
    CHECK_FAILS(hd_snapshot_load(path, &s, &err), &err, HD_E_FAILED,
                "no baseline");
    unlink(path);
    CHECK_FAILS(hd_snapshot_load(path, &s, &err), &err, HD_E_IO, "cannot open");
}

static void a_line_is_found_whole_or_up_to_a_blank(void)
{
    hd_auto(hd_snapshot) s = LIST("domain 5c0e 7", "dm hotdom-ab");

    CU_ASSERT_TRUE(hd_snapshot_has(s, "domain 5c0e"));
    CU_ASSERT_TRUE(hd_snapshot_has(s, "domain 5c0e 7"));
    CU_ASSERT_TRUE(hd_snapshot_has(s, "dm hotdom-ab"));
    CU_ASSERT_FALSE(hd_snapshot_has(s, "dm hotdom-a"));
    CU_ASSERT_FALSE(hd_snapshot_has(s, "domain 5c0"));
}

static void what_bears_a_domid_of_ours_is_known(void)
{
    static const struct {
        const char *line;
        bool ours;
    } cases[] = {
        {"xenstore /local/domain/7", true},
        {"xenstore /local/domain/7/memory/target", true},
        {"xenstore /local/domain/70", false},
        {"xenstore /local/domain/17/x/7", false},
        {"xenstore /libxl/7/device", true},
        {"xenstore /libxl/77", false},
        {"xenstore /local/domain/0/backend/vbd/7/51712/mode", true},
        {"xenstore /local/domain/0/backend/vbd/7", true},
        {"xenstore /local/domain/0/backend/vbd/8/7", false},
        {"xenstore /local/domain/0/backend/vbd", false},
        {"xenstore /local/domain/0/device-model/7/state", true},
        {"netdev vif7.0", true},
        {"netdev vif7.0-emu", true},
        {"netdev vif77.0", false},
        {"netdev eth7", false},
        {"port xenbr0/vif7.0", true},
        {"port vif7.0/eth0", false},
        {"domain 5c0e 7", true},
        {"domain 5c0e 17", false},
        {"file /tmp/7", false},
        {"", false},
    };
    hd_auto(hd_trace) t = hd_trace_new();

    CU_ASSERT_EQUAL(hd_trace_add_text(t, "domid 7\n"), 0);
    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        if (hd_trace_matches(t, cases[i].line) != cases[i].ours) {
            printf("\n    %s\n", cases[i].line);
            CU_FAIL("the wrong owner");
        }
}

static void names_of_volumes_and_domains_match_wherever_they_stand(void)
{
    hd_auto(hd_trace) t = hd_trace_new();

    CU_ASSERT_EQUAL(hd_trace_add_text(t, "dm hotdom-rt-a\nodd kind\n\n"
                                         "domain 5c0e-77\ndm torn"),
                    0);
    CU_ASSERT_TRUE(hd_trace_matches(t, "dm hotdom-rt-a"));
    CU_ASSERT_TRUE(hd_trace_matches(t, "mount /mnt/hotdom-rt-a"));
    CU_ASSERT_TRUE(hd_trace_matches(t, "xenstore /vm/5c0e-77/name"));
    CU_ASSERT_TRUE(
        hd_trace_matches(t, "file /var/lib/xen/userdata-d.3.5c0e-77.json"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "dm torn"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "file /tmp/kind"));
    CU_ASSERT_TRUE(hd_trace_has(t, "domain", "5c0e-77"));
    CU_ASSERT_FALSE(hd_trace_has(t, "domain", "5c0e-7"));
    CU_ASSERT_FALSE(hd_trace_has(t, "dm", "5c0e-77"));
}

static void a_bridge_of_ours_and_its_ports_are_traces(void)
{
    hd_auto(hd_trace) t = hd_trace_new();

    CU_ASSERT_EQUAL(hd_trace_add_text(t, "bridge hd5c0e77aa0\n"), 0);
    CU_ASSERT_TRUE(hd_trace_matches(t, "netdev hd5c0e77aa0"));
    CU_ASSERT_TRUE(hd_trace_matches(t, "port hd5c0e77aa0/vif7.0"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "netdev hd5c0e77aa01"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "port xenbr0/hd5c0e77aa0"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "port hd5c0e77aa01/vif7.0"));
}

static void a_file_of_ours_is_a_trace_and_no_other_is(void)
{
    hd_auto(hd_trace) t = hd_trace_new();

    CU_ASSERT_EQUAL(hd_trace_add(t, "file", "/run/hotdom/display/a.desk"), 0);
    CU_ASSERT_TRUE(hd_trace_matches(t, "file /run/hotdom/display/a.desk"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "file /run/hotdom/display/a.desk2"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "mount /run/hotdom/display/a.desk"));
}

static void a_file_that_is_a_disk_and_its_mark_are_its_trace(void)
{
    hd_auto(hd_trace) t = hd_trace_new();

    CU_ASSERT_EQUAL(hd_trace_add(t, "loop", "loop1"), 0);
    CU_ASSERT_TRUE(hd_trace_matches(t, "loop loop1 /root/desk.img"));
    CU_ASSERT_TRUE(hd_trace_matches(t, "file /run/hotdom/file-loop1"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "loop loop10 /root/desk.img"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "file /run/hotdom/file-loop10"));
    CU_ASSERT_FALSE(hd_trace_matches(t, "mount loop1"));
}

static void a_servers_lock_and_its_socket_are_its_trace(void)
{
    static const char path[] = "/run/hotdom/server/view.reader";
    hd_auto(hd_trace) t = hd_trace_new();

    CU_ASSERT_EQUAL(hd_trace_add(t, "server", path), 0);
    CU_ASSERT_TRUE(hd_trace_matches(t, "file /run/hotdom/server/view.reader"));
    CU_ASSERT_TRUE(
        hd_trace_matches(t, "file /run/hotdom/server/view.reader:control"));
    CU_ASSERT_FALSE(
        hd_trace_matches(t, "file /run/hotdom/server/view.reader2"));
    CU_ASSERT_FALSE(
        hd_trace_matches(t, "file /run/hotdom/server/view.reader:other"));
}

static const struct hd_test tests[] = {
    HD_TEST(a_difference_says_which_side_has_it),
    HD_TEST(equal_and_empty_lists_do_not_differ),
    HD_TEST(a_saved_snapshot_is_loaded_as_it_was),
    HD_TEST(a_file_that_is_no_baseline_is_refused),
    HD_TEST(a_line_is_found_whole_or_up_to_a_blank),
    HD_TEST(what_bears_a_domid_of_ours_is_known),
    HD_TEST(a_bridge_of_ours_and_its_ports_are_traces),
    HD_TEST(a_file_of_ours_is_a_trace_and_no_other_is),
    HD_TEST(names_of_volumes_and_domains_match_wherever_they_stand),
    HD_TEST(a_file_that_is_a_disk_and_its_mark_are_its_trace),
    HD_TEST(a_servers_lock_and_its_socket_are_its_trace),
};

HD_SUITE("host/snapshot", tests);
