/* SPDX-License-Identifier: MIT */
/* What libxl runs for our disks and NICs instead of Xen's shell scripts; it
 * touches nothing but that one device. */
#include <stdio.h>
#include <string.h>

#include "../net/vif_hotplug.h"
#include "vbd_hotplug.h"

/* libxl waits 40 s, which is longer than anyone would. */
#define SECONDS 10

typedef int hotplug_fn(struct hd_xs *xs, const struct hd_backend_path *path,
                       struct hd_err *err);

static const struct {
    const char *class, *action;
    hotplug_fn *run;
} rows[] = {
    {"vbd", "add", hd_vbd_hotplug_add},
    {"vbd", "remove", hd_vbd_hotplug_remove},
    {"vif", "add", hd_vif_hotplug_add},
    {"vif", "online", hd_vif_hotplug_add},
    {"vif", "remove", hd_vif_hotplug_remove},
    {"vif", "offline", hd_vif_hotplug_remove},
};

static hotplug_fn *find(const char *class, const char *action)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(rows); i++)
        if (!strcmp(rows[i].class, class) && !strcmp(rows[i].action, action))
            return rows[i].run;
    return NULL;
}

/* libxl reads these two nodes to tell the user why. */
static void report(struct hd_xs *xs, const struct hd_backend_path *p,
                   const char *msg)
{
    char why[96], status[96];

    snprintf(why, sizeof(why), "backend/%s/%u/%u/hotplug-error", p->class,
             p->domid, p->devid);
    snprintf(status, sizeof(status), "backend/%s/%u/%u/hotplug-status",
             p->class, p->domid, p->devid);
    (void)hd_xs_write(xs, (struct hd_xs_node[]){{why, msg}, {status, "error"}},
                      2, NULL);
}

static int run(const char *action, struct hd_err *err)
{
    const char *text = getenv("XENBUS_PATH");
    struct hd_backend_path path;
    hd_auto(hd_xs) xs = NULL;
    hotplug_fn *fn;

    if (!text)
        return hd_fail(err, HD_E_USAGE,
                       "XENBUS_PATH is not set; libxl runs "
                       "this program, people do not");
    if (hd_backend_path_parse(text, &path, err))
        return -1;
    fn = find(path.class, action);
    if (!fn)
        return hd_fail(err, HD_E_USAGE, "nothing to do for %s %s", path.class,
                       action);
    if (hd_xs_open(&xs, err))
        return -1;
    if (fn(xs, &path, err)) {
        report(xs, &path, err->msg);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct hd_err err = {0};

    alarm(SECONDS);
    if (argc < 2)
        hd_fail(&err, HD_E_USAGE, "usage: hotdom-hotplug ACTION");
    else
        run(argv[1], &err);
    if (err.code)
        fprintf(stderr, "hotdom-hotplug: %s\n", err.msg);
    return err.code != HD_OK;
}
