/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/fs9p/control: tables that change while a guest reads. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../pv-drivers/fs9p/control.h"
#include "fs9p_kit.h"
#include "../../hv/store/format.h"
#include "unit.h"

static struct hd_9p_control control;

static struct sockaddr_un address(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path, sizeof(at.sun_path), "%s/control", p9.host.path);
    return at;
}

static void set_up(const char *tables)
{
    struct sockaddr_un at;

    p9_set_up(tables);
    at = address();
    hd_9p_control_init(&control, &p9.tree, p9.s);
    control.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    CU_ASSERT_EQUAL_FATAL(
        bind(control.listener, (struct sockaddr *)&at, sizeof(at)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(control.listener, 8), 0);
}

static void tear_down(void)
{
    hd_9p_control_fini(&control);
    hd_tables_free(p9.tree.shown);
    close(control.listener);
    p9_tear_down();
}

/* What hotdom-9p does between two requests of the guest's. */
static void turn(void)
{
    struct pollfd fds[HD_9P_CONTROL_FDS];

    for (int i = 0; i < 3; i++) {
        hd_9p_control_fill(&control, fds);
        CU_ASSERT(poll(fds, HD_9P_CONTROL_FDS, 0) >= 0);
        hd_9p_control_take(&control, fds);
    }
}

static int dial(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    struct sockaddr_un at = address();

    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

/* "" when it hangs up. */
static const char *say(int fd, const void *message, size_t len)
{
    static char reply[1024];
    ssize_t n;

    CU_ASSERT_EQUAL(send(fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
    turn();
    n = recv(fd, reply, sizeof(reply) - 1, 0);
    if (n < 0)
        return errno == ECONNRESET ? "" : "(nothing)";
    reply[n] = '\0';
    return reply;
}

static const char *change(const char *message)
{
    int fd = dial();
    const char *reply = say(fd, message, strlen(message));

    close(fd);
    turn();
    return reply;
}

static void a_path_that_is_given_while_the_guest_runs_is_there_at_once(void)
{
    set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "home"), ENOENT);
    CU_ASSERT_STRING_EQUAL(change("t+/etc/resolv.conf\n+/home\n"), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "home/c"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), 0);
    CU_ASSERT_EQUAL(p9_got(4), 7);
    tear_down();
}

/* As long as a guest's may be, with what the policy shows behind. */
static void the_longest_tables_come_in_one_message(void)
{
    static char message[1 + HD_VIEW_TEXT + HD_SHOWN_TEXT] = "t+/home\n";
    size_t len = strlen(message);
    int fd;

    for (unsigned i = 0; len < HD_VIEW_TEXT - 40; i++)
        len += (size_t)sprintf(message + len, "+/home/%024u\n", i);
    len += 1 + (size_t)sprintf(message + len + 1, "+/home\n");
    set_up(P9_USUAL);
    fd = dial();
    CU_ASSERT_STRING_EQUAL(say(fd, message, len), HD_9P_DONE);
    close(fd);
    turn();
    CU_ASSERT_EQUAL(p9_walk(0, 1, "home/c"), 0);
    tear_down();
}

static void what_is_open_and_taken_away_answers_an_error(void)
{
    uint32_t mode;

    set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/fonts"), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 3, "etc/resolv.conf"), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 4, "etc/fonts/a"), 0);
    for (uint32_t fid = 1; fid <= 3; fid++)
        CU_ASSERT_EQUAL(p9_lopen(fid, 0), 0);
    CU_ASSERT_STRING_EQUAL(change("t+/etc/resolv.conf\n"), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), ESTALE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 2, 0, 4096), ESTALE);
    CU_ASSERT_EQUAL(p9_stat_of(1, &mode), ESTALE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 3, 0, 4096), 0);
    CU_ASSERT_EQUAL(p9_got(4), 12);
    CU_ASSERT_EQUAL(p9_lopen(4, 0), ENOENT);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), EBUSY);
    /* It is given again, and what was lost stays lost. */
    CU_ASSERT_STRING_EQUAL(change("t" P9_USUAL), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), ESTALE);
    CU_ASSERT_EQUAL(p9_stat_of(1, &mode), ESTALE);
    CU_ASSERT_EQUAL(p9_stat_of(4, &mode), 0);
    CU_ASSERT_EQUAL(p9_lopen(4, 0), 0);
    CU_ASSERT_EQUAL(p9_simple(P9_CLUNK, 1), 0);
    tear_down();
}

/* A folder on the way becomes the host's, and the other way round. */
static void a_folder_that_changes_sides_is_stale(void)
{
    set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    CU_ASSERT_STRING_EQUAL(change("t+/etc\n"), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 1, 0, 4096), ESTALE);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc"), 0);
    CU_ASSERT_EQUAL(p9_lopen(2, 0), 0);
    CU_ASSERT_STRING_EQUAL(change("t" P9_USUAL), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READDIR, 2, 0, 4096), ESTALE);
    tear_down();
}

static void descriptors_of_stale_files_are_free_again(void)
{
    set_up(P9_USUAL);
    for (uint32_t i = 1; i <= HD_9P_MAX_OPEN; i++) {
        CU_ASSERT_EQUAL_FATAL(p9_walk(0, i, "etc/fonts/a"), 0);
        CU_ASSERT_EQUAL_FATAL(p9_lopen(i, 0), 0);
    }
    CU_ASSERT_EQUAL(p9_walk(0, 5000, "etc/resolv.conf"), 0);
    CU_ASSERT_EQUAL(p9_lopen(5000, 0), ENFILE);
    CU_ASSERT_STRING_EQUAL(change("t+/etc/resolv.conf\n"), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_lopen(5000, 0), 0);
    tear_down();
}

static void tables_that_are_none_leave_all_as_it_was(void)
{
    static const char *const bad[] = {"t/etc\n", "t+/etc", "t+/a\n+/a\n",
                                      "t+/a/../b\n", "t+etc\n"};

    set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_STRING_NOT_EQUAL(change(bad[i]), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), 0);
    /* The guest may have nothing of the host for a while. */
    CU_ASSERT_STRING_EQUAL(change("t"), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), ESTALE);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc"), ENOENT);
    tear_down();
}

static void what_the_policy_shows_comes_with_the_tables(void)
{
    static const char message[] = "t+/lib/a\n\0+/lib\n+/etc/fonts\n";
    static const char bad[] = "t+/lib/a\n\0-/lib";
    int fd;

    set_up(P9_USUAL);
    hd_kit_point(&p9.host, "lib", "etc/fonts");
    fd = dial();
    CU_ASSERT_STRING_NOT_EQUAL(say(fd, bad, sizeof(bad) - 1), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "lib"), ENOENT);
    CU_ASSERT_STRING_EQUAL(say(fd, message, sizeof(message) - 1), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "lib/a"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    /* The policy shows it no longer. */
    CU_ASSERT_STRING_EQUAL(change("t+/lib/a\n"), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 1, 0, 4096), ESTALE);
    close(fd);
    tear_down();
}

static void whoever_says_anything_else_is_cut_off(void)
{
    static char large[HD_9P_CONTROL_MAX + 2] = "t+/a";
    int fd;

    set_up(P9_USUAL);
    CU_ASSERT_STRING_EQUAL(change("x"), "");
    fd = dial();
    CU_ASSERT_STRING_EQUAL(say(fd, large, sizeof(large)), "");
    close(fd);
    control.user++;
    fd = dial();
    turn();
    CU_ASSERT_EQUAL(recv(fd, large, sizeof(large), 0), 0);
    close(fd);
    control.user--;
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/fonts/a"), 0);
    tear_down();
}

static void connections_are_bounded(void)
{
    int fds[HD_9P_CONTROL_CONNS + 1];
    char byte;

    set_up(P9_USUAL);
    for (size_t i = 0; i < HD_ARRAY_LEN(fds); i++) {
        fds[i] = dial();
        turn();
    }
    CU_ASSERT_EQUAL(recv(fds[HD_9P_CONTROL_CONNS], &byte, 1, 0), 0);
    CU_ASSERT_EQUAL(recv(fds[0], &byte, 1, 0), -1);
    close(fds[0]);
    turn();
    CU_ASSERT_STRING_EQUAL(change("t"), HD_9P_DONE);
    for (size_t i = 1; i < HD_ARRAY_LEN(fds); i++)
        close(fds[i]);
    tear_down();
}

/* "host /a 2 opened", or what recv(2) gives when it gives none. */
static const char *next_of(int fd)
{
    static char text[HD_9P_PATH + 64];
    struct hd_9p_told told = {0};
    ssize_t n = recv(fd, &told, sizeof(told) - 1, 0);

    if (n <= 0)
        return n ? "(nothing)" : "";
    snprintf(text, sizeof(text), "%s %s %u %s",
             told.side == HD_SIDE_HOST ? "host" : "guest", told.path,
             told.entry, told.opened ? "opened" : "looked up");
    return text;
}

static int follow(void)
{
    int fd = dial();

    CU_ASSERT_EQUAL(send(fd, "l", 1, 0), 1);
    turn();
    return fd;
}

static void what_the_guest_asks_for_is_told_to_who_follows(void)
{
    int fd;

    set_up(P9_USUAL);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/shadow"), -1);
    fd = follow();
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc/fonts/a"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/shadow"), -1);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "etc/fonts/own"), -1);
    CU_ASSERT_STRING_EQUAL(next_of(fd), "guest /etc 0 looked up");
    CU_ASSERT_STRING_EQUAL(next_of(fd), "host /etc/fonts 10 looked up");
    CU_ASSERT_STRING_EQUAL(next_of(fd), "host /etc/fonts/a 10 looked up");
    CU_ASSERT_STRING_EQUAL(next_of(fd), "host /etc/fonts/a 10 opened");
    CU_ASSERT_STRING_EQUAL(next_of(fd), "guest /etc 0 looked up");
    CU_ASSERT_STRING_EQUAL(next_of(fd), "guest /etc/shadow 0 looked up");
    (void)next_of(fd), (void)next_of(fd);
    CU_ASSERT_STRING_EQUAL(next_of(fd), "guest /etc/fonts/own 14 looked up");
    CU_ASSERT_STRING_EQUAL(next_of(fd), "(nothing)");
    /* Tables may change on the same connection, or on another. */
    CU_ASSERT_STRING_EQUAL(change("t+/home\n"), HD_9P_DONE);
    CU_ASSERT_EQUAL(p9_walk(0, 3, "home"), 0);
    CU_ASSERT_STRING_EQUAL(next_of(fd), "host /home 5 looked up");
    close(fd);
    tear_down();
}

static void who_follows_leaves_a_place_for_tables(void)
{
    int fds[HD_9P_CONTROL_CONNS];

    set_up(P9_USUAL);
    for (size_t i = 0; i < HD_ARRAY_LEN(fds); i++)
        fds[i] = follow();
    CU_ASSERT_STRING_EQUAL(next_of(fds[HD_9P_CONTROL_CONNS - 1]), "");
    CU_ASSERT_STRING_EQUAL(change("t"), HD_9P_DONE);
    CU_ASSERT_STRING_EQUAL(next_of(fds[0]), "(nothing)");
    for (size_t i = 0; i < HD_ARRAY_LEN(fds); i++)
        close(fds[i]);
    tear_down();
}

static void who_does_not_read_costs_the_guest_nothing(void)
{
    struct hd_9p_told told;
    uint32_t heard = 0, lost;
    int fd;

    set_up(P9_USUAL);
    fd = follow();
    for (uint32_t i = 0; i < 20000; i++)
        CU_ASSERT_EQUAL_FATAL(p9_walk(0, 0, "../.."), 0);
    while (recv(fd, &told, sizeof(told), 0) > 0)
        heard++;
    CU_ASSERT(heard > 0 && heard < 40000);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "etc"), 0);
    CU_ASSERT(recv(fd, &told, sizeof(told), 0) > 0);
    lost = told.lost;
    CU_ASSERT_EQUAL(heard + lost, 40000);
    close(fd);
    tear_down();
}

static const struct hd_test tests[] = {
    HD_TEST(a_path_that_is_given_while_the_guest_runs_is_there_at_once),
    HD_TEST(the_longest_tables_come_in_one_message),
    HD_TEST(what_is_open_and_taken_away_answers_an_error),
    HD_TEST(a_folder_that_changes_sides_is_stale),
    HD_TEST(descriptors_of_stale_files_are_free_again),
    HD_TEST(tables_that_are_none_leave_all_as_it_was),
    HD_TEST(what_the_policy_shows_comes_with_the_tables),
    HD_TEST(whoever_says_anything_else_is_cut_off),
    HD_TEST(connections_are_bounded),
    HD_TEST(what_the_guest_asks_for_is_told_to_who_follows),
    HD_TEST(who_follows_leaves_a_place_for_tables),
    HD_TEST(who_does_not_read_costs_the_guest_nothing),
};
HD_SUITE("fs9p/control", tests);
