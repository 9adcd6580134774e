/* SPDX-License-Identifier: MIT */
/* Starts and ends the processes that serve a guest; never looks at what they
 * serve. */
#include "server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/server.h"

#define READY_MS  20000
#define END_MS    1000 /* by itself */
#define KILLED_MS 2000
#define LOOK_MS   5

/* Who has the lock; 0: nobody. */
static pid_t holder_of(const char *path)
{
    hd_autofd int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK};

    if (fd < 0 || fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
        return 0;
    return lock.l_pid;
}

bool hd_server_runs(const char *path)
{
    return holder_of(path) != 0;
}

/* A session of its own: what ends the job does not end it. */
static int spawn(char *const argv[], int out, pid_t *ret, struct hd_err *err)
{
    char *envp[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int rc;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    rc = posix_spawn(ret, argv[0], &files, &attr, argv, envp);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    errno = rc;
    return rc ? hd_fail_errno(err, HD_E_FAILED, "cannot run %s", argv[0]) : 0;
}

/* It has said why not, unless it could not even do that. */
static int read_answer(int fd, const char *name, struct hd_err *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char text[200];
    ssize_t n;

    if (poll(&p, 1, READY_MS) != 1)
        return hd_fail(err, HD_E_TIMEOUT, "%s does not answer", name);
    n = read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return hd_fail(err, HD_E_FAILED, "%s has failed", name);
    text[n] = '\0';
    return strcmp(text, HD_SERVER_READY) ? hd_fail(err, HD_E_BUSY, "%s", text)
                                         : 0;
}

int hd_server_start(char *const argv[], pid_t *ret, struct hd_err *err)
{
    hd_autofd int in = -1, out = -1;
    int fds[2];

    if (mkdir(HD_SERVER_DIR, 0700) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_FAILED, "cannot make " HD_SERVER_DIR);
    if (pipe2(fds, O_CLOEXEC))
        return hd_fail_errno(err, HD_E_FAILED, "start %s", argv[0]);
    in = fds[0];
    out = fds[1];
    if (spawn(argv, out, ret, err))
        return -1;
    close(hd_steal_fd(&out));
    return read_answer(in, argv[0], err);
}

/* Whether nobody has the lock within `ms`. */
static bool is_free_within(const char *path, int ms)
{
    uint64_t until = hd_io_now_ms() + (uint64_t)ms;

    while (holder_of(path)) {
        if (!hd_io_left_ms(until))
            return false;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    return true;
}

int hd_server_end(const char *path, struct hd_err *err)
{
    char control[HD_SERVER_SIZE + sizeof(HD_SERVER_CONTROL)];
    pid_t pid;

    if (strncmp(path, HD_SERVER_DIR "/", sizeof(HD_SERVER_DIR)))
        return hd_fail(err, HD_E_FAILED, "the ledger's server \"%s\" is bad",
                       path);
    if (!is_free_within(path, END_MS)) {
        pid = holder_of(path);
        if (pid > 1)
            kill(pid, SIGKILL);
        if (!is_free_within(path, KILLED_MS))
            return hd_fail(err, HD_E_TIMEOUT,
                           "process %d does not let go of %s", pid,
                           path + sizeof(HD_SERVER_DIR));
    }
    snprintf(control, sizeof(control), "%s" HD_SERVER_CONTROL, path);
    (void)unlink(control);
    (void)unlink(path);
    return 0;
}
