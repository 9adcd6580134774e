/* SPDX-License-Identifier: MIT */
/* Finds the one guest with a domain that a person's word means. */
#include "whom.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "pick.h"

/* What is found under a name; `n` other than 1 is an error. */
struct match {
    size_t n;
    struct hd_whom whom;
    char names[300];
};

static void take(struct json_object *store, struct json_object *guest,
                 struct match *m)
{
    size_t used = strlen(m->names);

    m->n++;
    m->whom.domid = hd_pick_domid(guest);
    (void)hd_uuid_parse(hd_client_text(store, "id"), &m->whom.store, NULL);
    snprintf(m->whom.guest, sizeof(m->whom.guest), "%s",
             hd_client_text(guest, "guest"));
    snprintf(m->whom.state, sizeof(m->whom.state), "%s",
             hd_client_text(guest, "state"));
    snprintf(m->names + used, sizeof(m->names) - used, "%s%s.%s",
             used ? ", " : "", hd_pick_title(store), m->whom.guest);
}

static void match_store(struct json_object *store, const char *word,
                        struct match *m)
{
    struct json_object *guests = json_object_object_get(store, "guests");

    for (size_t i = 0; guests && i < json_object_array_length(guests); i++) {
        struct json_object *guest = json_object_array_get_idx(guests, i);

        if (hd_pick_guest(store, guest, word))
            take(store, guest, m);
    }
}

int hd_whom(const char *word, struct hd_whom *ret, struct hd_err *err)
{
    struct json_object *reply, *stores;
    struct match m = {0};

    if (hd_client_call("List", NULL, &reply, err))
        return -1;
    stores = json_object_object_get(reply, "stores");
    for (size_t i = 0; stores && i < json_object_array_length(stores); i++)
        match_store(json_object_array_get_idx(stores, i), word, &m);
    json_object_put(reply);
    if (m.n == 0)
        return hd_fail(err, HD_E_NO_GUEST,
                       "no guest is called %s; see `hotdom list`", word);
    if (m.n > 1)
        return hd_fail(err, HD_E_NO_GUEST, "say which one: %s", m.names);
    if (m.whom.domid < 0)
        return hd_fail(err, HD_E_NO_GUEST, "%s does not run; unlock its store",
                       m.names);
    *ret = m.whom;
    return 0;
}
