/* SPDX-License-Identifier: MIT */
/* Tests hv/host/asked: questions with and without somebody who waits. */
#include "../../hv/host/asked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static char dir[] = "/tmp/hd-asked-XXXXXX";
static char question[64];
static struct sockaddr_un at = {.sun_family = AF_UNIX};

static int pose(void)
{
    hd_autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct hd_err err = {0};

    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(question, sizeof(question), "%s/ask.hotdom-5c0e", dir);
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/sck.hotdom-5c0e", dir);
    CHECK_OK(hd_io_write_file(question, "[Ask]\n", 6, 0644, &err), &err);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return hd_steal_fd(&fd);
}

static void end(void)
{
    unlink(question);
    unlink(at.sun_path);
    rmdir(dir);
}

static void a_question_is_awaited_as_long_as_somebody_has_its_socket(void)
{
    int fd = pose();
    char byte;

    CU_ASSERT_TRUE(hd_asked_is_awaited(question));
    CU_ASSERT_TRUE(hd_asked_is_awaited(at.sun_path));
    CU_ASSERT_EQUAL(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    close(fd);
    CU_ASSERT_FALSE(hd_asked_is_awaited(question));
    CU_ASSERT_FALSE(hd_asked_is_awaited(at.sun_path));
    unlink(at.sun_path);
    CU_ASSERT_FALSE(hd_asked_is_awaited(question));
    end();
}

static void a_question_that_has_ended_is_no_leftover(void)
{
    close(pose());
    end();
    CU_ASSERT_TRUE(hd_asked_is_awaited(question));
    CU_ASSERT_TRUE(hd_asked_is_awaited(at.sun_path));
}

static void an_odd_name_is_nobodys(void)
{
    hd_autofree char *name = malloc(300);

    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_FALSE(hd_asked_is_awaited("ask"));
    CU_ASSERT_FALSE(hd_asked_is_awaited("/as"));
    memset(name, 'a', 299);
    name[0] = '/';
    name[299] = '\0';
    CU_ASSERT_FALSE(hd_asked_is_awaited(name));
}

static const struct hd_test tests[] = {
    HD_TEST(a_question_is_awaited_as_long_as_somebody_has_its_socket),
    HD_TEST(a_question_that_has_ended_is_no_leftover),
    HD_TEST(an_odd_name_is_nobodys),
};

HD_SUITE("host/asked", tests);
