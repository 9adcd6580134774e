/* SPDX-License-Identifier: MIT */
/* Tests run/table_nodes and dom-guest/table: tables that the host writes and
 * the agent reads, in one node or in many. */
#include "../../hv/domain/table_nodes.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/table.h"
#include "../../hv/store/format.h"
#include "unit.h"
#include "xs_kit.h"

#define FOLDER "/local/domain/7/data/hotdom"

static struct hd_xs *xs;
static struct hd_xsdev *x;
static int peer;
static uint32_t asked;

static void begin(void)
{
    struct hd_err err;
    int fds[2];

    xs_kit_reset();
    xs_kit_put(FOLDER "/table", "+/before\n");
    CHECK_OK(hd_xs_open(&xs, &err), &err);
    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    CHECK_OK(hd_xsdev_take(fds[0], &x, &err), &err);
    peer = fds[1];
    asked = 0;
}

static void end(void)
{
    hd_xsdev_free(hd_steal(&x));
    close(peer);
    hd_xs_free(hd_steal(&xs));
}

/* So many entries, and one of this name. */
static char *tables_of(unsigned n, const char *name)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fprintf(f, "+/%s\n", name);
    for (unsigned i = 0; i < n; i++)
        fprintf(f, "+/srv/%s/%u\n", name, i);
    CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
    return text;
}

static void change(const char *text)
{
    struct hd_err err;

    CHECK_OK(hd_table_nodes_change(xs, FOLDER, text, &err), &err);
}

/* ---- the agent's xenstore: what it will ask is answered before */

static void answer(const char *path)
{
    const char *value = xs_kit_get(path);
    const char *body = value ? value : "ENOENT";
    struct xsd_sockmsg msg = {.type = value ? XS_READ : XS_ERROR,
                              .req_id = ++asked,
                              .len = (uint32_t)strlen(body) + !value};

    CU_ASSERT_EQUAL(write(peer, &msg, sizeof(msg)), sizeof(msg));
    CU_ASSERT_EQUAL(write(peer, body, msg.len), msg.len);
}

static void answer_sheets(uint32_t number, uint32_t from, uint32_t to)
{
    char path[96];

    for (uint32_t k = from; k < to; k++) {
        snprintf(path, sizeof(path), FOLDER "/tables/%u/%u", number, k);
        answer(path);
    }
}

static void check_read(const char *want)
{
    hd_autofree char *got = NULL;
    struct hd_err err;

    CHECK_OK(hd_table_read(x, &got, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_STRING_EQUAL(got, want);
}

/* ---- */

static void a_text_that_fits_is_in_one_node_as_ever(void)
{
    begin();
    change("+/a\n-/a/b\n");
    CU_ASSERT_TRUE(xs_kit_is(FOLDER "/table", "+/a\n-/a/b\n"));
    CU_ASSERT_EQUAL(xs_kit_count(), 1);
    answer(FOLDER "/table");
    check_read("+/a\n-/a/b\n");
    end();
}

static void a_long_text_is_read_whole(void)
{
    hd_autofree char *text = tables_of(400, "long");
    struct hd_sheets s = hd_sheets_of(text, 1);

    begin();
    change(text);
    CU_ASSERT_EQUAL(xs_kit_count(), 2 + s.n);
    answer(FOLDER "/table");
    answer_sheets(1, 0, s.n);
    answer(FOLDER "/table");
    check_read(text);
    end();
}

/* Nothing is left of those before. */
static void texts_follow_one_another(void)
{
    hd_autofree char *one = tables_of(300, "one"), *two = tables_of(200, "two");

    begin();
    change(one);
    change(two);
    CU_ASSERT_EQUAL(xs_kit_count(), 2 + hd_sheets_of(two, 2).n);
    CU_ASSERT_TRUE(xs_kit_is(FOLDER "/tables", "2"));
    change("+/short\n");
    CU_ASSERT_TRUE(xs_kit_is(FOLDER "/table", "+/short\n"));
    CU_ASSERT_EQUAL(xs_kit_count(), 2);
    /* No number comes again. */
    change(one);
    CU_ASSERT_TRUE(xs_kit_is(FOLDER "/tables", "3"));
    CU_ASSERT_FALSE(xs_kit_is(FOLDER "/tables/3/0", NULL));
    end();
}

static void a_change_while_they_are_read_is_read_anew(void)
{
    hd_autofree char *one = tables_of(300, "one"), *two = tables_of(200, "two");
    struct hd_sheets s = hd_sheets_of(one, 1);

    begin();
    change(one);
    answer(FOLDER "/table");
    answer_sheets(1, 0, 1);
    change(two);
    answer_sheets(1, 1, 2); /* is gone */
    answer(FOLDER "/table");
    answer_sheets(2, 0, hd_sheets_of(two, 2).n);
    answer(FOLDER "/table");
    check_read(two);
    /* And when it comes at the very end. */
    change(one);
    answer(FOLDER "/table");
    answer_sheets(3, 0, s.n);
    change("+/short\n");
    answer(FOLDER "/table");
    answer(FOLDER "/table");
    check_read("+/short\n");
    end();
}

static void what_a_killed_host_has_left_half_written_is_never_read(void)
{
    hd_autofree char *one = tables_of(300, "one"), *two = tables_of(200, "two");
    const struct hd_xs_node half[] = {{FOLDER "/tables", "2"},
                                      {FOLDER "/tables/2/0", "+/half\n"}};
    struct hd_err err;

    begin();
    change(one);
    CHECK_OK(hd_xs_write(xs, half, 2, &err), &err);
    answer(FOLDER "/table");
    answer_sheets(1, 0, hd_sheets_of(one, 1).n);
    answer(FOLDER "/table");
    check_read(one);
    change(two);
    CU_ASSERT_EQUAL(xs_kit_count(), 2 + hd_sheets_of(two, 3).n);
    end();
}

static void an_agent_does_not_follow_for_ever(void)
{
    hd_autofree char *text = tables_of(300, "one");
    struct hd_err err;
    char *got = NULL;

    begin();
    change(text);
    for (int i = 0; i < 10; i++) {
        answer(FOLDER "/table");
        answer("/none");
    }
    CHECK_FAILS(hd_table_read(x, &got, &err), &err, HD_E_BUSY, "half written");
    CU_ASSERT_PTR_NULL(got);
    end();
}

static void a_guest_that_has_removed_its_node_is_told_nothing(void)
{
    const struct hd_xs_node gone = {FOLDER, NULL};
    hd_autofree char *text = tables_of(300, "one");
    struct hd_err err;

    begin();
    CHECK_OK(hd_xs_write(xs, &gone, 1, &err), &err);
    change(text);
    change("+/short\n");
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    end();
}

/* It may make what it likes there then. */
static void what_a_guest_has_put_in_their_place_is_no_number(void)
{
    hd_autofree char *text = tables_of(300, "one");

    begin();
    xs_kit_put(FOLDER "/tables", "../../8");
    change(text);
    CU_ASSERT_TRUE(xs_kit_is(FOLDER "/tables", "1"));
    xs_kit_put(FOLDER "/tables", "4294967295");
    change(text);
    CU_ASSERT_TRUE(xs_kit_is(FOLDER "/tables", "1"));
    end();
}

static void the_longest_tables_have_sheets_enough(void)
{
    hd_autofree char *text = malloc(HD_VIEW_TEXT);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', HD_VIEW_TEXT - 1);
    text[HD_VIEW_TEXT - 1] = '\0';
    CU_ASSERT_TRUE(hd_sheets_of(text, 1).n <= HD_SHEETS_MAX);
}

/* hotdom-9p takes them as one. */
static void the_longest_tables_are_an_argument(void)
{
    hd_autofree char *text = malloc(HD_VIEW_TEXT);
    char *argv[] = {"/bin/true", text, NULL};
    int status;
    pid_t pid;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', HD_VIEW_TEXT - 1);
    text[HD_VIEW_TEXT - 1] = '\0';
    CU_ASSERT_EQUAL_FATAL(posix_spawn(&pid, argv[0], NULL, NULL, argv, NULL),
                          0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
}

static const struct hd_test tests[] = {
    HD_TEST(a_text_that_fits_is_in_one_node_as_ever),
    HD_TEST(a_long_text_is_read_whole),
    HD_TEST(texts_follow_one_another),
    HD_TEST(a_change_while_they_are_read_is_read_anew),
    HD_TEST(what_a_killed_host_has_left_half_written_is_never_read),
    HD_TEST(an_agent_does_not_follow_for_ever),
    HD_TEST(a_guest_that_has_removed_its_node_is_told_nothing),
    HD_TEST(what_a_guest_has_put_in_their_place_is_no_number),
    HD_TEST(the_longest_tables_have_sheets_enough),
    HD_TEST(the_longest_tables_are_an_argument),
};
HD_SUITE("domain/table_nodes", tests);
