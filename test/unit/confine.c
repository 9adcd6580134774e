/* SPDX-License-Identifier: MIT */
/* Tests hv/store/confine from inside: each attempt is a process of its own. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../hv/store/confine.h"
#include "unit.h"

/* The wait status of a confined process that makes `attempt`. */
static int confined(void (*attempt)(void))
{
    struct hd_err err = {0};
    int status = -1;
    pid_t pid = fork();

    if (!pid) {
        if (hd_confine("hotdom-reader", &err))
            _exit(99);
        attempt();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return status;
}

static void check_killed(void (*attempt)(void))
{
    int status = confined(attempt);

    CU_ASSERT_TRUE(WIFSIGNALED(status));
    CU_ASSERT_EQUAL(WTERMSIG(status), SIGSYS);
}

static void do_nothing(void)
{
}

static void do_open(void)
{
    open("/dev/null", O_RDONLY);
}

static void do_socket(void)
{
    socket(AF_UNIX, SOCK_STREAM, 0);
}

static void do_fork(void)
{
    fork();
}

static void do_exec(void)
{
    execl("/bin/true", "true", (char *)NULL);
}

static void do_kill(void)
{
    kill(getppid(), 0);
}

static void do_map_code(void)
{
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void do_ioctl(void)
{
    ioctl(0, FIONREAD, NULL);
}

static void do_dup(void)
{
    fcntl(0, F_DUPFD, 0);
}

static void do_read_and_map(void)
{
    struct stat st;
    void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED || fstat(0, &st) || memfd_create("x", 0) < 0)
        _exit(1);
}

static void do_check_identity(void)
{
    _exit(geteuid() == 0);
}

static void a_confined_process_can_do_its_work(void)
{
    CU_ASSERT_EQUAL(confined(do_nothing), 0);
    CU_ASSERT_EQUAL(confined(do_read_and_map), 0);
}

static void files_sockets_and_processes_are_out_of_reach(void)
{
    check_killed(do_open);
    check_killed(do_socket);
    check_killed(do_fork);
    check_killed(do_exec);
    check_killed(do_kill);
    check_killed(do_map_code);
    check_killed(do_ioctl);
    check_killed(do_dup);
}

/* geteuid is not allowed either: nobody needs to ask. */
static void even_its_own_name_is_out_of_reach(void)
{
    check_killed(do_check_identity);
}

/* /proc shows from outside what it became. */
static void root_is_given_up_for_good(void)
{
    char path[64], text[4096] = "";
    struct hd_err err = {0};
    int ready[2], never[2];
    pid_t pid;
    FILE *f;

    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    CU_ASSERT_EQUAL_FATAL(pipe(never), 0);
    pid = fork();
    if (!pid) {
        if (hd_confine("hotdom-reader", &err) || write(ready[1], "x", 1) != 1)
            _exit(99);
        /* Nothing comes: it stays until it is killed. */
        _exit((int)read(never[0], text, 1));
    }
    CU_ASSERT_EQUAL(read(ready[0], text, 1), 1);
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    f = fopen(path, "r");
    text[f ? fread(text, 1, sizeof(text) - 1, f) : 0] = '\0';
    if (f)
        fclose(f);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    close(never[0]);
    close(never[1]);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "NoNewPrivs:\t1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Seccomp:\t2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapEff:\t0000000000000000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapPrm:\t0000000000000000"));
    if (geteuid() == 0) {
        CU_ASSERT_PTR_NULL(strstr(text, "Uid:\t0"));
        CU_ASSERT_PTR_NULL(strstr(text, "Gid:\t0"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "Groups:\t \n"));
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_confined_process_can_do_its_work),
    HD_TEST(files_sockets_and_processes_are_out_of_reach),
    HD_TEST(even_its_own_name_is_out_of_reach),
    HD_TEST(root_is_given_up_for_good),
};

HD_SUITE("store/confine", tests);
