/* SPDX-License-Identifier: MIT */
/* Starts and ends hotdom-serial; never touches the port itself. */
#include "serial.h"

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
#include "../host/sysfs.h"

#define READY     "ready"
#define READY_MS  5000
#define END_MS    1000 /* by itself */
#define KILLED_MS 2000
#define LOOK_MS   5

void hd_serial_path(const char *tty, char ret[HD_SERIAL_SIZE])
{
    snprintf(ret, HD_SERIAL_SIZE, HD_SERIAL_DIR "/%.31s", tty);
}

/* Who has the lock; 0: nobody. */
static pid_t holder_of(const char *path)
{
    hd_autofd int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK};

    if (fd < 0 || fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
        return 0;
    return lock.l_pid;
}

/* The name may be another port's by now. */
static int check_port(const struct hd_step_console *step, struct hd_err *err)
{
    hd_autofd int root = hd_sysfs_root(err);
    char path[256], usb[32] = "";

    if (root < 0)
        return -1;
    if (hd_sysfs_link(root, path, sizeof(path), "sys/class/tty/%s", step->tty))
        hd_sysfs_usb(path, usb);
    if (strcmp(usb, step->usb) ||
        hd_sysfs_number(root, 10, "sys/bus/usb/devices/%s/devnum", usb) !=
            step->number)
        return hd_fail(err, HD_E_GONE, "the serial adapter %s was unplugged",
                       step->tty);
    return 0;
}

int hd_serial_check_free(const struct hd_step_console *step, struct hd_err *err)
{
    char path[HD_SERIAL_SIZE];

    if (check_port(step, err))
        return -1;
    hd_serial_path(step->tty, path);
    if (holder_of(path))
        return hd_fail(err, HD_E_BUSY, "a guest has the serial adapter %s",
                       step->tty);
    return 0;
}

/* A session of its own: what ends the job does not end it. */
static int start(const struct hd_step_console *step, uint32_t domid, int out,
                 struct hd_err *err)
{
    char number[3][12], tty[32];
    char *argv[] = {HD_SERIAL, number[0], number[1], tty, number[2], NULL};
    char *envp[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    pid_t pid;
    int rc;

    snprintf(number[0], sizeof(number[0]), "%u", domid);
    snprintf(number[1], sizeof(number[1]), "%u", step->devid);
    snprintf(number[2], sizeof(number[2]), "%u", step->speed);
    snprintf(tty, sizeof(tty), "%s", step->tty);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    rc = posix_spawn(&pid, HD_SERIAL, &files, &attr, argv, envp);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    errno = rc;
    return rc ? hd_fail_errno(err, HD_E_FAILED, "cannot run " HD_SERIAL) : 0;
}

/* It has said why not, unless it could not even do that. */
static int read_answer(int fd, struct hd_err *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char text[200];
    ssize_t n;

    if (poll(&p, 1, READY_MS) != 1)
        return hd_fail(err, HD_E_TIMEOUT, "hotdom-serial does not answer");
    n = read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return hd_fail(err, HD_E_FAILED, "hotdom-serial has failed");
    text[n] = '\0';
    return strcmp(text, READY) ? hd_fail(err, HD_E_BUSY, "%s", text) : 0;
}

int hd_serial_serve(const struct hd_step_console *step, uint32_t domid,
                    struct hd_err *err)
{
    hd_autofd int in = -1, out = -1;
    int fds[2];

    if (mkdir(HD_SERIAL_DIR, 0700) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_FAILED, "cannot make " HD_SERIAL_DIR);
    if (pipe2(fds, O_CLOEXEC))
        return hd_fail_errno(err, HD_E_FAILED, "start hotdom-serial");
    in = fds[0];
    out = fds[1];
    if (start(step, domid, out, err))
        return -1;
    close(hd_steal_fd(&out));
    if (read_answer(in, err))
        return -1;
    /* From now on the port is what it is. */
    return check_port(step, err);
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

int hd_serial_end(const char *path, struct hd_err *err)
{
    pid_t pid;

    if (strncmp(path, HD_SERIAL_DIR "/", sizeof(HD_SERIAL_DIR)))
        return hd_fail(err, HD_E_FAILED, "the ledger's port \"%s\" is bad",
                       path);
    if (!is_free_within(path, END_MS)) {
        pid = holder_of(path);
        if (pid > 1)
            kill(pid, SIGKILL);
        if (!is_free_within(path, KILLED_MS))
            return hd_fail(err, HD_E_TIMEOUT,
                           "process %d does not let go of %s", pid,
                           path + sizeof(HD_SERIAL_DIR));
    }
    (void)unlink(path);
    return 0;
}
