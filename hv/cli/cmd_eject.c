/* SPDX-License-Identifier: MIT */
/* hotdom eject: has a store's guests shut down, and waits for it. */
#include <stdio.h>

#include "client.h"
#include "cmd.h"
#include "follow.h"

int hd_cmd_eject(int argc, char **argv, struct hd_err *err)
{
    struct json_object *reply;

    if (argc > 2 || (argc == 2 && *argv[1] == '-'))
        return hd_fail(err, HD_E_USAGE, "it takes one store, no option");
    if (hd_follow_call("Eject", hd_follow_store("store", argv[1]), &reply, err))
        return -1;
    puts(hd_client_text(reply, "message"));
    json_object_put(reply);
    return 0;
}
