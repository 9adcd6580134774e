/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/server in a process of its own. */
#include "../../pv-drivers/base/server.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "apart_kit.h"
#include "unit.h"

#define NAME "travel.desk"
#define LOCK HD_SERVER_DIR "/" NAME

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

/* A /run of its own. */
static const char *prepare(void)
{
    if (geteuid() || unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", "/run", "tmpfs", 0, NULL))
        return "skipped: this machine allows no mounts of one's own";
    EXPECT(!mkdir(HD_RUN_DIR, 0755) && !mkdir(HD_SERVER_DIR, 0700));
    return NULL;
}

/* hotdom-job is there, and then it was killed before there was a lock. */
static const char *alone(void)
{
    struct hd_err err = {0};
    int answer[2];

    EXPECT(!pipe(answer) && dup2(answer[1], STDOUT_FILENO) >= 0);
    EXPECT(!hd_server_lock(NAME, &err) && !access(LOCK, F_OK));
    close(answer[0]);
    EXPECT(hd_server_lock(NAME, &err) && err.code == HD_E_GONE);
    EXPECT(access(LOCK, F_OK));
    return NULL;
}

static void a_server_that_nobody_waits_for_any_more_leaves_no_lock(void)
{
    apart_kit_run(prepare, alone);
}

static const struct hd_test tests[] = {
    HD_TEST(a_server_that_stands_back_is_nice_and_so_is_its_session),
    HD_TEST(a_server_that_nobody_waits_for_any_more_leaves_no_lock),
};

HD_SUITE("base/server", tests);
