/* SPDX-License-Identifier: MIT */
/* Tests hv/store/confine from inside: each attempt is a process of its own. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../hv/store/confine.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define ROOM   (4u << 20) /* what a confined process may add to its own */
#define NOBODY 65534

/* This process has all libraries of hotdom in it, the reader a few. */
static uint64_t own_memory(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fscanf(f, "%lu", &pages), 1);
    fclose(f);
    return (uint64_t)pages * 4096;
}

/* Each would work if it were let through, or needs nothing to be refused. */
static const struct attempt {
    const char *name;
    long call, args[5];
} files[] =
    {
        {"open", SYS_open, {(long)"/dev/null"}},
        {"openat", SYS_openat, {AT_FDCWD, (long)"/dev/null"}},
        {"openat2", SYS_openat2, {AT_FDCWD, (long)"/dev/null"}},
        {"creat", SYS_creat, {(long)"/tmp/x", 0600}},
        {"unlinkat", SYS_unlinkat, {AT_FDCWD, (long)"/tmp/x"}},
        {"fstatat by name", SYS_newfstatat, {AT_FDCWD, (long)"/etc/passwd"}},
        {"open_by_handle_at", SYS_open_by_handle_at, {0}},
        {"mount", SYS_mount, {(long)"none", (long)"/", (long)"tmpfs"}},
        {"open_tree", SYS_open_tree, {AT_FDCWD, (long)"/"}},
        {"inotify_init", SYS_inotify_init1, {0}},
},
  sockets[] =
      {
          {"a unix socket", SYS_socket, {AF_UNIX, SOCK_STREAM}},
          {"an inet socket", SYS_socket, {AF_INET, SOCK_STREAM}},
          {"a netlink socket", SYS_socket, {AF_NETLINK, SOCK_RAW}},
          {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM}},
          {"connect", SYS_connect, {0}},
          {"recvfrom", SYS_recvfrom, {0}},
          {"recvmsg", SYS_recvmsg, {0}},
},
  processes[] =
      {
          {"fork", SYS_fork, {0}},
          {"vfork", SYS_vfork, {0}},
          {"clone", SYS_clone, {SIGCHLD}},
          {"a thread", SYS_clone, {CLONE_VM | CLONE_SIGHAND | CLONE_THREAD}},
          {"clone3", SYS_clone3, {0}},
          {"execve", SYS_execve, {(long)"/bin/true"}},
          {"execveat", SYS_execveat, {0, (long)"", 0, 0, AT_EMPTY_PATH}},
          {"kill", SYS_kill, {1, 0}},
          {"ptrace", SYS_ptrace, {PTRACE_TRACEME}},
          {"process_vm_readv", SYS_process_vm_readv, {1}},
          {"pidfd_open", SYS_pidfd_open, {1}},
          {"pidfd_getfd", SYS_pidfd_getfd, {0}},
},
  others[] = {
      {"io_uring_setup", SYS_io_uring_setup, {1}},
      {"bpf", SYS_bpf, {0}},
      {"perf_event_open", SYS_perf_event_open, {0}},
      {"userfaultfd", SYS_userfaultfd, {0}},
      {"keyctl", SYS_keyctl, {0}},
      {"shmget", SYS_shmget, {IPC_PRIVATE, 4096, IPC_CREAT | 0600}},
      {"unshare", SYS_unshare, {CLONE_NEWUSER}},
      {"setns", SYS_setns, {0}},
      {"prctl", SYS_prctl, {PR_SET_DUMPABLE, 1}},
      {"prlimit", SYS_prlimit64, {0}},
      {"seccomp", SYS_seccomp, {0}},
      {"capset", SYS_capset, {0}},
      {"code in memory",
       SYS_mmap,
       {0, 4096, PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1}},
      {"code of a file", SYS_mmap, {0, 4096, PROT_EXEC, MAP_PRIVATE, 0}},
      {"memory to code", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}},
      {"another ioctl", SYS_ioctl, {0, FIONREAD}},
      {"dup by fcntl", SYS_fcntl, {0, F_DUPFD}},
      {"eventfd", SYS_eventfd2, {0}},
      {"even its own name", SYS_geteuid, {0}},
};

/* The wait status of a confined process that makes `attempt`. */
static int confined(void (*try)(const struct attempt *),
                    const struct attempt *which, bool as_nobody)
{
    uint64_t memory = own_memory() + ROOM;
    struct hd_err err = {0};
    int status = -1;
    pid_t pid = fork();

    if (!pid) {
        if (as_nobody && setresuid(NOBODY, NOBODY, NOBODY))
            _exit(98);
        if (hd_confine("hotdom-reader", memory, &err))
            _exit(99);
        try(which);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return status;
}

static void do_nothing(const struct attempt *none)
{
    (void)none;
}

static void do_read_and_map(const struct attempt *none)
{
    struct stat st;
    void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)none;
    if (p == MAP_FAILED || fstat(0, &st) || memfd_create("x", 0) < 0)
        _exit(1);
}

static void do_map_too_much(const struct attempt *none)
{
    void *p = mmap(NULL, 2 * ROOM, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)none;
    _exit(p == MAP_FAILED ? 42 : 0);
}

static void attempt(const struct attempt *a)
{
    syscall(a->call, a->args[0], a->args[1], a->args[2], a->args[3],
            a->args[4]);
}

#ifdef __x86_64__
/* The same numbers mean other calls by the 32-bit entry: 5 is open. */
static void attempt_32_bit(const struct attempt *a)
{
    int number = 5;

    (void)a;
    __asm__ volatile("int $0x80" : "+a"(number) : "b"(0), "c"(0), "d"(0));
}
#endif

#ifdef __x86_64__
/* Some kernels have none: there the call is no call at all, for anybody. */
static bool has_32_bit_calls(void)
{
    int status = -1;
    pid_t pid = fork();

    if (!pid) {
        attempt_32_bit(NULL);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status);
}
#endif

/* Started by root and, when this is root, by a plain user, too. */
static void check_killed_by(void (*try)(const struct attempt *),
                            const struct attempt *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int nobody = 0; nobody < (geteuid() ? 1 : 2); nobody++) {
            int status = confined(try, &list[i], nobody);

            if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
                continue;
            printf("\n    %s%s: wait status %x\n", list[i].name,
                   nobody ? " as a plain user" : "", status);
            CU_FAIL("it was not killed");
        }
}

static void check_killed(const struct attempt *list, size_t n)
{
    check_killed_by(attempt, list, n);
}

static void a_confined_process_can_do_its_work(void)
{
    for (int nobody = 0; nobody < (geteuid() ? 1 : 2); nobody++) {
        CU_ASSERT_EQUAL(confined(do_nothing, NULL, nobody), 0);
        CU_ASSERT_EQUAL(confined(do_read_and_map, NULL, nobody), 0);
    }
}

static void its_memory_has_a_limit(void)
{
#ifndef __SANITIZE_ADDRESS__
    CU_ASSERT_EQUAL(WEXITSTATUS(confined(do_map_too_much, NULL, false)), 42);
#endif
}

static void files_are_out_of_reach(void)
{
    check_killed(files, HD_ARRAY_LEN(files));
}

static void sockets_are_out_of_reach(void)
{
    check_killed(sockets, HD_ARRAY_LEN(sockets));
}

static void processes_are_out_of_reach(void)
{
    check_killed(processes, HD_ARRAY_LEN(processes));
}

static void everything_else_is_out_of_reach(void)
{
    check_killed(others, HD_ARRAY_LEN(others));
#ifdef __x86_64__
    if (has_32_bit_calls())
        check_killed_by(attempt_32_bit,
                        &(struct attempt){"a 32-bit call", 0, {0}}, 1);
    else
        printf("\n    this kernel has no 32-bit calls to be kept from\n");
#endif
}

/* ---- what /proc shows of one from outside */

struct watched {
    pid_t pid;
    int never; /* nothing comes through: it stays until it is killed */
};

static struct watched watch_one(bool as_nobody)
{
    uint64_t memory = own_memory() + ROOM;
    int ready[2], never[2];
    struct watched w = {0};
    struct hd_err err = {0};
    char c = 0;

    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    CU_ASSERT_EQUAL_FATAL(pipe(never), 0);
    w.pid = fork();
    if (!w.pid) {
        if ((as_nobody && setresuid(NOBODY, NOBODY, NOBODY)) ||
            hd_confine("hotdom-reader", memory, &err) ||
            write(ready[1], "x", 1) != 1)
            _exit(99);
        _exit((int)read(never[0], &c, 1));
    }
    close(ready[1]);
    close(never[0]);
    w.never = never[1];
    CU_ASSERT_EQUAL(read(ready[0], &c, 1), 1);
    close(ready[0]);
    return w;
}

static void end_one(struct watched *w)
{
    kill(w->pid, SIGKILL);
    waitpid(w->pid, NULL, 0);
    close(w->never);
}

static void read_proc(const struct watched *w, const char *name, char *text,
                      size_t size)
{
    char path[64];
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/%s", w->pid, name);
    f = fopen(path, "r");
    if (f) {
        n = fread(text, 1, size - 1, f);
        fclose(f);
    }
    text[n] = '\0';
}

static void root_is_given_up_for_good(void)
{
    struct watched w = watch_one(false);
    char text[4096];

    read_proc(&w, "status", text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "NoNewPrivs:\t1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Seccomp:\t2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapEff:\t0000000000000000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapPrm:\t0000000000000000"));
    if (geteuid() == 0) {
        CU_ASSERT_PTR_NULL(strstr(text, "Uid:\t0"));
        CU_ASSERT_PTR_NULL(strstr(text, "Gid:\t0"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "Groups:\t \n"));
    }
    read_proc(&w, "oom_score_adj", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "1000\n");
    end_one(&w);
}

/* Is there a host that forbids this?  Then the filter alone holds, as the tests
 * above show. */
static bool namespaces_are_allowed(bool as_nobody)
{
    int status = -1;
    pid_t pid = fork();

    if (!pid) {
        if (as_nobody && setresuid(NOBODY, NOBODY, NOBODY))
            _exit(1);
        _exit(unshare((geteuid() ? CLONE_NEWUSER : 0) | CLONE_NEWNET |
                      CLONE_NEWNS | CLONE_NEWIPC) != 0);
    }
    waitpid(pid, &status, 0);
    return status == 0;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void check_namespaces(bool as_nobody)
{
    struct watched w;
    char text[4096];

    if (!namespaces_are_allowed(as_nobody)) {
        printf("\n    skipped: this machine allows %s no namespaces\n",
               as_nobody || geteuid() ? "a plain user" : "root");
        return;
    }
    w = watch_one(as_nobody);
    /* Two lines of title and the loopback, which is down. */
    read_proc(&w, "net/dev", text, sizeof(text));
    CU_ASSERT_EQUAL(count_lines(text), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " lo:"));
    read_proc(&w, "net/route", text, sizeof(text));
    CU_ASSERT_TRUE(count_lines(text) <= 1);
    /* Of another user's process only root may see this. */
    if (geteuid() == 0) {
        read_proc(&w, "mountinfo", text, sizeof(text));
        CU_ASSERT_EQUAL(count_lines(text), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, " / / ro,nosuid,nodev,noexec"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, " - tmpfs "));
    }
    end_one(&w);
}

static void network_and_mounts_are_empty(void)
{
    if (geteuid() == 0)
        check_namespaces(true);
    check_namespaces(false);
}

static const struct hd_test tests[] = {
    HD_TEST(a_confined_process_can_do_its_work),
    HD_TEST(its_memory_has_a_limit),
    HD_TEST(files_are_out_of_reach),
    HD_TEST(sockets_are_out_of_reach),
    HD_TEST(processes_are_out_of_reach),
    HD_TEST(everything_else_is_out_of_reach),
    HD_TEST(root_is_given_up_for_good),
    HD_TEST(network_and_mounts_are_empty),
};

HD_SUITE("store/confine", tests);
