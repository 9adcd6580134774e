/* SPDX-License-Identifier: MIT */
/* Opens serial ports; never writes to one. */
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../base/mem.h"

static int set_up(int fd, uint32_t speed)
{
    struct termios t;

    if (tcgetattr(fd, &t))
        return -1;
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD;
    t.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    /* glibc takes the number itself. */
    return cfsetspeed(&t, speed) || tcsetattr(fd, TCSANOW, &t) ? -1 : 0;
}

int hd_tty_open(const char *name, uint32_t speed, struct hd_err *err)
{
    hd_autofd int fd = -1;
    char path[64];

    snprintf(path, sizeof(path), "/dev/%.40s", name);
    fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return hd_fail_errno(err, errno == EBUSY ? HD_E_BUSY : HD_E_GONE,
                             "cannot open %s", path);
    /* What terminal programs lock, and what keeps out those that do not. */
    if (flock(fd, LOCK_EX | LOCK_NB) || ioctl(fd, TIOCEXCL))
        return hd_fail(err, HD_E_BUSY,
                       "another program has %s open; end it first", path);
    if (set_up(fd, speed))
        return hd_fail_errno(err, HD_E_IO, "cannot set up %s", path);
    return hd_steal_fd(&fd);
}
