/* SPDX-License-Identifier: MIT */
/* The reader's sandbox, in the order in which each step still may be done;
 * never goes on when a step that must work fails. */
#include "confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../pv-drivers/base/calls.h"
#include "../../pv-drivers/base/embed.h"
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

HD_EMBED(hd_reader_calls, "reader.calls");

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
    return hd_calls_confine(hd_reader_calls, hd_reader_calls_end, err);
}
