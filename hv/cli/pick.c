/* SPDX-License-Identifier: MIT */
/* Which stores and guests of List's reply a person's word means; exact words
 * only, and no I/O. */
#include "pick.h"

#include <stdio.h>
#include <string.h>

#include "../daemon/event.h"
#include "client.h"

const char *hd_pick_title(struct json_object *store)
{
    const char *label = hd_client_text(store, "store");

    return *label ? label : hd_client_text(store, "device");
}

bool hd_pick_store(struct json_object *store, const char *word)
{
    const char *device = hd_client_text(store, "device");

    if (!strncmp(word, "/dev/", 5))
        return !strcmp(device, word + 5);
    return *word && (!strcmp(device, word) ||
                     !strcmp(hd_client_text(store, "store"), word) ||
                     !strcmp(hd_client_text(store, "id"), word));
}

int64_t hd_pick_domid(struct json_object *guest)
{
    return json_object_object_get(guest, "domid")
               ? hd_client_number(guest, "domid")
               : -1;
}

bool hd_pick_guest(struct json_object *store, struct json_object *guest,
                   const char *word)
{
    const char *title = hd_pick_title(store);
    const char *name = hd_client_text(guest, "guest");
    size_t len = strlen(title);
    char domid[24] = "";

    if (hd_pick_domid(guest) >= 0)
        snprintf(domid, sizeof(domid), "%lld", (long long)hd_pick_domid(guest));
    return *word && (!strcmp(name, word) || !strcmp(domid, word) ||
                     (!strncmp(word, title, len) && word[len] == '.' &&
                      !strcmp(word + len + 1, name)));
}

int hd_pick_guests(struct json_object *store, hd_pick_fn *fn, void *ctx)
{
    struct json_object *guests = json_object_object_get(store, "guests");
    char word[HD_LABEL_SIZE + HD_NAME_SIZE];
    int rc = 0;

    for (size_t i = 0; guests && i < json_object_array_length(guests); i++) {
        struct json_object *guest = json_object_array_get_idx(guests, i);

        snprintf(word, sizeof(word), "%s.%s", hd_pick_title(store),
                 hd_client_text(guest, "guest"));
        if (fn(guest, word, ctx))
            rc = -1;
    }
    return rc;
}

int hd_pick_each(struct json_object *reply, hd_pick_fn *fn, void *ctx)
{
    struct json_object *stores = json_object_object_get(reply, "stores");
    int rc = 0;

    for (size_t i = 0; stores && i < json_object_array_length(stores); i++)
        if (hd_pick_guests(json_object_array_get_idx(stores, i), fn, ctx))
            rc = -1;
    return rc;
}
