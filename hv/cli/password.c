/* SPDX-License-Identifier: MIT */
/* Passwords from a person or a descriptor; never from argv or environment. */
#include "password.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "../store/auth.h"
#include "../store/text.h"

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
    caught = sig;
}

/* What would otherwise end the program and leave the terminal without echo. */
static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

struct quiet {
    struct termios saved;
    struct sigaction actions[HD_ARRAY_LEN(deadly)];
    sigset_t mask;
};

static int quiet_begin(int tty, struct quiet *q)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
    struct termios silent;
    sigset_t stop;

    if (tcgetattr(tty, &q->saved))
        return -1;
    caught = 0;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigprocmask(SIG_BLOCK, &stop, &q->mask);
    for (size_t i = 0; i < HD_ARRAY_LEN(deadly); i++)
        sigaction(deadly[i], &action, &q->actions[i]);
    silent = q->saved;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    silent.c_lflag |= ECHONL | ICANON;
    return tcsetattr(tty, TCSAFLUSH, &silent);
}

static void quiet_end(int tty, const struct quiet *q)
{
    tcsetattr(tty, TCSAFLUSH, &q->saved);
    for (size_t i = 0; i < HD_ARRAY_LEN(deadly); i++)
        sigaction(deadly[i], &q->actions[i], NULL);
    sigprocmask(SIG_SETMASK, &q->mask, NULL);
    if (caught)
        raise(caught);
}

/* Byte by byte: what stands behind the line belongs to the next reader. */
static int read_line(int fd, struct hd_secret *line, struct hd_err *err)
{
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);

        if (n < 0 && errno == EINTR && !caught)
            continue;
        if (n < 0)
            return hd_fail_errno(err, HD_E_USAGE, "cannot read the password");
        if (n == 0 || c == '\n')
            break;
        if (c == '\0')
            return hd_fail(err, HD_E_USAGE, "the password holds a NUL byte");
        if (line->len == line->size)
            return hd_fail(err, HD_E_USAGE,
                           "the password is longer than %zu bytes", line->size);
        line->data[line->len++] = c;
    }
    if (!line->len)
        return hd_fail(err, HD_E_USAGE, "the password is empty");
    return 0;
}

static int ask(const char *prompt, struct hd_secret *line, struct hd_err *err)
{
    hd_autofd int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct quiet quiet;
    int rc;

    if (tty < 0)
        return hd_fail(err, HD_E_USAGE,
                       "there is no terminal to ask for the "
                       "password on; use --password-fd N");
    /* The echo goes before the question: an answer may be quick. */
    if (quiet_begin(tty, &quiet))
        return hd_fail_errno(err, HD_E_USAGE, "cannot switch the echo off");
    dprintf(tty, "%s: ", prompt);
    rc = read_line(tty, line, err);
    quiet_end(tty, &quiet);
    return rc;
}

void hd_password_protect(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    mallopt(M_PERTURB, 0x5a);
}

int hd_password_fd(const char *arg, int *ret_fd, struct hd_err *err)
{
    char *end;
    long fd = strtol(arg, &end, 10);

    if (end == arg || *end || fd < 0 || fd > 65535 ||
        fcntl((int)fd, F_GETFD) < 0)
        return hd_fail(err, HD_E_USAGE,
                       "--password-fd \"%s\" is no open descriptor", arg);
    *ret_fd = (int)fd;
    return 0;
}

int hd_password_read(int fd, const char *prompt, struct hd_secret **ret,
                     struct hd_err *err)
{
    hd_auto(hd_secret) line = hd_secret_new(HD_PASSWORD_MAX);

    if (!line)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for the password");
    if (fd >= 0 ? read_line(fd, line, err) : ask(prompt, line, err))
        return -1;
    *ret = hd_steal(&line);
    return 0;
}

/* It must be typed again later: `hotdom unlock` says it in JSON. */
static int check_text(const struct hd_secret *password, struct hd_err *err)
{
    uint32_t c;

    for (size_t at = 0, n; at < password->len; at += n) {
        n = hd_text_next(password->data + at, password->len - at, &c);
        if (!n)
            return hd_fail(err, HD_E_USAGE,
                           "the password is not UTF-8 text, so nobody could "
                           "unlock the store with it");
    }
    return 0;
}

int hd_password_new(int fd, const char *prompt, struct hd_secret **ret,
                    struct hd_err *err)
{
    hd_auto(hd_secret) first = NULL;
    hd_auto(hd_secret) second = NULL;
    char again[128];

    if (hd_password_read(fd, prompt, &first, err) || check_text(first, err))
        return -1;
    snprintf(again, sizeof(again), "%s, again", prompt);
    if (fd < 0 && hd_password_read(fd, again, &second, err))
        return -1;
    if (second && (first->len != second->len ||
                   hd_secret_compare(first->data, second->data, first->len)))
        return hd_fail(err, HD_E_USAGE, "the two passwords differ");
    *ret = hd_steal(&first);
    return 0;
}
