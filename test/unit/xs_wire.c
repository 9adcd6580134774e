/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xs_wire and xs_events: who is asked, and in which pieces
 * it answers, with a socket of the test's in place of xenstored's. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "unit.h"
#include "xs_kit.h"

static struct sockaddr_un at = {.sun_family = AF_UNIX};

/* Where it is asked for xenstored from here on; -1: nobody listens. */
static int listen_for(int backlog)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/hd-unit-wire-%d",
             (int)getpid());
    unlink(at.sun_path);
    CU_ASSERT_FATAL(fd >= 0 && !bind(fd, (struct sockaddr *)&at, sizeof(at)));
    if (backlog >= 0)
        CU_ASSERT_EQUAL_FATAL(listen(fd, backlog), 0);
    xs_kit_reset();
    xs_kit.socket = at.sun_path;
    return fd;
}

static void end(int fd)
{
    close(fd);
    unlink(at.sun_path);
    xs_kit_reset();
}

/* The kernel's device would not answer either, and knows no deadline. */
static void a_xenstored_that_ended_is_told_from_one_that_is_elsewhere(void)
{
    hd_auto(hd_xs_bulk) bulk = NULL;
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};
    int fd = listen_for(-1);

    CHECK_FAILS(hd_xs_bulk_open(&bulk, 1000, &err), &err, HD_E_NO_XEN,
                "xenstored does not run");
    CHECK_FAILS(hd_xs_open(&xs, &err), &err, HD_E_NO_XEN,
                "xenstored does not run");
    end(fd);
}

/* Whatever is asked: none of it is there is another answer. */
static void once_xenstored_has_ended_every_request_says_so(void)
{
    const struct hd_xs_folder folder = {"/a", 0, 1};
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};
    int fd = listen_for(8);
    char value[8];
    char **names;
    size_t n;

    CHECK_OK(hd_xs_open(&xs, &err), &err);
    close(fd);
    CHECK_FAILS(hd_xs_read(xs, "/a", value, sizeof(value), &err), &err, HD_E_IO,
                "cannot read xenstore /a");
    CHECK_FAILS(hd_xs_read(xs, "/a", value, sizeof(value), &err), &err,
                HD_E_NO_XEN, "xenstored does not run");
    CHECK_FAILS(hd_xs_list(xs, "/a", &names, &n, &err), &err, HD_E_NO_XEN,
                "xenstored does not run");
    CHECK_FAILS(hd_xs_update(xs, "/a", "1", &err), &err, HD_E_NO_XEN,
                "xenstored does not run");
    CHECK_FAILS(hd_xs_make(xs, &folder, 1, NULL, 0, &err), &err, HD_E_NO_XEN,
                "xenstored does not run");
    CHECK_FAILS(hd_xs_watch(xs, "/a", "a", &err), &err, HD_E_NO_XEN,
                "xenstored does not run");
    unlink(at.sun_path);
    CHECK_FAILS(hd_xs_read(xs, "/a", value, sizeof(value), &err), &err,
                HD_E_NO_XEN, "xenstored does not run");
    xs_kit_reset();
}

static void no_request_waits_for_a_xenstored_that_is_silent(void)
{
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};
    int fd = listen_for(8);
    uint64_t began = hd_io_now_ms();
    char value[8];
    char **names;
    size_t n;

    xs_kit.silent_ms = 50;
    CHECK_OK(hd_xs_open(&xs, &err), &err);
    CHECK_FAILS(hd_xs_read(xs, "/a", value, sizeof(value), &err), &err,
                HD_E_TIMEOUT, "xenstored does not answer");
    CHECK_FAILS(hd_xs_list(xs, "/a", &names, &n, &err), &err, HD_E_TIMEOUT,
                "xenstored does not answer");
    CHECK_FAILS(hd_xs_update(xs, "/a", "1", &err), &err, HD_E_TIMEOUT,
                "xenstored does not answer");
    CHECK_FAILS(hd_xs_write(xs, &(struct hd_xs_node){"/a", "1"}, 1, &err), &err,
                HD_E_TIMEOUT, "xenstored does not answer");
    CU_ASSERT(hd_io_now_ms() < began + 5000);
    end(fd);
}

static void ring(int sig)
{
    (void)sig;
}

/* Nobody else is asked in its place. */
static void a_signal_does_not_end_the_wait_for_a_xenstored_that_is_busy(void)
{
    const struct itimerval soon = {.it_value.tv_usec = 10000};
    struct sigaction was, alarm = {.sa_handler = ring};
    hd_auto(hd_xs_bulk) first = NULL;
    hd_auto(hd_xs_bulk) bulk = NULL;
    struct hd_err err = {0};
    int fd = listen_for(0);
    uint64_t began;

    CHECK_OK(hd_xs_bulk_open(&first, 100, &err), &err); /* who is not let in */
    sigaction(SIGALRM, &alarm, &was);
    began = hd_io_now_ms();
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_FAILS(hd_xs_bulk_open(&bulk, 100, &err), &err, HD_E_TIMEOUT,
                "xenstored does not answer");
    CU_ASSERT(hd_io_now_ms() >= began + 99);
    CU_ASSERT(hd_io_now_ms() < began + 5000);
    sigaction(SIGALRM, &was, NULL);
    end(fd);
}

/* ---- pieces */

/* What xenstored says, up to `len`; the first request of a connection has
 * number 0, so that its answer can stand there before it. */
struct speech {
    char text[256];
    size_t len;
};

static void say(struct speech *s, uint32_t type, const char *body, size_t n)
{
    struct xsd_sockmsg msg = {.type = type, .len = (uint32_t)n};

    memcpy(s->text + s->len, &msg, sizeof(msg));
    memcpy(s->text + s->len + sizeof(msg), body, n);
    s->len += sizeof(msg) + n;
}

#define SAY_OK(s)    say(s, XS_WATCH, "OK", sizeof("OK"))
#define SAY_EVENT(s) say(s, XS_WATCH_EVENT, "/a\0a", sizeof("/a\0a"))

static void speak(int fd, const struct speech *s, size_t from, size_t to)
{
    CU_ASSERT_EQUAL(send(fd, s->text + from, to - from, MSG_NOSIGNAL),
                    to - from);
}

/* xenstored's end of what is watched on; the other is for transactions. */
static int meet(int fd, struct hd_xs **ret)
{
    struct hd_err err = {0};
    int peer;

    CHECK_OK(hd_xs_open(ret, &err), &err);
    CHECK_OK(hd_xs_warm(*ret, &err), &err);
    close(accept(fd, NULL, NULL)); /* for requests */
    peer = accept(fd, NULL, NULL);
    CU_ASSERT_FATAL(peer >= 0);
    return peer;
}

static int check(struct hd_xs *xs)
{
    char token[8];

    return hd_xs_check(xs, token, sizeof(token), NULL);
}

/* Wherever it is cut: before, in and behind its head. */
static void half_an_event_keeps_nobody_waiting(void)
{
    struct speech ok = {.len = 0}, event = {.len = 0};
    int fd = listen_for(8);

    SAY_OK(&ok);
    SAY_EVENT(&event);
    for (size_t cut = 1; cut < event.len; cut++) {
        hd_auto(hd_xs) xs = NULL;
        struct hd_err err = {0};
        hd_autofd int peer = -1;
        uint64_t began;

        xs_kit.silent_ms = 50;
        peer = meet(fd, &xs);
        speak(peer, &ok, 0, ok.len);
        CHECK_OK(hd_xs_watch(xs, "/a", "a", &err), &err);
        speak(peer, &event, 0, cut);
        CU_ASSERT_EQUAL(check(xs), 0);
        CU_ASSERT_EQUAL(check(xs), 0);
        began = hd_io_now_ms();
        CHECK_OK(hd_xs_wait(xs, began + 5, &err), &err);
        CU_ASSERT(hd_io_now_ms() >= began + 4);
        speak(peer, &event, cut, event.len);
        CU_ASSERT_EQUAL(check(xs), 1);
        CU_ASSERT_EQUAL(check(xs), 0);
    }
    end(fd);
}

static void an_answer_between_an_event_and_half_of_one_is_found(void)
{
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};
    struct speech s = {.len = 0};
    int fd = listen_for(8);
    hd_autofd int peer = meet(fd, &xs);
    size_t whole;

    SAY_EVENT(&s);
    SAY_OK(&s);
    SAY_EVENT(&s);
    whole = s.len;
    SAY_EVENT(&s);
    speak(peer, &s, 0, whole + 18);
    CHECK_OK(hd_xs_watch(xs, "/a", "a", &err), &err);
    CU_ASSERT_EQUAL(check(xs), 1);
    CU_ASSERT_EQUAL(check(xs), 1);
    CU_ASSERT_EQUAL(check(xs), 0);
    speak(peer, &s, whole + 18, s.len);
    CU_ASSERT_EQUAL(check(xs), 1);
    CU_ASSERT_EQUAL(check(xs), 0);
    end(fd);
}

static void a_message_that_is_too_long_is_the_end(void)
{
    const struct xsd_sockmsg msg = {.type = XS_WATCH_EVENT, .len = 4097};
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};
    struct speech s = {.len = 0};
    int fd = listen_for(8);
    hd_autofd int peer = meet(fd, &xs);

    SAY_OK(&s);
    speak(peer, &s, 0, s.len);
    CHECK_OK(hd_xs_watch(xs, "/a", "a", &err), &err);
    CU_ASSERT_EQUAL(send(peer, &msg, sizeof(msg), 0), sizeof(msg));
    CHECK_FAILS(hd_xs_wait(xs, hd_io_now_ms() + 5000, &err), &err, HD_E_IO,
                "xenstore went away");
    end(fd);
}

struct speaker {
    int peer;
    bool rests; /* between two events */
};

static void *speak_on(void *arg)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    const struct speaker *speaker = arg;
    struct speech s = {.len = 0};

    SAY_EVENT(&s);
    while (send(speaker->peer, s.text, s.len, MSG_NOSIGNAL) > 0)
        if (speaker->rests)
            nanosleep(&pause, NULL);
    return NULL;
}

static void events_without_an_answer_are_no_answer(void)
{
    for (int rests = 0; rests < 2; rests++) {
        hd_auto(hd_xs) xs = NULL;
        struct hd_err err = {0};
        int fd = listen_for(8);
        uint64_t began = hd_io_now_ms();
        struct speaker speaker = {.rests = rests};
        pthread_t thread;

        xs_kit.silent_ms = 100;
        speaker.peer = meet(fd, &xs);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, speak_on, &speaker),
                              0);
        CHECK_FAILS(hd_xs_watch(xs, "/a", "a", &err), &err, HD_E_TIMEOUT,
                    "xenstored does not answer");
        CU_ASSERT(hd_io_now_ms() < began + 5000);
        hd_xs_free(hd_steal(&xs)); /* whereby that ends */
        pthread_join(thread, NULL);
        close(speaker.peer);
        end(fd);
    }
}

/* It came in time, and who reads it is late. */
static void an_answer_that_is_there_counts_whenever_it_is_read(void)
{
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};
    struct speech s = {.len = 0};
    int fd = listen_for(8);
    hd_autofd int peer = -1;

    xs_kit.silent_ms = -1;
    peer = meet(fd, &xs);
    SAY_EVENT(&s);
    SAY_OK(&s);
    speak(peer, &s, 0, s.len);
    CHECK_OK(hd_xs_watch(xs, "/a", "a", &err), &err);
    CU_ASSERT_EQUAL(check(xs), 1);
    CU_ASSERT_EQUAL(check(xs), 0);
    end(fd);
}

static const struct hd_test tests[] = {
    HD_TEST(a_xenstored_that_ended_is_told_from_one_that_is_elsewhere),
    HD_TEST(once_xenstored_has_ended_every_request_says_so),
    HD_TEST(no_request_waits_for_a_xenstored_that_is_silent),
    HD_TEST(a_signal_does_not_end_the_wait_for_a_xenstored_that_is_busy),
    HD_TEST(half_an_event_keeps_nobody_waiting),
    HD_TEST(an_answer_between_an_event_and_half_of_one_is_found),
    HD_TEST(a_message_that_is_too_long_is_the_end),
    HD_TEST(events_without_an_answer_are_no_answer),
    HD_TEST(an_answer_that_is_there_counts_whenever_it_is_read),
};
HD_SUITE("bus/xs_wire", tests);
