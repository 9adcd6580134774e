/* SPDX-License-Identifier: MIT */
/* Guests by the names that people give them; changes nothing. */
#include "named.h"

#include <stdio.h>
#include <string.h>

/* GUEST, STORE.GUEST, or a domid. */
static bool is_called(const struct hd_store *store,
                      const struct hd_guest_life *guest, const char *name)
{
    const char *title = hd_store_title(store);
    size_t len = strlen(title);
    char domid[24] = "";

    if (guest->domid >= 0)
        snprintf(domid, sizeof(domid), "%lld", (long long)guest->domid);
    return !strcmp(guest->name, name) || (*name && !strcmp(domid, name)) ||
           (!strncmp(name, title, len) && name[len] == '.' &&
            !strcmp(name + len + 1, guest->name));
}

/* What is found under a name; "a.desk, b.desk" of it. */
struct match {
    size_t n;
    struct hd_store *store;
    struct hd_guest_life *guest;
    char names[300];
};

static void match_store(struct hd_store *s, const char *name, struct match *m)
{
    for (size_t i = 0; i < s->n_guests; i++) {
        size_t used = strlen(m->names);

        if (!is_called(s, &s->guests[i], name))
            continue;
        m->n++;
        m->store = s;
        m->guest = &s->guests[i];
        snprintf(m->names + used, sizeof(m->names) - used, "%s%s.%s",
                 used ? ", " : "", hd_store_title(s), s->guests[i].name);
    }
}

int hd_named_guest(const struct hd_stores *stores, const char *name,
                   const char *else_what, struct hd_store **ret_store,
                   struct hd_guest_life **ret, struct hd_err *err)
{
    struct match m = {0};

    for (struct hd_store *s = stores->first; s; s = s->next)
        match_store(s, name, &m);
    if (!m.n)
        return hd_fail(err, HD_E_NO_GUEST,
                       "no attached store has a guest %.64s; see `hotdom "
                       "list`%s",
                       name, else_what);
    if (m.n > 1)
        return hd_fail(err, HD_E_NO_GUEST, "say which one: %s", m.names);
    *ret_store = m.store;
    *ret = m.guest;
    return 0;
}

int hd_named_request(const struct hd_stores *stores,
                     const struct hd_request *req, struct hd_store **ret_store,
                     struct hd_guest_life **ret, struct hd_err *err)
{
    const char *name;

    if (hd_request_string(req, "guest", HD_LABEL_SIZE + HD_NAME_SIZE, &name,
                          err))
        return -1;
    if (!name)
        return hd_fail(err, HD_E_USAGE, "say which guest");
    return hd_named_guest(stores, name, "", ret_store, ret, err);
}
