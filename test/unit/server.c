/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/server in a process of its own. */
#include "../../pv-drivers/base/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

/* "/autogroup-26 nice 5": 0 where sessions are no groups. */
static int niceness_of_group(void)
{
    hd_autofree char *text = NULL;
    int nice = 0;

    if (!hd_io_read_file("/proc/self/autogroup", 64, &text, NULL, NULL))
        (void)sscanf(text, "/autogroup-%*d nice %d", &nice);
    return nice;
}

static void a_server_that_stands_back_is_nice_and_so_is_its_session(void)
{
    int status = 0;
    pid_t pid = fork();

    CU_ASSERT_NOT_EQUAL_FATAL(pid, -1);
    if (!pid) {
        setsid();
        hd_server_stand_back(getpid());
        if (getpriority(PRIO_PROCESS, 0) < 5)
            _exit(1);
        _exit(access("/proc/self/autogroup", W_OK) || niceness_of_group() == 5
                  ? 0
                  : 2);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
}

static const struct hd_test tests[] = {
    HD_TEST(a_server_that_stands_back_is_nice_and_so_is_its_session),
};

HD_SUITE("base/server", tests);
