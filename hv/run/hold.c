/* SPDX-License-Identifier: MIT */
/* Tells dm-multipath to let go of what it holds back, and to hold again. */
#include "hold.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "dm.h"

/* The one path of a multipath device. */
struct path {
    char dev[16]; /* "8:16" */
    bool failed;
};

/* Linux, dm-mpath.c, multipath_status: "2 0 0 0 1 1 A 0 1 0 8:16 F 1 ", where
 * nothing else has a colon, and F is a path that failed. */
static int parse(const char *status, struct path *ret)
{
    const char *at = strchr(status, ':');
    uint32_t major, minor;
    char state;

    while (at && at > status && isdigit((unsigned char)at[-1]))
        at--;
    if (!at || sscanf(at, "%u:%u %c", &major, &minor, &state) != 3)
        return -1;
    snprintf(ret->dev, sizeof(ret->dev), "%u:%u", major & 0xfff,
             minor & 0xfffff);
    ret->failed = state == 'F';
    return 0;
}

/* 1: it is one; 0: it is not, or not there; -1. */
static int look(const char *name, struct path *ret, struct hd_err *err)
{
    struct dm_info info;
    hd_auto_dm task = NULL;
    uint64_t start, length;
    char *type = NULL, *status = NULL;
    int found = hd_dm_find(name, &info, err);

    if (found <= 0)
        return found;
    task = hd_dm_task(DM_DEVICE_STATUS, name);
    if (!task || !dm_task_no_flush(task) || hd_dm_run(task))
        return hd_dm_fail(err, "look at", name);
    dm_get_next_target(task, NULL, &start, &length, &type, &status);
    if (!type || strcmp(type, "multipath"))
        return 0;
    return status && !parse(status, ret) ? 1 : hd_dm_fail(err, "read", name);
}

/* Linux, dm-mpath.c, multipath_message. */
static int say(const char *name, const char *what, const struct path *path,
               struct hd_err *err)
{
    hd_auto_dm task = hd_dm_task(DM_DEVICE_TARGET_MSG, name);
    char message[64];

    snprintf(message, sizeof(message), "%s%s", what, path ? path->dev : "");
    return task && dm_task_set_sector(task, 0) &&
                   dm_task_set_message(task, message) && !hd_dm_run(task)
               ? 0
               : hd_dm_fail(err, "send a message to", name);
}

/* libdevmapper keeps the kernel's device open from one request to the next, and
 * hotdomd, which lives long, has one now and then. */
static int release(int rc)
{
    dm_lib_release();
    return rc;
}

/* In this order: without a path, what is held would be told at once. */
static int let_go(const char *name, bool *ret_held, struct hd_err *err)
{
    struct path path;
    int is = look(name, &path, err);

    *ret_held = is > 0 && path.failed;
    if (is <= 0)
        return is;
    if (*ret_held && say(name, "reinstate_path ", &path, err))
        return -1;
    return say(name, "fail_if_no_path", NULL, err);
}

int hd_hold_let_go(const char *name, bool *ret_held, struct hd_err *err)
{
    return release(let_go(name, ret_held, err));
}

/* It may have failed once more while errors were told. */
static int hold_again(const char *name, struct hd_err *err)
{
    struct path path;
    int is = look(name, &path, err);

    if (is <= 0)
        return is;
    if (say(name, "queue_if_no_path", NULL, err))
        return -1;
    return path.failed ? say(name, "reinstate_path ", &path, err) : 0;
}

int hd_hold_again(const char *name, struct hd_err *err)
{
    return release(hold_again(name, err));
}
