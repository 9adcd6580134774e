/* SPDX-License-Identifier: MIT */
/* Serves a serial port of dom0's to one guest, without a right once it has
 * begun; started by hotdom-job, ended by what it serves going away. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../base/io.h"
#include "../base/log.h"
#include "../base/paths.h"
#include "serve.h"
#include "tty.h"

#define USER "hotdom-serial"

struct options {
    uint32_t domid, devid, speed;
    const char *tty;
};

static bool number(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    *ret = (uint32_t)n;
    return *text >= '0' && *text <= '9' && !*end && n <= UINT32_MAX;
}

static int take(char **argv, struct options *ret, struct hd_err *err)
{
    ret->tty = argv[3];
    if (!number(argv[1], &ret->domid) || !number(argv[2], &ret->devid) ||
        !number(argv[4], &ret->speed) || !*ret->tty || strchr(ret->tty, '/'))
        return hd_fail(err, HD_E_USAGE, "bad arguments");
    return 0;
}

/* Whose lock this is, hotdom-job sees: it lives as long as this process. */
static int lock(const char *tty, struct hd_err *err)
{
    struct flock whole = {.l_type = F_WRLCK};
    char path[sizeof(HD_SERIAL_DIR) + 64];
    int fd;

    snprintf(path, sizeof(path), HD_SERIAL_DIR "/%.40s", tty);
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot open %s", path);
    if (fcntl(fd, F_SETLK, &whole)) {
        close(fd);
        return hd_fail(err, HD_E_BUSY, "another guest has /dev/%s", tty);
    }
    return 0; /* the descriptor stays open */
}

/* What is open is all that it needs. */
static int give_up_rights(struct hd_err *err)
{
    const struct passwd *pw = getpwnam(USER);
    struct rlimit none = {0, 0}, polled = {3, 3}; /* what poll(2) checks */

    if (!pw)
        return hd_fail(err, HD_E_FAILED,
                       "there is no user " USER "; run systemd-sysusers");
    if (chroot(HD_SERIAL_DIR) || chdir("/") || setgroups(0, NULL) ||
        setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
        setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
        return hd_fail_errno(err, HD_E_FAILED, "cannot become " USER);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0) ||
        setrlimit(RLIMIT_NOFILE, &polled) || setrlimit(RLIMIT_NPROC, &none) ||
        setrlimit(RLIMIT_FSIZE, &none) || setrlimit(RLIMIT_CORE, &none))
        return hd_fail_errno(err, HD_E_FAILED, "cannot give up rights");
    return 0;
}

/* hotdom-job reads stdout: "ready", or why not. */
static void answer(const char *text)
{
    (void)!write(STDOUT_FILENO, text, strlen(text));
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
}

static int run(char **argv, bool *ret_ready, struct hd_err *err)
{
    hd_auto(hd_peer) peer = NULL;
    /* Goes with this process: to close it takes pthread_cancel(3), and that a
     * library, which is out of reach then. */
    struct hd_xs *xs = NULL;
    hd_autofd int tty = -1;
    struct options o;

    signal(SIGPIPE, SIG_IGN);
    if (take(argv, &o, err) || lock(o.tty, err))
        return -1;
    tty = hd_tty_open(o.tty, o.speed, err);
    if (tty < 0 || hd_xs_open(&xs, err) || hd_peer_open(o.domid, &peer, err) ||
        hd_console_watch(xs, o.domid, o.devid, err) || give_up_rights(err))
        return -1;
    *ret_ready = true;
    answer("ready");
    return hd_console_serve(xs, peer, o.domid, o.devid, tty, err);
}

int main(int argc, char **argv)
{
    struct hd_err err = {0};
    bool ready = false;
    int rc;

    hd_log_init("hotdom-serial", HD_LOG_INFO);
    if (argc != 5) {
        fputs("hotdom-job runs this program, people do not\n", stderr);
        return 2;
    }
    rc = run(argv, &ready, &err);
    if (rc && !ready)
        answer(err.msg);
    else if (rc)
        hd_log(HD_LOG_INFO, "%s: %s", argv[3], err.msg);
    return rc ? 1 : 0;
}
