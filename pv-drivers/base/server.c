/* SPDX-License-Identifier: MIT */
/* The beginning of hotdom-serial and hotdom-9p; never gives a right back. */
#include "server.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "io.h"
#include "mem.h"
#include "paths.h"

/* A host of many users keeps them elsewhere. */
#define PASSWD_BYTES (1u << 20)

#define NICE      5
#define NICE_TEXT "5"

#define NAME_MOST 70
#define PATH_SIZE                                                              \
    (sizeof(HD_SERVER_DIR "/") + NAME_MOST + sizeof(HD_SERVER_CONTROL))

/* Without stdio, of which a start would need nothing else. */
static void path_of(const char *name, const char *end, char ret[PATH_SIZE])
{
    char *at = stpcpy(ret, HD_SERVER_DIR "/");

    at = mempcpy(at, name, strnlen(name, NAME_MOST));
    strcpy(at, end);
}

/* By hotdom-job, which has the other end of stdout. */
static bool is_awaited(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    return poll(&out, 1, 0) == 0;
}

/* Whoever gave up between the open and the lock has removed what is locked
 * here: nobody would see it, and another's may stand there. */
static int take_lock(const char *path, const char *name, int *ret_fd,
                     struct hd_err *err)
{
    struct flock whole = {.l_type = F_WRLCK};
    struct stat st;

    for (;;) {
        hd_autofd int fd =
            open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0)
            return hd_fail_errno(err, HD_E_FAILED, "cannot open %s", path);
        if (fcntl(fd, F_SETLK, &whole))
            return hd_fail(err, HD_E_BUSY, "another process serves %s", name);
        if (fstat(fd, &st))
            return hd_fail_errno(err, HD_E_FAILED, "cannot look at %s", path);
        if (st.st_nlink) {
            *ret_fd = hd_steal_fd(&fd);
            return 0;
        }
    }
}

int hd_server_lock(const char *name, struct hd_err *err)
{
    char path[PATH_SIZE];
    int fd = -1;

    path_of(name, "", path);
    if (take_lock(path, name, &fd, err))
        return -1;
    /* Whoever gives up from now on sees the lock, and ends this process. */
    if (!is_awaited()) {
        (void)unlink(path);
        close(fd);
        return hd_fail(err, HD_E_GONE, "nobody waits for %s to be served",
                       name);
    }
    return 0; /* the descriptor stays open */
}

int hd_server_listen(const char *name, int *ret_fd, struct hd_err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    hd_autofd int fd =
        socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    _Static_assert(PATH_SIZE <= sizeof(at.sun_path), "a path is an address");
    path_of(name, HD_SERVER_CONTROL, at.sun_path);
    (void)unlink(at.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
        listen(fd, SOMAXCONN))
        return hd_fail_errno(err, HD_E_FAILED, "cannot listen on %s",
                             at.sun_path);
    *ret_fd = hd_steal_fd(&fd);
    return 0;
}

static void tell_kernel(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, text, strlen(text));
    close(fd);
}

/* Where the kernel groups processes by their session, a niceness counts within
 * that one alone, and the group has its own: sched(7). */
void hd_server_stand_back(pid_t pid)
{
    char path[32];

    if (getpriority(PRIO_PROCESS, (id_t)pid) < NICE)
        (void)setpriority(PRIO_PROCESS, (id_t)pid, NICE);
    snprintf(path, sizeof(path), "/proc/%d/autogroup", (int)pid);
    tell_kernel(path, NICE_TEXT);
}

/* hotdomd's own place, which is inherited, is that of what the host needs; a
 * guest decides how much this one takes. */
static void offer_to_oom(void)
{
    tell_kernel("/proc/self/oom_score_adj", "500");
}

/* A change of user leaves none; securebits of the caller might. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version =
                                                _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    return (int)syscall(SYS_capset, &head, none);
}

static bool take_id(const char **at, unsigned *ret)
{
    char *end;
    unsigned long n = strtoul(*at, &end, 10);

    if (**at < '0' || **at > '9' || *end != ':' || !n || n >= UINT32_MAX)
        return false;
    *at = end + 1;
    *ret = (unsigned)n;
    return true;
}

bool hd_server_user(const char *passwd, const char *name, uid_t *ret_uid,
                    gid_t *ret_gid)
{
    size_t len = strlen(name);

    for (const char *line = passwd; line; line = strchr(line, '\n')) {
        const char *at;

        line += *line == '\n';
        if (strncmp(line, name, len) || line[len] != ':')
            continue;
        at = line + len + 1;
        at += strcspn(at, ":\n");
        return *at++ == ':' && take_id(&at, ret_uid) && take_id(&at, ret_gid);
    }
    return false;
}

int hd_server_become(const char *user, unsigned files, struct hd_err *err)
{
    struct rlimit none = {0, 0}, most = {files, files};
    hd_autofree char *passwd = NULL;
    uid_t uid;
    gid_t gid;

    if (hd_io_read_file("/etc/passwd", PASSWD_BYTES, &passwd, NULL, err))
        return -1;
    if (!hd_server_user(passwd, user, &uid, &gid))
        return hd_fail(err, HD_E_FAILED,
                       "there is no user %s; run systemd-sysusers", user);
    offer_to_oom();
    if (chroot(HD_SERVER_DIR) || chdir("/") || setgroups(0, NULL) ||
        setresgid(gid, gid, gid) || setresuid(uid, uid, uid) ||
        drop_capabilities())
        return hd_fail_errno(err, HD_E_FAILED, "cannot become %s", user);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0) ||
        setrlimit(RLIMIT_NOFILE, &most) || setrlimit(RLIMIT_NPROC, &none) ||
        setrlimit(RLIMIT_FSIZE, &none) || setrlimit(RLIMIT_CORE, &none))
        return hd_fail_errno(err, HD_E_FAILED, "cannot give up rights");
    return 0;
}

void hd_server_answer(const char *text)
{
    (void)!write(STDOUT_FILENO, text, strlen(text));
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
}
