/* SPDX-License-Identifier: MIT */
/* The methods of io.hotdom: a table and what each does; nothing blocks. */
#include "method.h"

#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/base/version.h"
#include "../daemon/daemon.h"
#include "../daemon/explain.h"
#include "../daemon/life.h"
#include "../host/ejected.h"
#include "../host/loop.h"
#include "../store/auth.h"
#include "../watch/agents.h"
#include "method_hot.h"
#include "method_order.h"
#include "method_registry.h"
#include "method_table.h"
#include "metrics.h"
#include "view.h"
#include "wire.h"

#define TEXT_MAX 256 /* bytes of a name or path in a request */

static void reply_with(struct hd_conn *conn, const char *key,
                       struct json_object *value)
{
    struct json_object *parameters = json_object_new_object();

    if (key)
        json_object_object_add(parameters, key, value);
    hd_conn_reply(conn, hd_reply_ok(parameters, false), true);
}

static int do_list(struct hd_daemon *d, struct hd_conn *conn,
                   const struct hd_request *req, struct hd_err *err)
{
    bool brief;

    if (hd_request_bool(req, "brief", &brief, err))
        return -1;
    hd_order_look(d);
    hd_agents_ask(d->agents);
    reply_with(conn, "stores", hd_view_stores(&d->stores, brief));
    return 0;
}

/* The store that the request means, with nobody else waiting for it. */
static int find_store(struct hd_daemon *d, const struct hd_request *req,
                      enum hd_state only, struct hd_store **ret,
                      struct hd_err *err)
{
    const char *name;

    if (hd_request_string(req, "store", TEXT_MAX, &name, err) ||
        hd_stores_find(&d->stores, name, only, ret, err))
        return -1;
    if ((*ret)->waiter)
        return hd_fail(err, HD_E_BUSY, "%s is %s for another request",
                       hd_store_title(*ret), hd_state_name((*ret)->state));
    return 0;
}

/* NULL when it is absent. */
static int take_password(const struct hd_request *req, const char *key,
                         struct hd_secret **ret, struct hd_err *err)
{
    const char *text;
    struct hd_secret *secret;

    *ret = NULL;
    if (hd_request_string(req, key, HD_PASSWORD_MAX, &text, err))
        return -1;
    if (!text)
        return 0;
    if (!*text)
        return hd_fail(err, HD_E_USAGE, "the password is empty");
    secret = hd_secret_new(HD_PASSWORD_MAX);
    if (!secret)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for the password");
    secret->len = strlen(text);
    memcpy(secret->data, text, secret->len);
    *ret = secret;
    return 0;
}

static int do_unlock(struct hd_daemon *d, struct hd_conn *conn,
                     const struct hd_request *req, struct hd_err *err)
{
    hd_auto(hd_secret) password = NULL;
    struct hd_store *store;
    const char *user;

    if (find_store(d, req, HD_STATE_LOCKED, &store, err) ||
        hd_request_string(req, "user", TEXT_MAX, &user, err) ||
        take_password(req, "password", &password, err))
        return -1;
    if (!password)
        return hd_fail(err, HD_E_USAGE, "Unlock needs a password");
    store->waiter = conn;
    if (hd_start_unlock(store, user, password, err)) {
        store->waiter = NULL;
        return -1;
    }
    return 0;
}

static const char *const actions[] = {
    [HD_KEYS_CHANGE] = "change",
    [HD_KEYS_ADD] = "add",
    [HD_KEYS_REMOVE] = "remove",
};

static int take_action(const struct hd_request *req, enum hd_keys_action *ret,
                       struct hd_err *err)
{
    const char *text;

    if (hd_request_string(req, "action", TEXT_MAX, &text, err))
        return -1;
    for (size_t i = 0; text && i < HD_ARRAY_LEN(actions); i++)
        if (!strcmp(actions[i], text)) {
            *ret = (enum hd_keys_action)i;
            return 0;
        }
    return hd_fail(err, HD_E_USAGE, "action is change, add or remove");
}

static int do_keys(struct hd_daemon *d, struct hd_conn *conn,
                   const struct hd_request *req, struct hd_err *err)
{
    hd_auto(hd_secret) password = NULL;
    hd_auto(hd_secret) new_password = NULL;
    struct hd_keys_request keys = {0};
    struct hd_store *store;

    if (find_store(d, req, HD_STATE_LOCKED, &store, err) ||
        take_action(req, &keys.action, err) ||
        hd_request_string(req, "user", TEXT_MAX, &keys.user, err) ||
        hd_request_string(req, "as", TEXT_MAX, &keys.as, err) ||
        take_password(req, "password", &password, err) ||
        take_password(req, "new_password", &new_password, err))
        return -1;
    if (!password)
        return hd_fail(err, HD_E_USAGE, "Keys needs a password");
    if (!new_password != (keys.action == HD_KEYS_REMOVE))
        return hd_fail(err, HD_E_USAGE,
                       "new_password belongs to change and add");
    keys.password = password;
    keys.new_password = new_password;
    store->waiter = conn;
    if (hd_keys_change(store, &keys, err)) {
        store->waiter = NULL;
        return -1;
    }
    return 0;
}

static int do_users(struct hd_daemon *d, struct hd_conn *conn,
                    const struct hd_request *req, struct hd_err *err)
{
    struct hd_store *store;
    const char *name;

    if (hd_request_string(req, "store", TEXT_MAX, &name, err) ||
        hd_stores_find(&d->stores, name, HD_STATE_LOCKED, &store, err))
        return -1;
    if (!store->answer || store->answer->err.code)
        return hd_fail(err, HD_E_BUSY, "%s is %s; its users are not known",
                       hd_store_title(store), hd_state_name(store->state));
    hd_conn_reply(conn, hd_reply_ok(hd_view_users(store), false), true);
    return 0;
}

static int do_explain(struct hd_daemon *d, struct hd_conn *conn,
                      const struct hd_request *req, struct hd_err *err)
{
    struct json_object *found;
    const char *name;

    if (hd_request_string(req, "guest", TEXT_MAX, &name, err))
        return -1;
    if (!name)
        return hd_fail(err, HD_E_USAGE, "Explain needs a guest");
    if (hd_explain_guest(&d->stores, name, &found, err))
        return -1;
    hd_conn_reply(conn, hd_reply_ok(found, false), true);
    return 0;
}

/* What has answered already waits no longer. */
static void do_not_wait(struct hd_daemon *d, const struct hd_conn *conn)
{
    for (struct hd_store *s = d->stores.first; s; s = s->next)
        if (s->waiter == conn)
            hd_control_finish(&s->waiter, NULL, s);
}

static int do_eject(struct hd_daemon *d, struct hd_conn *conn,
                    const struct hd_request *req, struct hd_err *err)
{
    struct hd_store *store;
    bool begin;

    if (find_store(d, req, HD_STATE_RUNNING, &store, err) ||
        hd_request_bool(req, "begin", &begin, err))
        return -1;
    store->waiter = conn;
    if (hd_teardown_request(store, err)) {
        store->waiter = NULL;
        return -1;
    }
    if (begin)
        do_not_wait(d, conn);
    return 0;
}

static int do_attach(struct hd_daemon *d, struct hd_conn *conn,
                     const struct hd_request *req, struct hd_err *err)
{
    const struct hd_device *disk;
    struct hd_store *store;
    const char *name;

    if (hd_request_string(req, "device", TEXT_MAX, &name, err))
        return -1;
    if (!name)
        return hd_fail(err, HD_E_USAGE, "Attach needs a device");
    name += strncmp(name, "/dev/", 5) ? 0 : 5;
    /* Of a file that was made a disk just now. */
    if (hd_loop_is_ours(name))
        hd_monitor_take(d->monitor, name);
    disk = hd_monitor_find(d->monitor, name);
    if (!disk)
        return hd_fail(err, HD_E_NO_STORE,
                       "no pluggable disk is called \"%.64s\"", name);
    store = hd_stores_by_diskseq(&d->stores, disk->diskseq);
    /* One that is ejected just now goes on to its end. */
    if (!store || store->state == HD_STATE_SEEN ||
        store->state == HD_STATE_REFUSED)
        hd_ejected_forget(HD_EJECTED_DIR, disk->diskseq);
    if (store && store->state == HD_STATE_REFUSED)
        hd_life_read(store);
    else if (!store)
        hd_life_appeared(d, disk);
    store = hd_stores_by_diskseq(&d->stores, disk->diskseq);
    if (!store)
        return hd_fail(err, HD_E_FAILED, "no memory to look at %s", name);
    if (store->state == HD_STATE_SEEN && !store->waiter)
        store->waiter = conn;
    else if (store->state == HD_STATE_REFUSED) {
        *err = store->why;
        return -1;
    } else
        reply_with(conn, "store", hd_view_store(store));
    return 0;
}

static int do_trust_reset(struct hd_daemon *d, struct hd_conn *conn,
                          const struct hd_request *req, struct hd_err *err)
{
    struct hd_store *store;

    if (find_store(d, req, HD_STATE_REFUSED, &store, err))
        return -1;
    store->waiter = conn;
    if (hd_life_forget(store, err)) {
        store->waiter = NULL;
        return -1;
    }
    return 0;
}

static int do_rescan(struct hd_daemon *d, struct hd_conn *conn,
                     const struct hd_request *req, struct hd_err *err)
{
    (void)req;
    (void)err;
    for (struct hd_store *s = d->stores.first; s; s = s->next)
        if (s->state == HD_STATE_REFUSED &&
            s->why.code == HD_E_UNTRUSTED_SIGNER)
            hd_life_read(s);
    reply_with(conn, NULL, NULL);
    return 0;
}

static int do_events(struct hd_daemon *d, struct hd_conn *conn,
                     const struct hd_request *req, struct hd_err *err)
{
    uint64_t since_ms;
    bool follow;

    (void)d;
    if (hd_request_bool(req, "follow", &follow, err) ||
        hd_request_number(req, "since", &since_ms, err))
        return -1;
    if (!req->more)
        return hd_fail(err, HD_E_USAGE, "call Events with \"more\": true");
    hd_control_tell(conn, since_ms, follow);
    return 0;
}

static int do_metrics(struct hd_daemon *d, struct hd_conn *conn,
                      const struct hd_request *req, struct hd_err *err)
{
    (void)req;
    (void)err;
    hd_conn_reply(conn, hd_reply_ok(hd_metrics_view(d), false), true);
    return 0;
}

static int do_version(struct hd_daemon *d, struct hd_conn *conn,
                      const struct hd_request *req, struct hd_err *err)
{
    struct json_object *parameters = json_object_new_object();

    (void)d;
    (void)req;
    (void)err;
    json_object_object_add(parameters, "version", json_object_new_int(1));
    json_object_object_add(parameters, "program",
                           json_object_new_string(HD_VERSION));
    hd_conn_reply(conn, hd_reply_ok(parameters, false), true);
    return 0;
}

/* STYLE T1; hotdomd.8 has the same list. */
static const struct method {
    const char *name;
    bool changes; /* or tells secrets: needs root or the group */
    const char *parameters[7];
    hd_method_fn *run;
} methods[] = {
    {"List", false, {"brief"}, do_list},
    {"Events", false, {"follow", "since"}, do_events},
    {"Metrics", false, {NULL}, do_metrics},
    {"GetVersion", false, {NULL}, do_version},
    {"Unlock", true, {"store", "user", "password"}, do_unlock},
    {"Keys",
     true,
     {"store", "action", "user", "as", "password", "new_password"},
     do_keys},
    {"Users", true, {"store"}, do_users},
    {"Explain", true, {"guest"}, do_explain},
    {"Eject", true, {"store", "begin"}, do_eject},
    {"Attach", true, {"device"}, do_attach},
    {"BlockAttach",
     true,
     {"guest", "source", "as", "read_only"},
     hd_method_block_attach},
    {"BlockDetach", true, {"guest", "disk", "force"}, hd_method_block_detach},
    {"NetworkAttach", true, {"guest", "role", "as"}, hd_method_network_attach},
    {"NetworkDetach",
     true,
     {"guest", "nic", "force"},
     hd_method_network_detach},
    {"Table", true, {"guest"}, hd_method_table},
    {"TableWhich", true, {"guest", "path"}, hd_method_table_which},
    {"TableAdd", true, {"guest", "path", "side"}, hd_method_table_add},
    {"TableRemove", true, {"guest", "path"}, hd_method_table_remove},
    {"TableLog", true, {"guest"}, hd_method_table_log},
    {"Registry",
     true,
     {"guest", "op", "key", "from", "since", "entries"},
     hd_method_registry},
    {"Pause", true, {"guest"}, hd_method_pause},
    {"Unpause", true, {"guest"}, hd_method_unpause},
    {"Shutdown", true, {"guest"}, hd_method_shutdown},
    {"Reboot", true, {"guest"}, hd_method_reboot},
    {"Destroy", true, {"guest"}, hd_method_destroy},
    {"Rescan", true, {NULL}, do_rescan},
    {"TrustReset", true, {"store"}, do_trust_reset},
};

static const struct method *find(const char *name)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(methods); i++)
        if (!strcmp(methods[i].name, name))
            return &methods[i];
    return NULL;
}

bool hd_method_changes(const char *name)
{
    const struct method *method = find(name);

    return method && method->changes;
}

static int perform(struct hd_daemon *d, struct hd_conn *conn,
                   const struct hd_request *req, struct hd_err *err)
{
    const struct method *method = find(req->method);

    if (!method)
        return hd_fail(err, HD_E_USAGE, "there is no method \"%.64s\"",
                       req->method);
    if (method->changes && !conn->privileged)
        return hd_fail(err, HD_E_DENIED,
                       "%s needs root or membership in the group "
                       "\"" HD_CONTROL_GROUP "\"",
                       method->name);
    if (method->changes && d->stopping)
        return hd_fail(err, HD_E_NO_DAEMON, "hotdomd is being stopped");
    if (hd_request_only(req, method->parameters, err))
        return -1;
    return method->run(d, conn, req, err);
}

void hd_method_call(struct hd_daemon *daemon, struct hd_conn *conn,
                    const char *text)
{
    struct hd_request req = {0};
    struct hd_err err = {0};

    if (hd_request_parse(text, &req, &err) == 0) {
        conn->more = req.more;
        if (perform(daemon, conn, &req, &err) == 0) {
            hd_request_fini(&req);
            return;
        }
        hd_request_fini(&req);
    }
    hd_conn_reply(conn, hd_reply_error(&err), true);
}
