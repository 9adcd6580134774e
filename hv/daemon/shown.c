/* SPDX-License-Identifier: MIT */
/* Shows the tables of guests that run; changes none. */
#include "shown.h"

#include <stdio.h>
#include <string.h>

#include "../control/feed.h"
#include "../run/files.h"
#include "../store/host_view.h"
#include "life.h"

/* ---- found */

int hd_shown_find(const struct hd_store *store,
                  const struct hd_guest_life *guest, struct hd_plan_view *ret,
                  struct hd_err *err)
{
    if (hd_order_check_lives(guest, err))
        return -1;
    if (!store->plan)
        return hd_fail(err, HD_E_FAILED,
                       "nobody knows the tables of %s; eject %s and plug it in "
                       "again",
                       guest->name, store->label);
    return hd_plan_find_view(store->plan, guest->name, ret)
               ? 0
               : hd_fail(err, HD_E_NO_DEVICE,
                         "guest %s has no host view; name an exception in its "
                         "manifest",
                         guest->name);
}

static bool has(const struct hd_view_path *paths, uint32_t n, const char *path)
{
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(paths[i].path, path))
            return true;
    return false;
}

/* "manifest", or "operator" who has added it since. */
static const char *origin(const struct hd_store *store, const char *guest,
                          const struct hd_view_entry *e)
{
    const struct hd_manifest *m = &store->answer->manifest;
    int g = hd_manifest_guest(m, guest);
    const struct hd_view *v = g < 0 ? NULL : &m->guests[g].tables;
    bool known =
        v && (e->side == HD_SIDE_HOST
                  ? has(m->views + v->exception, v->n_exception, e->path)
                  : has(m->views + v->inclusion, v->n_inclusion, e->path));

    return known ? "manifest" : "operator";
}

/* ---- shown */

static void put(struct json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
}

static struct json_object *head(const struct hd_store *store,
                                const struct hd_guest_life *guest)
{
    struct json_object *o = json_object_new_object();

    put(o, "store", store->label);
    put(o, "guest", guest->name);
    return o;
}

/* Those of one side; what is the guest's own needs nobody's leave. */
static void add_side(struct json_object *list, const struct hd_store *store,
                     const char *guest, const char *text, enum hd_side side)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, NULL);
    struct hd_view_entry e;

    while (hd_host_view_next(&text, &e)) {
        struct json_object *o;
        bool allowed = e.side == HD_SIDE_GUEST ||
                       (policy && hd_policy_shows(policy, e.path));

        if (e.side != side)
            continue;
        o = json_object_new_object();
        put(o, "path", e.path);
        put(o, "side", hd_side_name(e.side));
        put(o, "from", origin(store, guest, &e));
        json_object_object_add(o, "allowed", json_object_new_boolean(allowed));
        json_object_array_add(list, o);
    }
}

int hd_shown_list(struct hd_store *store, const struct hd_guest_life *guest,
                  struct json_object **ret, struct hd_err *err)
{
    struct json_object *list;
    struct hd_plan_view v;

    if (hd_shown_find(store, guest, &v, err))
        return -1;
    list = json_object_new_array();
    add_side(list, store, guest->name, v.tables, HD_SIDE_HOST);
    add_side(list, store, guest->name, v.tables, HD_SIDE_GUEST);
    *ret = head(store, guest);
    json_object_object_add(*ret, "entries", list);
    return 0;
}

int hd_shown_which(struct hd_store *store, const struct hd_guest_life *guest,
                   const char *path, struct json_object **ret,
                   struct hd_err *err)
{
    hd_auto(hd_tables) tables = NULL;
    char entry[HD_TABLES_PATH];
    struct hd_view_entry e;
    struct hd_decision d;
    struct hd_plan_view v;

    if (hd_shown_find(store, guest, &v, err))
        return -1;
    if (strcmp(path, "/") && !hd_tables_is_path(path))
        return hd_fail(err, HD_E_USAGE,
                       "\"%.200s\" is not an absolute path without \".\", "
                       "\"..\" and empty names",
                       path);
    if (hd_tables_parse(v.tables, &tables, err))
        return -1;
    d = hd_tables_decide(tables, path);
    snprintf(entry, sizeof(entry), "%.*s", (int)d.len, path);
    *ret = head(store, guest);
    put(*ret, "path", path);
    put(*ret, "side", hd_side_name(d.side));
    put(*ret, "entry", d.len ? entry : NULL);
    put(*ret, "from",
        hd_host_view_find(v.tables, entry, &e) ? origin(store, guest->name, &e)
                                               : NULL);
    return 0;
}

int hd_shown_follow(struct hd_store *store, const struct hd_guest_life *guest,
                    struct hd_conn *conn, struct hd_err *err)
{
    struct hd_plan_view v;
    int fd;

    return hd_shown_find(store, guest, &v, err) ||
                   hd_files_follow(v.name, &fd, err)
               ? -1
               : hd_feed_begin(store->daemon->loop, fd, conn, err);
}
