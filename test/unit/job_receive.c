/* SPDX-License-Identifier: MIT */
/* How a job takes its request from hotdomd: over a socket, with descriptors
 * that it puts in their places. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../hv/run/job_request.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* Two ends, of which `*ret` is the job's. */
static int pair_with(int *ret)
{
    int pair[2];

    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    *ret = pair[1];
    return pair[0];
}

/* `n` memfds, of which number i is i bytes long. */
static void make(int *fds, int n)
{
    for (int i = 0; i < n; i++) {
        fds[i] = hd_io_memfd("test", (uint64_t)i, NULL);
        CU_ASSERT_FATAL(fds[i] >= 0);
    }
}

static void close_all(const int *fds, int n)
{
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

static void each_descriptor_is_put_in_its_place_and_nowhere_else(void)
{
    struct hd_err err = {0};
    int sent[5], next;
    hd_autofd int job = -1;
    hd_autofd int daemon = pair_with(&job);

    make(sent, 5);
    CHECK_OK(hd_io_send_fds(daemon, "", 1, sent, 5, &err), &err);
    close_all(sent, 5);
    next = dup(job);
    close(next);
    CHECK_OK(hd_job_request_receive(job, &err), &err);
    for (int i = 0; i < 5; i++) {
        int place = HD_JOB_REQUEST + i;

        CU_ASSERT_EQUAL(lseek(place, 0, SEEK_END), i);
        CU_ASSERT_EQUAL(fcntl(place, F_GETFD), FD_CLOEXEC);
        close(place);
    }
    /* The ones that came are closed: the next is the same as before. */
    CU_ASSERT_EQUAL(dup(job), next);
    close(next);
}

static void without_hotdomd_there_is_no_work(void)
{
    struct hd_err err = {0};
    hd_autofd int job = -1;
    int daemon = pair_with(&job);

    close(daemon);
    CHECK_FAILS(hd_job_request_receive(job, &err), &err, HD_E_NO_DAEMON,
                "wants nothing");
}

static void a_message_without_a_request_is_refused(void)
{
    struct hd_err err = {0};
    int sent[1];
    hd_autofd int job = -1;
    hd_autofd int daemon = pair_with(&job);

    make(sent, 1);
    CHECK_OK(hd_io_send_fds(daemon, "", 1, sent, 1, &err), &err);
    close_all(sent, 1);
    CHECK_FAILS(hd_job_request_receive(job, &err), &err, HD_E_FAILED,
                "sent 1 descriptors");
    close(HD_JOB_REQUEST);
}

static void what_is_no_socket_is_an_error(void)
{
    struct hd_err err = {0};
    hd_autofd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    CHECK_FAILS(hd_job_request_receive(null, &err), &err, HD_E_IO, "receive");
}

static const struct hd_test tests[] = {
    HD_TEST(each_descriptor_is_put_in_its_place_and_nowhere_else),
    HD_TEST(without_hotdomd_there_is_no_work),
    HD_TEST(a_message_without_a_request_is_refused),
    HD_TEST(what_is_no_socket_is_an_error),
};

HD_SUITE("run/job_receive", tests);
