/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/server in a process of its own.  The linker sends what
 * takes its lock here (--wrap). */
#include "../../pv-drivers/base/server.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../hv/run/server.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "apart_kit.h"
#include "unit.h"

#define NAME "travel.desk"
#define LOCK HD_SERVER_DIR "/" NAME

/* Called once, in front of the next lock. */
static void (*before_lock)(void);

int __real_fcntl(int fd, int cmd, ...);
int __wrap_fcntl(int fd, int cmd, ...);

int __wrap_fcntl(int fd, int cmd, ...)
{
    void (*before)(void) = before_lock;
    va_list ap;
    void *arg;

    va_start(ap, cmd);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (cmd == F_SETLK && before) {
        before_lock = NULL;
        before();
    }
    return __real_fcntl(fd, cmd, arg);
}

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

/* hotdom-job waits for this process. */
static int job;

static bool is_given_a_job(void)
{
    int answer[2];

    if (pipe(answer) || dup2(answer[1], STDOUT_FILENO) < 0)
        return false;
    close(answer[1]);
    job = answer[0];
    return true;
}

/* As another that had the lock does. */
static void give_up(void)
{
    (void)unlink(LOCK);
}

/* Does another process see that one has it?  None sees a lock of its own. */
static bool is_seen(void)
{
    int status = 0;
    pid_t pid = fork();

    if (!pid)
        _exit(hd_server_runs(LOCK) ? 0 : 1);
    return waitpid(pid, &status, 0) == pid && !status;
}

static const char *beside_one_that_gives_up(void)
{
    struct hd_err err = {0};

    EXPECT(is_given_a_job());
    before_lock = give_up;
    EXPECT(!hd_server_lock(NAME, &err) && !before_lock);
    EXPECT(is_seen());
    return NULL;
}

static void a_lock_that_another_has_removed_is_taken_anew(void)
{
    apart_kit_run(prepare, beside_one_that_gives_up);
}

static void serve(int ready)
{
    struct hd_err err;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(job);
    if (!is_given_a_job() || hd_server_lock(NAME, &err) ||
        write(ready, "", 1) != 1)
        _exit(1);
    pause();
}

/* And a third one has begun; the job of this process has ended. */
static void give_up_for_another(void)
{
    int ready[2];
    char said;

    give_up();
    if (pipe(ready))
        return;
    if (!fork())
        serve(ready[1]);
    close(ready[1]);
    (void)!read(ready[0], &said, 1);
    close(job);
}

static const char *behind_another(void)
{
    struct hd_err err = {0};

    EXPECT(is_given_a_job());
    before_lock = give_up_for_another;
    EXPECT(hd_server_lock(NAME, &err) && err.code == HD_E_BUSY);
    EXPECT(hd_server_runs(LOCK));
    return NULL;
}

static void the_lock_of_another_that_began_meanwhile_is_not_hidden(void)
{
    apart_kit_run(prepare, behind_another);
}

#define ROOT_LINE "root:x:0:0:root:/root:/bin/sh\n"

static void a_user_is_found_by_its_whole_name(void)
{
    static const char text[] = ROOT_LINE "hotdom-9pp:x:7:7::/:/bin/no\n"
                                         "hotdom-9:x:8:8::/:/bin/no\n"
                                         "xhotdom-9p:x:9:9::/:/bin/no\n"
                                         "hotdom-9p:x:991:992::/:/bin/no\n"
                                         "hotdom-9p:x:1:1::/:/bin/no";
    uid_t uid = 0;
    gid_t gid = 0;

    CU_ASSERT(hd_server_user(text, "hotdom-9p", &uid, &gid));
    CU_ASSERT(uid == 991 && gid == 992);
    CU_ASSERT(hd_server_user("a:x:5:6:", "a", &uid, &gid));
    CU_ASSERT(uid == 5 && gid == 6);
}

/* What is not a user of its own is none. */
static void a_broken_user_is_none(void)
{
    static const char *const texts[] = {
        "",
        "\n",
        "\n\n",
        ROOT_LINE,
        ROOT_LINE "u",
        "u:",
        "u:x",
        "u:x:",
        "u:x\n:5:6:",
        "u:x::",
        "u:x:5",
        "u:x:5:",
        "u:x:5:6",
        "u:x:5:6\n",
        "u:x:5:\n6:",
        "u:x:5 :6:",
        "u:x: 5:6:",
        "u:x:-5:6:",
        "u:x:+5:6:",
        "u:x:5x:6:",
        "u:x:0:6:",
        "u:x:5:0:",
        "u:x:4294967295:6:",
        "u:x:99999999999999999999:6:",
        "u:x:5:4294967295:",
        "u:x:0:0::\nu:x:5:6::\n",
    };
    uid_t uid;
    gid_t gid;

    for (size_t i = 0; i < HD_ARRAY_LEN(texts); i++)
        CU_ASSERT_FALSE(hd_server_user(texts[i], "u", &uid, &gid));
}

static const struct hd_test tests[] = {
    HD_TEST(a_server_that_stands_back_is_nice_and_so_is_its_session),
    HD_TEST(a_server_that_nobody_waits_for_any_more_leaves_no_lock),
    HD_TEST(a_lock_that_another_has_removed_is_taken_anew),
    HD_TEST(the_lock_of_another_that_began_meanwhile_is_not_hidden),
    HD_TEST(a_user_is_found_by_its_whole_name),
    HD_TEST(a_broken_user_is_none),
};

HD_SUITE("base/server", tests);
