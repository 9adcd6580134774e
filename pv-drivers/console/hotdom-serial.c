/* SPDX-License-Identifier: MIT */
/* Serves a serial port of dom0's to one guest, without a right once it has
 * begun; started by hotdom-job, ended by what it serves going away. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "../base/server.h"
#include "serve.h"
#include "tty.h"

#define USER   "hotdom-serial"
#define POLLED 3 /* poll(2) checks how many */

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

static int run(char **argv, bool *ret_ready, struct hd_err *err)
{
    hd_auto(hd_peer) peer = NULL;
    hd_auto(hd_xs) xs = NULL;
    hd_autofd int tty = -1;
    struct options o;

    signal(SIGPIPE, SIG_IGN);
    if (take(argv, &o, err) || hd_server_lock(o.tty, err))
        return -1;
    tty = hd_tty_open(o.tty, o.speed, err);
    if (tty < 0 || hd_xs_open(&xs, err) || hd_peer_open(o.domid, &peer, err) ||
        hd_console_watch(xs, o.domid, o.devid, err) ||
        hd_server_become(USER, POLLED, err))
        return -1;
    *ret_ready = true;
    hd_server_answer(HD_SERVER_READY);
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
        hd_server_answer(err.msg);
    else if (rc)
        hd_log(HD_LOG_INFO, "%s: %s", argv[3], err.msg);
    return rc ? 1 : 0;
}
