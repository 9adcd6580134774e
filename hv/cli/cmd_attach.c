/* SPDX-License-Identifier: MIT */
/* hotdom attach: has hotdomd look at a plugged-in device once more, or at a
 * file, which becomes a disk. */
#include <stdio.h>
#include <sys/stat.h>

#include "../host/loop.h"
#include "client.h"
#include "cmd.h"
#include "follow.h"

static int attach(const char *device, struct hd_err *err)
{
    struct json_object *reply, *store;

    if (hd_follow_call("Attach", hd_follow_store("device", device), &reply,
                       err))
        return -1;
    store = json_object_object_get(reply, "store");
    printf("%s: %s\n", hd_client_text(store, "store"),
           hd_client_text(store, "state"));
    json_object_put(reply);
    return 0;
}

static bool is_file(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* What is no store does not stay a disk. */
static int attach_file(const char *path, struct hd_err *err)
{
    hd_auto(hd_client) client = NULL;
    struct hd_loop loop;

    /* Nobody else would let go of it. */
    if (hd_client_open(&client, err) || hd_loop_make(path, &loop, err))
        return -1;
    if (!attach(loop.name, err))
        return 0;
    (void)hd_loop_free(&loop, NULL);
    return -1;
}

int hd_cmd_attach(int argc, char **argv, struct hd_err *err)
{
    if (argc != 2 || *argv[1] == '-')
        return hd_fail(err, HD_E_USAGE, "it takes one device or file");
    return is_file(argv[1]) ? attach_file(argv[1], err) : attach(argv[1], err);
}
