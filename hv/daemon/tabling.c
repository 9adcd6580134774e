/* SPDX-License-Identifier: MIT */
/* Changes the tables of guests that run: the plan first, then the process that
 * serves; the loop waits for neither. */
#include "tabling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../control/wire.h"
#include "../run/files.h"
#include "../store/registry_keys.h"
#include "life.h"
#include "shown.h"

/* As the plan has them or is to have them. */
struct texts {
    char tables[HD_VIEW_TEXT], shown[HD_SHOWN_TEXT];
};

struct change {
    uv_work_t work;
    struct hd_daemon *daemon;
    struct hd_conn *conn; /* NULL: nobody waits for it */
    struct hd_uuid id;
    char guest[HD_NAME_SIZE];
    uint32_t domid;
    bool judged; /* by the policy: nobody asked for it */
    char path[HD_TABLES_PATH];
    char text[HD_TABLES_PATH + 80]; /* what is told of it; empty: nothing */
    char name[HD_DOMAIN_NAME_SIZE]; /* of the process */
    struct texts before, after;
    bool served; /* after, or will be; an outcome that is bad is the agent's */
    struct hd_err outcome;
};

/* In a thread; `change` is its own until it is done. */
static void on_work(uv_work_t *work)
{
    struct change *c = work->data;
    const struct hd_plan_view v = {c->name, c->after.tables, c->after.shown};
    struct hd_err err;

    c->served =
        !hd_files_change(&v, &c->outcome) || c->outcome.code == HD_E_TIMEOUT;
    if (c->served && hd_files_tell(&v, c->domid, &err))
        hd_fail(&c->outcome, HD_E_FAILED,
                "%s%sthe agent of %s was not told; the next change of its "
                "tables tells it, or `hotdom reboot %s`: %s",
                c->text, *c->text ? ", but " : "", c->name, c->name, err.msg);
}

static struct hd_store *store_of(const struct change *c)
{
    for (struct hd_store *s = c->daemon->stores.first; s; s = s->next)
        if (hd_store_accepted(s) && hd_uuid_equal(&s->id, &c->id))
            return s;
    return NULL;
}

static int write_down(struct hd_store *store, const char *guest,
                      const struct texts *as, struct hd_err *err)
{
    struct hd_plan *plan =
        hd_plan_with_view(store->plan, guest, as->tables, as->shown);

    if (!plan)
        return hd_fail_errno(err, HD_E_FAILED, "write down the tables");
    free(store->plan);
    store->plan = plan;
    hd_restart_save(store);
    return 0;
}

static bool differs(const struct change *c)
{
    return strcmp(c->before.tables, c->after.tables) ||
           strcmp(c->before.shown, c->after.shown);
}

/* The process keeps what it has, and so does the plan. */
static void put_back(struct hd_store *store, const struct change *c)
{
    struct hd_plan_view v;

    if (hd_plan_find_view(store->plan, c->guest, &v) &&
        !strcmp(v.tables, c->after.tables))
        (void)write_down(store, c->guest, &c->before, NULL);
}

static struct json_object *reply_of(const struct hd_store *store,
                                    const struct change *c)
{
    const char *const all[][2] = {{"store", store->label},
                                  {"guest", c->guest},
                                  {"path", c->path},
                                  {"message", c->text}};
    struct json_object *o = json_object_new_object();

    for (size_t i = 0; i < HD_ARRAY_LEN(all); i++)
        json_object_object_add(o, all[i][0], json_object_new_string(all[i][1]));
    return o;
}

static void tell(struct hd_store *store, const struct hd_guest_life *guest,
                 struct change *c)
{
    if (!*c->text)
        return;
    hd_log(HD_LOG_INFO, "%s.%s: %s", store->label, c->guest, c->text);
    hd_life_note(store, guest, "table", c->text);
    if (c->conn && !c->outcome.code)
        hd_conn_reply(c->conn, hd_reply_ok(reply_of(store, c), false), true);
}

/* What may not be shown is, until it is tried again.  A guest that has started
 * again meanwhile has what the plan says. */
static void give_up(struct hd_store *store, const struct hd_guest_life *guest,
                    struct change *c)
{
    if (!hd_store_guest_lives(guest) || guest->domid != c->domid)
        return;
    put_back(store, c);
    if (!c->judged || !*c->text)
        return;
    hd_wrap(&c->outcome,
            "%s, which the policy does not show, is not taken from the guest; "
            "reload hotdomd again, or `hotdom reboot %s`",
            c->path, c->name);
    hd_life_note(store, guest, "table", c->outcome.msg);
}

/* Of one that starts again, or has: its process may have had this behind what
 * the plan said by then, which the policy may have narrowed. */
static bool is_stray(const struct change *c, const struct hd_guest_life *guest)
{
    return !hd_store_guest_lives(guest) || guest->domid != c->domid;
}

static void on_done(uv_work_t *work, int status)
{
    struct change *c = work->data;
    struct hd_store *store = store_of(c);
    struct hd_guest_life *guest =
        store ? hd_store_guest(store, c->guest) : NULL;

    if (status)
        hd_fail(&c->outcome, HD_E_FAILED, "%s", uv_strerror(status));
    if (guest) {
        guest->tabling = false;
        if (c->served)
            guest->strayed = is_stray(c, guest);
        (c->served ? tell : give_up)(store, guest, c);
        /* Meanwhile the policy may have been read anew. */
        if (c->served || !c->judged)
            hd_tabling_judge(store, guest);
    }
    if (c->outcome.code)
        hd_log(HD_LOG_WARNING, "%s: %s", c->name, c->outcome.msg);
    if (c->conn) {
        if (!c->outcome.code)
            hd_fail(&c->outcome, HD_E_NO_GUEST, "guest %s has ended", c->guest);
        hd_conn_reply(c->conn, hd_reply_error(&c->outcome), true);
    }
    free(c);
}

/* The plan has `what->after` from now on. */
static int begin(struct hd_store *store, struct hd_guest_life *guest,
                 const struct change *what, struct hd_conn *conn,
                 struct hd_err *err)
{
    hd_autofree struct change *c = malloc(sizeof(*c));
    int rc;

    if (!c)
        return hd_fail_errno(err, HD_E_FAILED, "change the tables");
    *c = *what;
    c->work.data = c;
    c->daemon = store->daemon;
    c->id = store->id;
    c->domid = (uint32_t)guest->domid;
    if (differs(c) && write_down(store, c->guest, &c->after, err))
        return -1;
    rc = uv_queue_work(store->daemon->loop, &c->work, on_work, on_done);
    if (rc) {
        put_back(store, c);
        return hd_fail(err, HD_E_FAILED, "change the tables: %s",
                       uv_strerror(rc));
    }
    guest->tabling = true;
    if (conn)
        hd_conn_hold(conn, &c->conn);
    (void)hd_steal(&c);
    return 0;
}

/* All as it is. */
static void take(struct change *c, const struct hd_guest_life *guest,
                 const struct hd_plan_view *v)
{
    *c = (struct change){0};
    strcpy(c->guest, guest->name);
    snprintf(c->name, sizeof(c->name), "%s", v->name);
    snprintf(c->before.tables, sizeof(c->before.tables), "%s", v->tables);
    snprintf(c->before.shown, sizeof(c->before.shown), "%s", v->shown);
    c->after = c->before;
}

static int find_idle(struct hd_store *store, const struct hd_guest_life *guest,
                     struct change *change, struct hd_err *err)
{
    const struct hd_policy *policy;
    struct hd_plan_view v;

    if (hd_order_check_idle(store, guest, err) ||
        hd_shown_find(store, guest, &v, err))
        return -1;
    if (guest->tabling)
        return hd_fail(err, HD_E_BUSY,
                       "the tables of %s are being changed; try again",
                       guest->name);
    take(change, guest, &v);
    /* Without one, what may be taken away still may. */
    policy = hd_rules_policy(&store->daemon->rules, NULL);
    if (policy)
        hd_policy_shown(policy, change->after.shown);
    return 0;
}

static int check_policy(const struct hd_store *store,
                        const struct hd_view_entry *entry, struct hd_err *err)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, err);

    if (!policy)
        return -1;
    if (entry->side == HD_SIDE_GUEST || hd_policy_shows(policy, entry->path))
        return 0;
    return hd_fail(err, HD_E_DENIED,
                   "%s is outside the host_paths of the policy; name it there, "
                   "in /etc/hotdom/hotdom.yaml, and reload hotdomd",
                   entry->path);
}

/* What is bound to a key must stay the guest's: nothing is renamed onto a
 * mount. */
static int check_binds(const struct hd_store *store, const struct change *c,
                       const char *path, struct hd_err *err)
{
    const struct hd_manifest *m = &store->answer->manifest;
    int g = hd_manifest_guest(m, c->guest);

    if (g < 0 ||
        !hd_registry_keys_check_tables(&m->guests[g], c->after.tables, NULL))
        return 0;
    return hd_fail(err, HD_E_DENIED,
                   "with %s changed, a file that a key of guest %s is bound to "
                   "would be the host's; see `bind` in its manifest",
                   path, c->guest);
}

static int check_agent(const struct change *c, struct hd_err *err)
{
    struct hd_err why;

    return hd_host_view_check(c->after.tables, &why)
               ? hd_fail(err, HD_E_DENIED, "%s", why.msg)
               : 0;
}

int hd_tabling_add(struct hd_store *store, struct hd_guest_life *guest,
                   const struct hd_view_entry *entry, struct hd_conn *conn,
                   struct hd_err *err)
{
    struct change c;

    if (find_idle(store, guest, &c, err) ||
        hd_host_view_add(c.after.tables, entry, err) ||
        check_policy(store, entry, err) || check_agent(&c, err) ||
        check_binds(store, &c, entry->path, err))
        return -1;
    strcpy(c.path, entry->path);
    snprintf(c.text, sizeof(c.text), "%s is the %s's from now on", c.path,
             hd_side_name(entry->side));
    return begin(store, guest, &c, conn, err);
}

int hd_tabling_remove(struct hd_store *store, struct hd_guest_life *guest,
                      const char *path, struct hd_conn *conn,
                      struct hd_err *err)
{
    struct hd_view_entry entry;
    struct change c;

    if (find_idle(store, guest, &c, err))
        return -1;
    if (!hd_host_view_find(c.after.tables, path, &entry))
        return hd_fail(err, HD_E_FAILED,
                       "%.200s is in no table of %s; see `hotdom table %s "
                       "list`",
                       path, guest->name, guest->name);
    hd_host_view_remove(c.after.tables, path);
    if (check_agent(&c, err) || check_binds(store, &c, path, err))
        return -1;
    strcpy(c.path, entry.path);
    snprintf(c.text, sizeof(c.text), "%s is no entry any more", c.path);
    return begin(store, guest, &c, conn, err);
}

/* ---- the policy has the last word */

/* False: it shows all of that, and where its links lead as before. */
static bool narrow(const struct hd_policy *policy, struct change *c)
{
    uint32_t n = hd_policy_narrow(policy, c->after.tables, c->path);

    hd_policy_shown(policy, c->after.shown);
    if (n == 1)
        snprintf(c->text, sizeof(c->text),
                 "%s is no entry any more: the policy does not show it",
                 c->path);
    else if (n)
        snprintf(c->text, sizeof(c->text),
                 "%s and %u more are no entries any more: the policy does not "
                 "show them",
                 c->path, n - 1);
    return differs(c);
}

static void renew(struct hd_store *store, struct hd_guest_life *guest,
                  bool always)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, NULL);
    struct hd_plan_view v;
    struct hd_err err;
    struct change c;

    if (guest->tabling || !hd_store_guest_lives(guest) ||
        !hd_plan_find_view(store->plan, guest->name, &v))
        return;
    take(&c, guest, &v);
    c.judged = true;
    if (!(policy && narrow(policy, &c)) && !always && !guest->strayed)
        return;
    if (begin(store, guest, &c, NULL, &err))
        hd_log(HD_LOG_WARNING, "%s: %s", c.name, err.msg);
}

void hd_tabling_judge(struct hd_store *store, struct hd_guest_life *guest)
{
    renew(store, guest, false);
}

void hd_tabling_judge_all(struct hd_stores *stores)
{
    for (struct hd_store *s = stores->first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            hd_tabling_judge(s, &s->guests[i]);
}

void hd_tabling_adopt(struct hd_store *store)
{
    for (size_t i = 0; i < store->n_guests; i++)
        renew(store, &store->guests[i], true);
}

int hd_tabling_narrow(struct hd_store *store, const struct hd_guest_life *guest,
                      struct hd_err *err)
{
    const struct hd_policy *policy;
    struct hd_plan_view v;
    struct change c;

    if (!hd_plan_find_view(store->plan, guest->name, &v))
        return 0;
    policy = hd_rules_policy(&store->daemon->rules, err);
    if (!policy)
        return -1;
    take(&c, guest, &v);
    if (narrow(policy, &c) && write_down(store, guest->name, &c.after, err))
        return -1;
    tell(store, guest, &c);
    return 0;
}
