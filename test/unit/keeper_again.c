/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/keeper: what fails is tried again, and what was there before
 * the agent is looked at. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/registry.h"
#include "../../pv-drivers/base/io.h"
#include "keeper_kit.h"
#include "registry_kit.h"
#include "stall_kit.h"
#include "unit.h"

static void a_file_that_could_not_be_written_is_written_later(void)
{
    struct hd_err err;
    char path[PATH_MAX];

    keeper_begin_bound();
    CU_ASSERT_FALSE(hd_keeper_is_due(&keeper));
    keeper_set("guest/hosts", "sa");
    snprintf(path, sizeof(path), "%s/etc", keeper_root);
    CHECK_OK(hd_io_write_file(path, "", 0, 0644, &err), &err);
    CHECK_FAILS(hd_keeper_follow(&keeper, keeper_x, &err), &err, HD_E_IO,
                "folder");
    CU_ASSERT_TRUE(hd_keeper_is_due(&keeper));
    /* What is no file's changes nothing. */
    keeper_set("guest/other", "sx");
    CHECK_FAILS(hd_keeper_follow(&keeper, keeper_x, &err), &err, HD_E_IO,
                "folder");
    CU_ASSERT_EQUAL(unlink(path), 0);
    CHECK_OK(hd_keeper_retry(&keeper, keeper_x, &err), &err);
    CU_ASSERT_FALSE(hd_keeper_is_due(&keeper));
    keeper_check_file("/etc/deep/hosts", "a\n");
    keeper_end();
}

static void changes_that_could_not_be_read_are_read_later(void)
{
    struct hd_err err;

    keeper_begin_bound();
    keeper_set("guest/hosts", "sa");
    registry_unreadable = 1;
    CHECK_FAILS(hd_keeper_follow(&keeper, keeper_x, &err), &err, HD_E_IO,
                "fails");
    CU_ASSERT_TRUE(hd_keeper_is_due(&keeper));
    CHECK_FAILS(hd_keeper_retry(&keeper, keeper_x, &err), &err, HD_E_IO,
                "fails");
    registry_unreadable = 0;
    CHECK_OK(hd_keeper_retry(&keeper, keeper_x, &err), &err);
    CU_ASSERT_FALSE(hd_keeper_is_due(&keeper));
    keeper_check_file("/etc/deep/hosts", "a\n");
    keeper_end();
}

static void binds_that_could_not_be_read_are_read_later(void)
{
    struct hd_err err;

    keeper_begin();
    keeper_set("guest/hosts", "sa");
    keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say_text(XS_ERROR, "EIO");
    CHECK_FAILS(
        hd_keeper_begin(&keeper, keeper_dir, keeper_root, keeper_x, &err), &err,
        HD_E_IO, "bind");
    CU_ASSERT_TRUE(hd_keeper_is_due(&keeper));
    keeper_say(XS_DIRECTORY, "0", 2);
    keeper_say_text(XS_READ, "guest/hosts /hosts");
    CHECK_OK(hd_keeper_retry(&keeper, keeper_x, &err), &err);
    CU_ASSERT_FALSE(hd_keeper_is_due(&keeper));
    keeper_check_file("/hosts", "a\n");
    keeper_end();
}

/* Which one it is nobody knows. */
static void one_bind_that_could_not_be_read_is_read_later(void)
{
    struct hd_err err;

    keeper_begin();
    keeper_set("guest/hosts", "sa");
    keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say(XS_DIRECTORY, "0\0001", 4);
    keeper_say_text(XS_READ, "guest/other /other");
    keeper_say_text(XS_ERROR, "EIO");
    CHECK_FAILS(
        hd_keeper_begin(&keeper, keeper_dir, keeper_root, keeper_x, &err), &err,
        HD_E_IO, "bind/1");
    CU_ASSERT_TRUE(hd_keeper_is_due(&keeper));
    keeper_say(XS_DIRECTORY, "0\0001", 4);
    keeper_say_text(XS_READ, "guest/other /other");
    keeper_say_text(XS_READ, "guest/hosts /hosts");
    CHECK_OK(hd_keeper_retry(&keeper, keeper_x, &err), &err);
    CU_ASSERT_FALSE(hd_keeper_is_due(&keeper));
    keeper_check_file("/hosts", "a\n");
    keeper_end();
}

/* Each change is an answer of its own, as it is that large. */
static void who_sets_keys_without_a_pause_does_not_keep_the_keeper(void)
{
    static char much[HD_VALUE_MAX];
    struct hd_err err;

    keeper_begin_bound();
    keeper_set("guest/hosts", "sa");
    CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    memset(much, 's', sizeof(much) - 1);
    for (int i = 0; i < 40; i++)
        keeper_set("guest/much", much);
    keeper_set("guest/hosts", "sb");
    CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    CU_ASSERT_TRUE(keeper.more);
    keeper_check_file("/etc/deep/hosts", "a\n");
    for (int i = 0; i < 3; i++)
        CHECK_OK(hd_keeper_follow(&keeper, keeper_x, &err), &err);
    CU_ASSERT_FALSE(keeper.more);
    keeper_check_file("/etc/deep/hosts", "b\n");
    keeper_end();
}

/* ---- of the host */

/* What the keeper asks to know all that the host says: one key. */
static void say_host(const char *name)
{
    keeper_say(XS_DIRECTORY, "name", 5);
    keeper_say_text(XS_READ, name);
    keeper_say_text(XS_ERROR, "ENOENT"); /* below it */
    keeper_say_text(XS_ERROR, "ENOENT"); /* store */
    keeper_say_text(XS_ERROR, "ENOENT"); /* map */
}

static void a_key_of_the_host_is_written_anew_when_the_host_says_so(void)
{
    struct hd_err err;

    keeper_begin();
    keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say(XS_DIRECTORY, "0", 2);
    keeper_say_text(XS_READ, "host/name /etc/host");
    say_host("sone");
    CHECK_OK(hd_keeper_begin(&keeper, keeper_dir, keeper_root, keeper_x, &err),
             &err);
    keeper_check_file("/etc/host", "one\n");
    say_host("stwo");
    CHECK_OK(hd_keeper_follow_host(&keeper, keeper_x, &err), &err);
    keeper_check_file("/etc/host", "two\n");
    keeper_end();
}

/* ---- asked before it began */

/* Of a question that was there before the agent. */
static void begin_asked(const char *answer, bool answers)
{
    struct hd_piece ask = {.number = 9, .len = 19};
    char text[HD_PIECE_TEXT];
    struct hd_err err;

    keeper_begin();
    memcpy(ask.data, "get guest/none - 0\n", 19);
    hd_piece_format(&ask, text);
    keeper_say_text(XS_READ, text);
    if (answer)
        keeper_say_text(XS_READ, answer);
    else
        keeper_say_text(XS_ERROR, "ENOENT");
    keeper_say_text(XS_ERROR, "ENOENT"); /* bind */
    CHECK_OK(hd_keeper_begin(&keeper, keeper_dir, keeper_root, keeper_x, &err),
             &err);
    keeper_say_text(XS_READ, text);
    if (answers)
        keeper_say(XS_WRITE, "OK", 3);
    CHECK_OK(hd_keeper_answer(&keeper, keeper_x, &err), &err);
    if (answers)
        keeper_check_answer(keeper_last_request(),
                            "failed there is no key guest/none\n");
    keeper_end();
}

static void what_a_young_guest_was_asked_before_its_agent_is_answered(void)
{
    begin_asked(NULL, true);
    begin_asked("8 0 . ", true);
    begin_asked("garbage", true);
}

static void what_another_agent_has_begun_to_answer_is_left(void)
{
    begin_asked("9 0 + ", false);
}

static void an_exchange_goes_on_when_the_agent_begins_anew(void)
{
    struct hd_piece ask = {.number = 9, .more = true, .len = 10};
    char text[HD_PIECE_TEXT];
    struct hd_err err;

    keeper_begin_bound();
    memcpy(ask.data, "get guest/none - 0\n", 19);
    hd_piece_format(&ask, text);
    keeper_say_text(XS_READ, text);
    keeper_say(XS_WRITE, "OK", 3);
    CHECK_OK(hd_keeper_answer(&keeper, keeper_x, &err), &err);
    keeper_say_text(XS_ERROR, "ENOENT"); /* bind */
    CHECK_OK(hd_keeper_begin(&keeper, keeper_dir, keeper_root, keeper_x, &err),
             &err);
    ask.turn = 1;
    ask.more = false;
    ask.len = 9;
    memcpy(ask.data, "none - 0\n", 9);
    hd_piece_format(&ask, text);
    keeper_say_text(XS_READ, text);
    keeper_say(XS_WRITE, "OK", 3);
    CHECK_OK(hd_keeper_answer(&keeper, keeper_x, &err), &err);
    keeper_check_answer(keeper_last_request(),
                        "failed there is no key guest/none\n");
    keeper_end();
}

static void a_file_that_does_not_answer_is_written_when_it_does(void)
{
    struct hd_hand hand = HD_HAND_NONE;
    struct hd_err err;

    keeper_begin_bound();
    stall_kit_begin();
    keeper.hand = &hand;
    stall_kit_hold(&hand);
    keeper_set("guest/hosts", "sa");
    CHECK_FAILS(hd_keeper_follow(&keeper, keeper_x, &err), &err, HD_E_TIMEOUT,
                "guest/hosts: a file does not answer");
    CU_ASSERT_TRUE(hd_keeper_is_due(&keeper));
    keeper_check_file("/etc/deep/hosts", NULL);
    stall_kit_go();
    stall_kit_await(&hand);
    CHECK_OK(hd_keeper_retry(&keeper, keeper_x, &err), &err);
    CU_ASSERT_FALSE(hd_keeper_is_due(&keeper));
    keeper_check_file("/etc/deep/hosts", "a\n");
    hd_hand_fini(&hand);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    stall_kit_end();
    keeper_end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_file_that_does_not_answer_is_written_when_it_does),
    HD_TEST(a_file_that_could_not_be_written_is_written_later),
    HD_TEST(changes_that_could_not_be_read_are_read_later),
    HD_TEST(binds_that_could_not_be_read_are_read_later),
    HD_TEST(one_bind_that_could_not_be_read_is_read_later),
    HD_TEST(who_sets_keys_without_a_pause_does_not_keep_the_keeper),
    HD_TEST(a_key_of_the_host_is_written_anew_when_the_host_says_so),
    HD_TEST(what_a_young_guest_was_asked_before_its_agent_is_answered),
    HD_TEST(what_another_agent_has_begun_to_answer_is_left),
    HD_TEST(an_exchange_goes_on_when_the_agent_begins_anew),
};
HD_SUITE("dom-guest/keeper_again", tests);
