/* SPDX-License-Identifier: MIT */
/* What clients see of stores and events, as JSON objects; changes nothing. */
#include "view.h"

#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "../daemon/user.h"
#include "../domain/display.h"
#include "../host/tries.h"

/* A constant, and new to the object: it is not copied, nor looked for. */
static void add(struct json_object *o, const char *key,
                struct json_object *value)
{
    json_object_object_add_ex(o, key, value,
                              JSON_C_OBJECT_ADD_KEY_IS_NEW |
                                  JSON_C_OBJECT_KEY_IS_CONSTANT);
}

static struct json_object *text_of(const char *text)
{
    return text && *text ? json_object_new_string(text) : NULL;
}

/* Every key is always there; what has no value is null. */
static void add_text(struct json_object *o, const char *key, const char *text)
{
    add(o, key, text_of(text));
}

static void add_seconds(struct json_object *o, const char *key, uint64_t ms)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu.%03llu", (unsigned long long)ms / 1000,
             (unsigned long long)ms % 1000);
    add(o, key, json_object_new_double_s((double)ms / 1e3, text));
}

/* What holds for all that are looked at at once. */
struct view {
    uint64_t now_ms; /* each look at the clock costs dom0 a system call */
    bool displays;   /* some guest may have one */
    bool brief;      /* as a list of many has them: no key without a value */
};

static struct view view_now(bool brief)
{
    return (struct view){hd_io_now_ms(), !access(HD_DISPLAY_DIR, F_OK), brief};
}

/* But for a brief one. */
static void add_any(struct json_object *o, const struct view *v,
                    const char *key, struct json_object *value)
{
    if (value || !v->brief)
        add(o, key, value);
}

static void add_state(struct json_object *o, const struct view *v,
                      enum hd_state state, uint64_t since_ms,
                      const struct hd_err *why)
{
    uint64_t ms = v->now_ms - since_ms;

    add_text(o, "state", hd_state_name(state));
    if (v->brief)
        add(o, "seconds", json_object_new_int64((int64_t)(ms / 1000)));
    else
        add_seconds(o, "seconds", ms);
    add_any(o, v, "reason",
            text_of(why->code ? hd_err_reason(why->code) : NULL));
    add_any(o, v, "message", text_of(why->msg));
}

/* The socket of its VNC server; null: it has no display. */
static void add_display(struct json_object *o, const struct view *v,
                        const struct hd_store *store,
                        const struct hd_guest_life *guest)
{
    char path[HD_DISPLAY_SIZE];

    hd_display_path(store->label, guest->name, path);
    add_text(o, "display",
             v->displays && guest->domid >= 0 && !access(path, F_OK) ? path
                                                                     : NULL);
}

struct json_object *hd_view_agent(const struct hd_guest_life *guest)
{
    const struct hd_agent_report *r = &guest->agent.report;
    struct json_object *o, *addresses;

    if (!hd_store_guest_lives(guest))
        return NULL;
    o = json_object_new_object();
    addresses = json_object_new_array();
    add_text(o, "state", hd_agent_state_name(guest->agent.state));
    add_text(o, "os", r->os);
    add_text(o, "version", r->version);
    for (uint32_t i = 0; i < r->n_addresses; i++)
        json_object_array_add(addresses,
                              json_object_new_string(r->addresses[i]));
    add(o, "addresses", addresses);
    add_text(o, "message", r->why);
    return o;
}

/* Of a brief one what a line of a list shows, and no object within another: of
 * 48 guests each costs a client a table. */
static struct json_object *view_guest(const struct view *v,
                                      const struct hd_store *store,
                                      const struct hd_guest_life *guest)
{
    struct json_object *o = json_object_new_object();

    add_text(o, "guest", guest->name);
    add_any(o, v, "domid",
            guest->domid < 0 ? NULL : json_object_new_int64(guest->domid));
    add_state(o, v, guest->state, guest->since_ms, &guest->why);
    add(o, "memory", json_object_new_int64((int64_t)guest->memory));
    add(o, "vcpus", json_object_new_int64((int64_t)guest->vcpus));
    if (!v->brief) {
        add_display(o, v, store, guest);
        add(o, "agent", hd_view_agent(guest));
    } else if (hd_store_guest_lives(guest)) {
        add_text(o, "agent", hd_agent_state_name(guest->agent.state));
    }
    return o;
}

/* Seconds until the next password may be tried; null: now, or it is not
 * locked.  That no password is looked at is said by Unlock. */
static struct json_object *next_try(const struct hd_store *store)
{
    uint64_t ms;

    if (store->state != HD_STATE_LOCKED ||
        hd_tries_wait(HD_TRIES_DIR, &store->id, &ms, NULL) || !ms)
        return NULL;
    return json_object_new_int64((int64_t)((ms + 999) / 1000));
}

static struct json_object *view_store(const struct view *v,
                                      const struct hd_store *store)
{
    struct json_object *o = json_object_new_object();
    struct json_object *guests = json_object_new_array();
    char id[HD_UUID_SIZE];

    hd_uuid_format(&store->id, id);
    add_text(o, "store", store->label);
    add_text(o, "id", hd_uuid_is_zero(&store->id) ? NULL : id);
    add_text(o, "device", store->device.name);
    if (!v->brief)
        add_text(o, "signer", store->signer);
    add_state(o, v, store->state, store->since_ms, &store->why);
    add_any(o, v, "next_try_s", next_try(store));
    if (!v->brief)
        add(o, "bad_blocks", json_object_new_int64((int64_t)store->n_bad));
    if (store->state != HD_STATE_REFUSED)
        for (size_t i = 0; i < store->n_guests; i++)
            if (store->guests[i].state != HD_STATE_GONE)
                json_object_array_add(guests,
                                      view_guest(v, store, &store->guests[i]));
    add(o, "guests", guests);
    return o;
}

struct json_object *hd_view_store(const struct hd_store *store)
{
    struct view v = view_now(false);

    return view_store(&v, store);
}

struct json_object *hd_view_stores(const struct hd_stores *stores, bool brief)
{
    struct json_object *list = json_object_new_array();
    struct view v = view_now(brief);

    for (const struct hd_store *s = stores->first; s; s = s->next)
        json_object_array_add(list, view_store(&v, s));
    return list;
}

struct json_object *hd_view_users(const struct hd_store *store)
{
    struct json_object *o = json_object_new_object();
    struct json_object *users = json_object_new_array();
    bool recovery = false;

    for (size_t i = 0; i < hd_user_count(store->answer); i++) {
        const char *name = hd_user_name(store->answer, i);

        if (hd_user_is_recovery(store->answer, i))
            recovery = true;
        else
            json_object_array_add(users, json_object_new_string(name));
    }
    add_text(o, "store", hd_store_title(store));
    add(o, "users", users);
    add(o, "recovery", json_object_new_boolean(recovery));
    add(o, "encrypted",
        json_object_new_boolean(hd_user_encrypted(store->answer)));
    return o;
}

static void add_time(struct json_object *o, uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    char day[32], text[48];
    struct tm tm;

    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    snprintf(text, sizeof(text), "%s.%03uZ", day, (unsigned)(ms % 1000));
    add_text(o, "time", text);
}

/* Those that took a millisecond; NULL when there are none. */
static struct json_object *view_phases(const struct hd_phases *phases)
{
    struct json_object *list = NULL;

    for (uint32_t i = 0; i < HD_STEP_KINDS; i++) {
        struct json_object *o;

        if (!phases->ms[i])
            continue;
        o = json_object_new_object();
        add_text(o, "step", hd_step_kind_name(i));
        add_seconds(o, "seconds", phases->ms[i]);
        if (!list)
            list = json_object_new_array();
        json_object_array_add(list, o);
    }
    return list;
}

struct json_object *hd_view_event(const struct hd_event *event)
{
    struct json_object *o = json_object_new_object();

    add_time(o, event->time_ms);
    add_text(o, "store", event->store);
    add_text(o, "guest", event->guest);
    add_text(o, "from", hd_event_from(event));
    add_text(o, "to", *event->store ? hd_state_name(event->to) : NULL);
    add_text(o, "reason", event->reason);
    add_text(o, "message", event->message);
    add_seconds(o, "seconds", event->lasted_ms);
    add(o, "phases", view_phases(&event->phases));
    return o;
}
