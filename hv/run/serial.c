/* SPDX-License-Identifier: MIT */
/* Starts hotdom-serial; never touches the port itself. */
#include "serial.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../host/sysfs.h"
#include "server.h"

void hd_serial_path(const char *tty, char ret[HD_SERVER_SIZE])
{
    snprintf(ret, HD_SERVER_SIZE, HD_SERVER_DIR "/%.31s", tty);
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
    char path[HD_SERVER_SIZE];

    if (check_port(step, err))
        return -1;
    hd_serial_path(step->tty, path);
    if (hd_server_runs(path))
        return hd_fail(err, HD_E_BUSY, "a guest has the serial adapter %s",
                       step->tty);
    return 0;
}

int hd_serial_serve(const struct hd_step_console *step, uint32_t domid,
                    struct hd_err *err)
{
    char number[3][12], tty[32];
    char *argv[] = {HD_SERIAL, number[0], number[1], tty, number[2], NULL};
    pid_t pid;

    snprintf(number[0], sizeof(number[0]), "%u", domid);
    snprintf(number[1], sizeof(number[1]), "%u", step->devid);
    snprintf(number[2], sizeof(number[2]), "%u", step->speed);
    snprintf(tty, sizeof(tty), "%s", step->tty);
    if (hd_server_start(argv, &pid, err))
        return -1;
    /* From now on the port is what it is. */
    return check_port(step, err);
}

int hd_serial_check_served(const struct hd_step_console *step,
                           struct hd_err *err)
{
    char path[HD_SERVER_SIZE];

    hd_serial_path(step->tty, path);
    if (hd_server_runs(path))
        return 0;
    /* Then it had to. */
    if (check_port(step, err))
        return -1;
    return hd_fail(err, HD_E_FAILED,
                   "hotdom-serial, which serves %s, has died; start the guest "
                   "again",
                   step->tty);
}
