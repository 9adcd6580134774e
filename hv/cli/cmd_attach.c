/* SPDX-License-Identifier: MIT */
/* hotdom attach: has hotdomd look at a plugged-in device once more. */
#include <stdio.h>

#include "client.h"
#include "cmd.h"
#include "follow.h"

int hd_cmd_attach(int argc, char **argv, struct hd_err *err)
{
    struct json_object *reply, *store;

    if (argc != 2 || *argv[1] == '-')
        return hd_fail(err, HD_E_USAGE, "it takes one device, no option");
    if (hd_follow_call("Attach", hd_follow_store("device", argv[1]), &reply,
                       err))
        return -1;
    store = json_object_object_get(reply, "store");
    printf("%s: %s\n", hd_client_text(store, "store"),
           hd_client_text(store, "state"));
    json_object_put(reply);
    return 0;
}
