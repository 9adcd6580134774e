/* SPDX-License-Identifier: MIT */
/* Serves the host view to one guest, without a right once it has begun; started
 * by hotdom-job, ended by its device going away.  Writes no file. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/calls.h"
#include "../base/embed.h"
#include "../base/log.h"
#include "../base/server.h"
#include "../bus/backend.h"
#include "serve.h"

#define USER "hotdom-9p"
/* Beside the guest's open files and hotdomd's connections: xenstore, events,
 * grants, and one that is looked at. */
#define FILES (HD_9P_MAX_OPEN + HD_9P_CONTROL_FDS + 32)

HD_EMBED(hd_9p_calls, "9p.calls");

struct options {
    uint32_t domid;
    const char *name; /* of the lock */
    struct hd_tables *tables, *shown;
};

/* hotdom-job has checked them; a second look costs nothing. */
static int take(char **argv, struct options *ret, struct hd_err *err)
{
    char *end;
    unsigned long domid = strtoul(argv[1], &end, 10);

    if (argv[1][0] < '0' || argv[1][0] > '9' || *end || domid > UINT16_MAX ||
        !*argv[2] || strchr(argv[2], '/'))
        return hd_fail(err, HD_E_USAGE, "bad arguments");
    ret->domid = (uint32_t)domid;
    ret->name = argv[2];
    return hd_tables_parse(argv[3], &ret->tables, err) ||
                   hd_tables_parse(argv[4], &ret->shown, err)
               ? -1
               : 0;
}

/* All that needs root. */
static int prepare(const struct options *o, struct hd_xs **ret_xs,
                   struct hd_peer *peers[HD_FS9P_RINGS],
                   struct hd_9p_control *control, struct hd_err *err)
{
    if (hd_server_lock(o->name, err) ||
        hd_server_listen(o->name, &control->listener, err) ||
        hd_xs_open(ret_xs, err) || hd_xs_warm(*ret_xs, err))
        return -1;
    for (size_t i = 0; i < HD_FS9P_RINGS; i++)
        if (hd_peer_open(o->domid, &peers[i], err))
            return -1;
    return hd_server_become(USER, FILES, err) ||
                   hd_calls_confine(hd_9p_calls, hd_9p_calls_end, err)
               ? -1
               : 0;
}

/* What is made here lives as long as the process. */
static int run(char **argv, bool *ret_ready, struct hd_err *err)
{
    struct hd_peer *peers[HD_FS9P_RINGS] = {NULL};
    struct hd_xenbus_device dev;
    struct hd_xs *xs = NULL;
    struct options o = {0};
    struct hd_9p_control control;
    struct hd_tree tree;
    struct hd_9p *session;

    signal(SIGPIPE, SIG_IGN);
    if (take(argv, &o, err))
        return -1;
    tree = (struct hd_tree){
        o.tables, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), o.shown};
    session = hd_9p_new(&tree);
    if (tree.root < 0 || !session)
        return hd_fail_errno(err, HD_E_FAILED, "prepare the host view");
    hd_9p_control_init(&control, &tree, session);
    if (prepare(&o, &xs, peers, &control, err))
        return -1;
    *ret_ready = true;
    hd_server_answer(HD_SERVER_READY);
    hd_fs9p_describe(o.domid, &dev);
    /* Nobody waits for xenstored's answers to these. */
    return hd_backend_watch(xs, &dev, err) ||
                   hd_9p_serve(xs, peers, &dev, session, &control, err)
               ? -1
               : 0;
}

int main(int argc, char **argv)
{
    struct hd_err err = {0};
    bool ready = false;
    int rc;

    hd_log_init("hotdom-9p", HD_LOG_INFO);
    if (argc != 5) {
        fputs("hotdom-job runs this program, people do not\n", stderr);
        return 2;
    }
    rc = run(argv, &ready, &err);
    if (rc && !ready)
        hd_server_answer(err.msg);
    else if (rc)
        hd_log(HD_LOG_INFO, "%s: %s", argv[2], err.msg);
    return rc ? 1 : 0;
}
