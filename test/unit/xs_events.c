/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xs_events: watches against a xenstore in memory, whose
 * events come between answers, in pieces, in masses, or not at all. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "unit.h"
#include "xs_kit.h"

/* Nothing that is heard within it would be. */
#define IN_VAIN_MS 30

static struct hd_xs *begin(void)
{
    struct hd_xs *xs = NULL;

    xs_kit_reset();
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&xs, NULL), 0);
    return xs;
}

static void watch(struct hd_xs *xs, const char *path, const char *token)
{
    struct hd_err err = {0};

    CHECK_OK(hd_xs_watch(xs, path, token, &err), &err);
}

static bool readable(struct hd_xs *xs)
{
    struct pollfd p = {.fd = hd_xs_fd(xs), .events = POLLIN};

    return poll(&p, 1, IN_VAIN_MS) > 0;
}

/* All that come, as "a b " in the order of their letters, until the socket is
 * silent, or lost. */
static const char *take_all(struct hd_xs *xs)
{
    static char got[64];
    bool seen['z' + 1] = {false};
    char token[8];
    size_t n = 0;
    int rc;

    do {
        while ((rc = hd_xs_check(xs, token, sizeof(token), NULL)) == 1)
            seen[(int)token[0]] = true;
    } while (!rc && readable(xs));
    got[0] = '\0';
    for (int c = 'a'; c <= 'z'; c++)
        if (seen[c])
            n += (size_t)snprintf(got + n, sizeof(got) - n, "%c ", c);
    return got;
}

static void a_watch_says_so_at_once_and_at_each_change(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    CU_ASSERT_EQUAL(hd_xs_fd(xs), -1);
    watch(xs, "/a", "a");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a ");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "");
    xs_kit_put("/a/below", "1");
    CU_ASSERT_TRUE(readable(xs));
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a ");
    xs_kit_put("/ab", "1");
    CU_ASSERT_FALSE(readable(xs));
    CHECK_OK(hd_xs_write(xs,
                         (struct hd_xs_node[]){{"/a/below", NULL}, {"/c", "1"}},
                         2, &err),
             &err);
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a ");
}

static void a_domain_that_ends_is_heard_of(void)
{
    hd_auto(hd_xs) xs = begin();

    watch(xs, "@releaseDomain", "r");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "r ");
    xs_kit_changed("@releaseDomain");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "r ");
    xs_kit_changed("@introduceDomain");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "");
}

/* Of /a before the answer to the watch of /b, and of that behind it. */
static void an_event_is_no_answer_and_none_is_lost(void)
{
    hd_auto(hd_xs) xs = begin();

    watch(xs, "/a", "a");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a ");
    for (int i = 0; i < 3; i++)
        xs_kit_put("/a", "1");
    watch(xs, "/b", "b");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a b ");
    xs_kit_put("/a", "2");
    hd_xs_unwatch(xs, "/b", "b");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a ");
    xs_kit_put("/b", "1");
    CU_ASSERT_FALSE(readable(xs));
}

/* What a wait would be in vain for, since the socket is empty. */
static void who_waits_hears_what_came_with_an_answer(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};
    uint64_t began = hd_io_now_ms();

    watch(xs, "/a", "a");
    (void)take_all(xs);
    xs_kit_put("/a", "1");
    hd_xs_unwatch(xs, "/a", "other"); /* asks nobody */
    watch(xs, "/b", "b");
    CHECK_OK(hd_xs_wait(xs, began + 10000, &err), &err);
    CU_ASSERT(hd_io_now_ms() < began + 5000);
    (void)take_all(xs);
    began = hd_io_now_ms();
    CHECK_OK(hd_xs_wait(xs, began + IN_VAIN_MS, &err), &err);
    CU_ASSERT(hd_io_now_ms() >= began + IN_VAIN_MS - 1);
}

/* Once it is over, for the event was on its way. */
static void what_is_not_watched_any_more_is_not_heard_of(void)
{
    hd_auto(hd_xs) xs = begin();

    watch(xs, "/a", "a");
    watch(xs, "/b", "b");
    (void)take_all(xs);
    xs_kit_put("/a", "1");
    xs_kit_put("/b", "1");
    watch(xs, "/c", "c"); /* takes them along */
    hd_xs_unwatch(xs, "/a", "a");
    hd_xs_unwatch(xs, "/a", "a");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "b c ");
}

static void of_two_paths_with_one_token_one_may_go(void)
{
    hd_auto(hd_xs) xs = begin();

    watch(xs, "/a", "x");
    watch(xs, "/b", "x");
    (void)take_all(xs);
    xs_kit_put("/b", "1");
    hd_xs_unwatch(xs, "/a", "x");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "x ");
    xs_kit_put("/a", "1");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "");
    xs_kit_put("/b", "2");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "x ");
}

/* xenstored refuses the second, and says nothing. */
static void the_same_watch_twice_is_one_and_says_so_at_once(void)
{
    hd_auto(hd_xs) xs = begin();

    watch(xs, "/a", "a");
    (void)take_all(xs);
    watch(xs, "/a", "a");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a ");
    hd_xs_unwatch(xs, "/a", "a");
    xs_kit_put("/a", "1");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "");
}

/* As a guest can make them; between two requests they are one. */
static void many_events_end_and_keep_no_other_away(void)
{
    hd_auto(hd_xs) xs = begin();
    char token[8];
    int n = 0;

    watch(xs, "/a", "a");
    watch(xs, "/b", "b");
    (void)take_all(xs);
    xs_kit_put("/b", "1");
    for (int i = 0; i < 1000; i++)
        xs_kit_put("/a", i % 2 ? "1" : "2");
    while (n < 1001 && hd_xs_check(xs, token, sizeof(token), NULL) == 1)
        n++;
    CU_ASSERT(n > 1 && n <= 1001);
    for (int i = 0; i < 1000; i++)
        xs_kit_put("/a", i % 2 ? "1" : "2");
    watch(xs, "/c", "c");
    (void)take_all(xs);
    xs_kit_put("/b", "2");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "b ");
}

static void tokens_have_a_limit_and_a_length(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};
    char token[2] = "a";

    for (int i = 0; i < 16; i++, token[0]++)
        watch(xs, "/a", token);
    CHECK_FAILS(hd_xs_watch(xs, "/a", token, &err), &err, HD_E_IO,
                "cannot watch xenstore /a: No buffer space available");
    hd_xs_unwatch(xs, "/a", "c");
    watch(xs, "/a", token);
    CHECK_FAILS(hd_xs_watch(xs, "/a",
                            "a token that is longer than all that we have",
                            &err),
                &err, HD_E_IO, "too long");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "a b d e f g h i j k l m n o p q ");
}

static void an_event_that_is_torn_off_is_the_end_of_the_watches(void)
{
    for (int bytes = 1; bytes <= 20; bytes += 19) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};
        char token[8];

        watch(xs, "/a", "a");
        (void)take_all(xs);
        xs_kit.event_bytes = bytes;
        xs_kit_put("/a", "1");
        CU_ASSERT_EQUAL(hd_xs_check(xs, token, sizeof(token), &err), 0);
        xs_kit.lost = true;
        CHECK_FAILS(hd_xs_wait(xs, hd_io_now_ms() + 5000, &err), &err, HD_E_IO,
                    "xenstore went away");
        CHECK_FAILS(hd_xs_check(xs, token, sizeof(token), &err), &err, HD_E_IO,
                    "xenstore went away");
        CU_ASSERT(hd_xs_fd(xs) >= 0);
    }
}

/* What had come before that is still given. */
static void a_connection_that_is_lost_says_so_from_then_on(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    watch(xs, "/a", "a");
    (void)take_all(xs);
    xs_kit_put("/a", "1");
    watch(xs, "/b", "b");
    xs_kit.lost = true;
    CHECK_FAILS(hd_xs_wait(xs, hd_io_now_ms() + 5000, &err), &err, HD_E_IO,
                "xenstore went away");
    CHECK_FAILS(hd_xs_wait(xs, hd_io_now_ms() + 5000, &err), &err, HD_E_IO,
                "xenstore went away");
    hd_xs_unwatch(xs, "/a", "a");
    CU_ASSERT(hd_xs_fd(xs) >= 0);
    /* What is asked goes another way. */
    CHECK_OK(hd_xs_write(xs, (struct hd_xs_node[]){{"/a", "1"}, {"/b", "1"}}, 2,
                         &err),
             &err);
}

/* What was watched before is not, and where to poll(2) is elsewhere. */
static void who_watches_after_a_loss_has_a_new_connection(void)
{
    for (int silent = 0; silent < 2; silent++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};
        int fd;

        xs_kit.silent_ms = 200;
        watch(xs, "/a", "a");
        (void)take_all(xs);
        fd = hd_xs_fd(xs);
        *(silent ? &xs_kit.stall_at : &xs_kit.torn_at) = 1;
        CU_ASSERT_EQUAL(hd_xs_watch(xs, "/b", "b", &err), -1);
        xs_kit.stall_at = 0;
        xs_kit.silent_ms = 0;
        watch(xs, "/b", "b");
        CU_ASSERT_NOT_EQUAL(hd_xs_fd(xs), fd);
        CU_ASSERT_STRING_EQUAL(take_all(xs), "b ");
        xs_kit_put("/a", "1");
        CU_ASSERT_STRING_EQUAL(take_all(xs), "");
        xs_kit_put("/b", "1");
        CU_ASSERT_STRING_EQUAL(take_all(xs), "b ");
    }
}

/* Who waits for the others still hears that they are gone. */
static void a_loss_stays_one_until_there_is_a_new_connection(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    watch(xs, "/a", "a");
    (void)take_all(xs);
    xs_kit.torn_at = 1;
    CU_ASSERT_EQUAL(hd_xs_watch(xs, "/b", "b", &err), -1);
    xs_kit.socket = "/nowhere/hotdom";
    CHECK_FAILS(hd_xs_watch(xs, "/b", "b", &err), &err, HD_E_NO_XEN,
                "xenstore");
    CHECK_FAILS(hd_xs_wait(xs, hd_io_now_ms() + 5000, &err), &err, HD_E_IO,
                "xenstore went away");
    CU_ASSERT(hd_xs_fd(xs) >= 0);
    xs_kit.socket = NULL;
    watch(xs, "/b", "b");
    CU_ASSERT_STRING_EQUAL(take_all(xs), "b ");
}

/* Its EIO is an answer like any other. */
static void a_watch_that_is_refused_leaves_the_others(void)
{
    static const int sys[] = {EACCES, EIO, ENOSPC};

    for (size_t i = 0; i < HD_ARRAY_LEN(sys); i++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};
        int fd;

        watch(xs, "/a", "a");
        fd = hd_xs_fd(xs);
        xs_kit.watch_errno = sys[i];
        CHECK_FAILS(hd_xs_watch(xs, "/b", "b", &err), &err, HD_E_IO,
                    "cannot watch xenstore /b");
        CHECK_FAILS(hd_xs_watch(xs, "/b", "b", &err), &err, HD_E_IO,
                    "cannot watch xenstore /b");
        xs_kit.watch_errno = 0;
        CU_ASSERT_EQUAL(hd_xs_fd(xs), fd);
        (void)take_all(xs);
        watch(xs, "/b", "b");
        xs_kit_put("/a", "1");
        CU_ASSERT_STRING_EQUAL(take_all(xs), "a b ");
    }
}

static void an_answer_that_is_torn_off_or_crossed_watches_nothing(void)
{
    for (int i = 0; i < 2; i++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};

        *(i ? &xs_kit.torn_at : &xs_kit.crossed_at) = 1;
        CHECK_FAILS(hd_xs_watch(xs, "/a", "a", &err), &err, HD_E_IO,
                    "cannot watch xenstore /a");
        CHECK_FAILS(hd_xs_wait(xs, hd_io_now_ms() + 5000, &err), &err, HD_E_IO,
                    "xenstore went away");
    }
}

/* Whoever watches, or does not any more, and is not answered. */
static void a_xenstored_that_stalls_is_not_waited_for_without_end(void)
{
    for (int i = 0; i < 2; i++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};
        uint64_t began = hd_io_now_ms();

        xs_kit.silent_ms = 200;
        watch(xs, "/a", "a");
        (void)take_all(xs);
        xs_kit.stall_at = 1;
        if (i)
            hd_xs_unwatch(xs, "/a", "a");
        else
            CHECK_FAILS(hd_xs_watch(xs, "/b", "b", &err), &err, HD_E_TIMEOUT,
                        "when it does not come back, reboot the host");
        CHECK_FAILS(hd_xs_wait(xs, began + 10000, &err), &err, HD_E_TIMEOUT,
                    "when it does not come back, reboot the host");
        CU_ASSERT(hd_io_now_ms() < began + 5000);
        xs_kit.stall_at = 0;
        CHECK_OK(hd_xs_answers(hd_io_now_ms() + 10000, &err), &err);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_watch_says_so_at_once_and_at_each_change),
    HD_TEST(a_domain_that_ends_is_heard_of),
    HD_TEST(an_event_is_no_answer_and_none_is_lost),
    HD_TEST(who_waits_hears_what_came_with_an_answer),
    HD_TEST(what_is_not_watched_any_more_is_not_heard_of),
    HD_TEST(of_two_paths_with_one_token_one_may_go),
    HD_TEST(the_same_watch_twice_is_one_and_says_so_at_once),
    HD_TEST(many_events_end_and_keep_no_other_away),
    HD_TEST(tokens_have_a_limit_and_a_length),
    HD_TEST(an_event_that_is_torn_off_is_the_end_of_the_watches),
    HD_TEST(a_connection_that_is_lost_says_so_from_then_on),
    HD_TEST(who_watches_after_a_loss_has_a_new_connection),
    HD_TEST(a_loss_stays_one_until_there_is_a_new_connection),
    HD_TEST(a_watch_that_is_refused_leaves_the_others),
    HD_TEST(an_answer_that_is_torn_off_or_crossed_watches_nothing),
    HD_TEST(a_xenstored_that_stalls_is_not_waited_for_without_end),
};
HD_SUITE("bus/xs_events", tests);
