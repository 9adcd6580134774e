/* SPDX-License-Identifier: MIT */
/* Waits for a store's change while hotdomd works on it, and shows its way. */
#include "follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "client.h"
#include "table.h"

/* hotdomd has deadlines of its own for each step; this one is for a daemon
 * that is stuck. */
#define LONGEST_MS (60ull * 60 * 1000)

void hd_follow_line(struct json_object *event, char *text, size_t size)
{
    const char *store = hd_client_text(event, "store");
    const char *guest = hd_client_text(event, "guest");
    const char *reason = hd_client_text(event, "reason");
    const char *message = hd_client_text(event, "message");
    const char *from = hd_client_text(event, "from");
    const char *to = hd_client_text(event, "to");
    bool change = strcmp(from, to) != 0;
    const char *arrow = !change ? "" : *from ? " -> " : "-> ";
    char raw[1200];

    snprintf(raw, sizeof(raw), "%s%s%s: %s%s%s%s%s%s%s%s", store,
             *guest ? "." : "", guest, change ? from : "", arrow, to,
             *reason ? " (" : "", reason, *reason ? ")" : "",
             *message ? ": " : "", message);
    if (!*store)
        snprintf(raw, sizeof(raw), "host: %s", message);
    hd_table_escape(raw, text, size);
}

int hd_follow_call(const char *method, struct json_object *parameters,
                   struct json_object **ret, struct hd_err *err)
{
    uint64_t deadline = hd_io_now_ms() + LONGEST_MS;
    hd_auto(hd_client) client = NULL;
    struct json_object *reply;
    bool continues = true;
    char line[4800];

    if (hd_client_open(&client, err)) {
        json_object_put(parameters);
        return -1;
    }
    if (hd_client_send(client, method, parameters, true, err))
        return -1;
    for (;;) {
        if (hd_client_receive(client, deadline, &reply, &continues, err))
            return -1;
        if (!continues)
            break;
        hd_follow_line(reply, line, sizeof(line));
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "%s\n", line);
    }
    *ret = json_object_get(reply);
    return 0;
}

struct json_object *hd_follow_store(const char *key, const char *name)
{
    struct json_object *parameters = json_object_new_object();
    hd_autofree char *real = name && *name == '/' ? realpath(name, NULL) : NULL;

    if (name)
        json_object_object_add(parameters, key,
                               json_object_new_string(real ? real : name));
    return parameters;
}
