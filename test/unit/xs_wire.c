/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xs_wire: who is asked, with a socket of the test's in
 * place of xenstored's. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

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
    CHECK_OK(hd_xs_open(&xs, &err), &err);
    CHECK_FAILS(hd_xs_watch(xs, "/a", "a", &err), &err, HD_E_NO_XEN,
                "xenstored does not run");
    CHECK_FAILS(
        hd_xs_make(xs, &(struct hd_xs_folder){"/a", 0, 1}, 1, NULL, 0, &err),
        &err, HD_E_NO_XEN, "xenstored does not run");
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

static const struct hd_test tests[] = {
    HD_TEST(a_xenstored_that_ended_is_told_from_one_that_is_elsewhere),
    HD_TEST(a_signal_does_not_end_the_wait_for_a_xenstored_that_is_busy),
};
HD_SUITE("bus/xs_wire", tests);
