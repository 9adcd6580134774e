/* SPDX-License-Identifier: MIT */
/* The reader's sandbox, in the order in which each step still may be done;
 * never goes on when a step that must work fails. */
#include "confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "format.h"
#include "reader.h"

#define NOBODY 65534

/* Address sanitizer keeps terabytes of address space for itself. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY(bytes) ((void)(bytes), RLIM_INFINITY)
#else
#define MEMORY(bytes) (bytes)
#endif

static const struct {
    int resource;
    rlim_t most;
} limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_NOFILE, HD_MAX_FDS + 16},
    {RLIMIT_FSIZE, HD_HEADER_BYTES},
    {RLIMIT_CPU, HD_READER_LONGEST_MS / 1000},
};

/* What reading, hashing, unpacking and answering take, whatever the size. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(memfd_create),
    SCMP_SYS(sendmsg),
    SCMP_SYS(close),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sigaltstack), /* the address sanitizer's, at the end */
};

/* Those that could do more than the reader needs, by their arguments. */
static const struct {
    int call;
    unsigned arg;
    uint64_t mask, value;
} partly[] = {
    /* glibc's fstat */
    {SCMP_SYS(newfstatat), 3, UINT64_MAX, AT_EMPTY_PATH},
    {SCMP_SYS(ioctl), 1, UINT64_MAX, BLKGETSIZE64},
    {SCMP_SYS(fcntl), 1, UINT64_MAX, F_ADD_SEALS},
    {SCMP_SYS(fcntl), 1, UINT64_MAX, F_GET_SEALS},
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
};

static int filter_calls(struct hd_err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = ctx ? 0 : -1;

    for (size_t i = 0; !rc && i < HD_ARRAY_LEN(allowed); i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; !rc && i < HD_ARRAY_LEN(partly); i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, partly[i].call, 1,
                              SCMP_CMP(partly[i].arg, SCMP_CMP_MASKED_EQ,
                                       partly[i].mask, partly[i].value));
    if (!rc)
        rc = seccomp_load(ctx);
    seccomp_release(ctx);
    return rc ? hd_fail(err, HD_E_FAILED, "cannot confine system calls") : 0;
}

static int limit_one(int resource, rlim_t most, struct hd_err *err)
{
    struct rlimit r = {most, most};

    if (setrlimit(resource, &r))
        return hd_fail_errno(err, HD_E_FAILED, "cannot set a limit");
    return 0;
}

static int limit(uint64_t memory, struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(limits); i++)
        if (limit_one(limits[i].resource, limits[i].most, err))
            return -1;
    return limit_one(RLIMIT_AS, MEMORY(memory), err);
}

/* An empty, read-only file system instead of the host's.  /proc is a folder
 * that every host has; it is only covered in the namespace that dies with us.
 */
static int empty_root(void)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", "/proc", "tmpfs",
              MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=555"))
        return -1;
    if (chdir("/proc"))
        return -1;
    /* Not in a chroot, whose root is no mount: there another chroot does. */
    if (syscall(SYS_pivot_root, ".", "."))
        return chroot(".");
    return umount2(".", MNT_DETACH) || chdir("/");
}

/* A container may forbid namespaces even to root; the filter holds. */
static int leave_namespaces(int more)
{
    if (unshare(more | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC))
        return errno == EPERM ? 0 : -1;
    return empty_root();
}

/* Memory files are charged to nobody: a reader that a store has taken over may
 * fill the host with them, and then it must be the first to go. */
static void offer_to_oom(void)
{
    hd_autofd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)!write(fd, "1000", 4);
}

/* The lookup may open files, so it comes first. */
static int become(const char *user, struct hd_err *err)
{
    const struct passwd *pw = getpwnam(user);
    uid_t uid = pw ? pw->pw_uid : NOBODY;
    gid_t gid = pw ? pw->pw_gid : NOBODY;

    if (leave_namespaces(0))
        return hd_fail_errno(err, HD_E_FAILED, "cannot leave the namespaces");
    if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
        setresuid(uid, uid, uid))
        return hd_fail_errno(err, HD_E_FAILED, "cannot become %s", user);
    return 0;
}

/* A plain user is root in a user namespace of its own, if the host allows one;
 * if not, the filter still holds. */
static void leave_as_user(void)
{
    (void)leave_namespaces(CLONE_NEWUSER);
}

/* Whatever the way here left: securebits of the caller, a user namespace. */
static int drop_capabilities(struct hd_err *err)
{
    struct __user_cap_header_struct head = {.version =
                                                _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    if (syscall(SYS_capset, &head, none))
        return hd_fail_errno(err, HD_E_FAILED, "cannot drop capabilities");
    return 0;
}

int hd_confine(const char *user, uint64_t memory, struct hd_err *err)
{
    offer_to_oom();
    if (geteuid() != 0)
        leave_as_user();
    else if (become(user, err))
        return -1;
    if (drop_capabilities(err))
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return hd_fail_errno(err, HD_E_FAILED, "cannot give up privileges");
    if (limit(memory, err))
        return -1;
    return filter_calls(err);
}
