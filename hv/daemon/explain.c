/* SPDX-License-Identifier: MIT */
/* Keeps the resource maps of attached stores and finds a guest's; makes none.
 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "../control/named.h"
#include "../control/view.h"
#include "../host/kept.h"
#include "../plan/map_text.h"
#include "../plan/plan_json.h"
#include "daemon.h"
#include "record.h"

/* ---- kept */

void hd_explain_keep(struct hd_store *store, const struct hd_map *map)
{
    json_object_put(store->map);
    store->map = hd_map_to_json(map);
}

/* Of a copy, for json-c keeps a text that it has made, some KiB a guest, for as
 * long as what it was made of.  The caller frees it; NULL: there is no memory.
 */
static char *text_of(struct json_object *map)
{
    struct json_object *copy = NULL;
    char *text = NULL;

    if (!json_object_deep_copy(map, &copy, NULL))
        text = strdup(json_object_to_json_string(copy));
    json_object_put(copy);
    return text;
}

static int save(const struct hd_store *store, struct hd_err *err)
{
    hd_autofree char *text = text_of(store->map);

    return text ? hd_kept_save(HD_MAP_DIR, &store->id, text, strlen(text),
                               SIZE_MAX, err)
                : hd_fail_errno(err, HD_E_FAILED, "keep a map");
}

void hd_explain_save(struct hd_store *store)
{
    struct hd_err err;

    if (!store->map || store->saved)
        return;
    store->saved = !save(store, &err);
    if (!store->saved)
        hd_log(HD_LOG_WARNING, "%s cannot be explained after a restart: %s",
               store->label, err.msg);
}

void hd_explain_changed(struct hd_store *store)
{
    bool before = store->saved;

    store->saved = false;
    hd_explain_save(store);
    /* What an earlier one left there is ours to remove. */
    store->saved |= before;
}

void hd_explain_adopt(struct hd_store *store)
{
    hd_autofree char *text = NULL;
    struct hd_err err;
    size_t len;

    store->saved = true;
    if (!hd_kept_load(HD_MAP_DIR, &store->id, HD_MAP_TEXT_MAX, &text, &len,
                      &err) &&
        !hd_map_text_read(text, len, &store->map, &err))
        return;
    /* A start that was interrupted early has saved none. */
    if (err.code != HD_E_NO_STORE)
        hd_log(HD_LOG_WARNING, "%s cannot be explained: %s", store->label,
               err.msg);
}

void hd_explain_end(struct hd_store *store)
{
    hd_autofree char *text =
        store->map && store->ran ? text_of(store->map) : NULL;
    struct hd_err err;

    /* What is there of another store with this id is not ours. */
    if (store->saved && hd_kept_forget(HD_MAP_DIR, &store->id, &err))
        hd_log(HD_LOG_WARNING, "%s", err.msg);
    if (text)
        hd_record_last(store->daemon->loop, &store->id, text);
    store->saved = store->ran = false;
}

void hd_explain_drop(struct hd_store *store)
{
    hd_explain_end(store);
    json_object_put(hd_steal(&store->map));
}

void hd_explain_sweep(struct hd_stores *stores)
{
    hd_kept_sweep(HD_MAP_DIR, hd_stores_has, stores);
}

/* ---- asked for */

/* Nobody has made a map for it; is that what its state says? */
static int check_unmapped(const struct hd_store *store, struct hd_err *err)
{
    if (store->state == HD_STATE_LOCKED)
        return 0;
    if (store->why.code) {
        *err = store->why;
        return hd_wrap(err, "%s is %s", hd_store_title(store),
                       hd_state_name(store->state));
    }
    return hd_fail(err, HD_E_BUSY,
                   "%s is %s, and nothing is known of what its guests were "
                   "given",
                   hd_store_title(store), hd_state_name(store->state));
}

int hd_explain_guest(const struct hd_stores *stores, const char *name,
                     struct json_object **ret, struct hd_err *err)
{
    struct json_object *o, *guest;
    char id[HD_UUID_SIZE];
    struct hd_guest_life *life;
    struct hd_store *store;

    if (hd_named_guest(stores, name, ", or name an image or a device with --in",
                       &store, &life, err) ||
        (!store->map && check_unmapped(store, err)))
        return -1;
    guest = store->map ? hd_map_text_guest(store->map, life->name) : NULL;
    o = json_object_new_object();
    hd_uuid_format(&store->id, id);
    json_object_object_add(o, "store",
                           json_object_new_string(hd_store_title(store)));
    json_object_object_add(o, "id", json_object_new_string(id));
    json_object_object_add(o, "device",
                           json_object_new_string(store->device.name));
    json_object_object_add(o, "state",
                           json_object_new_string(hd_state_name(store->state)));
    json_object_object_add(o, "guest", json_object_new_string(life->name));
    json_object_object_add(o, "agent", hd_view_agent(life));
    json_object_object_add(o, "map", json_object_get(guest));
    *ret = o;
    return 0;
}
