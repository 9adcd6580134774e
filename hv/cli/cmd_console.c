/* SPDX-License-Identifier: MIT */
/* hotdom console: finds a guest's domain and becomes xenconsole. */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"
#include "pick.h"

#define XENCONSOLE "/usr/lib/xen-*/bin/xenconsole"

/* What is found under a name; `n` other than 1 is an error. */
struct match {
    size_t n;
    int64_t domid; /* -1: it does not run */
    char names[300];
};

static void match_store(struct json_object *store, const char *name,
                        struct match *m)
{
    struct json_object *guests = json_object_object_get(store, "guests");

    for (size_t i = 0; guests && i < json_object_array_length(guests); i++) {
        struct json_object *guest = json_object_array_get_idx(guests, i);
        size_t used = strlen(m->names);

        if (!hd_pick_guest(store, guest, name))
            continue;
        m->n++;
        m->domid = hd_pick_domid(guest);
        snprintf(m->names + used, sizeof(m->names) - used, "%s%s.%s",
                 used ? ", " : "", hd_pick_title(store),
                 hd_client_text(guest, "guest"));
    }
}

static int resolve(const char *name, int64_t *ret_domid, struct hd_err *err)
{
    struct json_object *reply, *stores;
    struct match m = {0};

    if (hd_client_call("List", NULL, &reply, err))
        return -1;
    stores = json_object_object_get(reply, "stores");
    for (size_t i = 0; stores && i < json_object_array_length(stores); i++)
        match_store(json_object_array_get_idx(stores, i), name, &m);
    json_object_put(reply);
    if (m.n == 0)
        return hd_fail(err, HD_E_NO_GUEST,
                       "no guest is called %s; see `hotdom list`", name);
    if (m.n > 1)
        return hd_fail(err, HD_E_NO_GUEST, "say which one: %s", m.names);
    if (m.domid < 0)
        return hd_fail(err, HD_E_NO_GUEST, "%s does not run; unlock its store",
                       m.names);
    *ret_domid = m.domid;
    return 0;
}

static int become_xenconsole(int64_t domid, struct hd_err *err)
{
    char number[24];
    glob_t found;

    snprintf(number, sizeof(number), "%lld", (long long)domid);
    /* Sorted, so the last one is the newest Xen's. */
    if (glob(XENCONSOLE, 0, NULL, &found) || !found.gl_pathc)
        return hd_fail(err, HD_E_FAILED,
                       "there is no xenconsole; install xen-utils");
    execl(found.gl_pathv[found.gl_pathc - 1], "xenconsole", number,
          (char *)NULL);
    hd_fail_errno(err, HD_E_FAILED, "cannot start xenconsole");
    globfree(&found);
    return -1;
}

int hd_cmd_console(int argc, char **argv, struct hd_err *err)
{
    int64_t domid;

    if (argc != 2 || *argv[1] == '-')
        return hd_fail(err, HD_E_USAGE, "it takes one guest, no option");
    if (resolve(argv[1], &domid, err))
        return -1;
    return become_xenconsole(domid, err);
}
