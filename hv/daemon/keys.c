/* SPDX-License-Identifier: MIT */
/* A change of a store's users: asked for, done by a job, and then the header
 * is read anew; never blocks, and never ends a guest. */
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../store/text.h"
#include "../volume/recovery.h"
#include "ask.h"
#include "life.h"
#include "read.h"
#include "user.h"

bool hd_keys_busy(const struct hd_store *store)
{
    return store->reader || (store->task && store->op == HD_JOB_KEYS);
}

/* ---- asked for */

static int check_state(const struct hd_store *store, struct hd_err *err)
{
    const char *title = hd_store_title(store);

    if (store->state == HD_STATE_REFUSED || store->state == HD_STATE_FAILED) {
        *err = store->why;
        return hd_wrap(err, "%s is %s", title, hd_state_name(store->state));
    }
    if ((store->state != HD_STATE_LOCKED && store->state != HD_STATE_RUNNING) ||
        store->task || store->reader || store->retrying)
        return hd_fail(err, HD_E_BUSY,
                       "%s is busy; try again when that is "
                       "over",
                       title);
    if (store->stale)
        return hd_fail(err, HD_E_BUSY,
                       "%s could not be read since its users were changed; "
                       "eject it and plug it in again",
                       title);
    if (!hd_user_encrypted(store->answer))
        return hd_fail(err, HD_E_FAILED, HD_LUKS_NO_KEYSLOTS);
    return 0;
}

static int check_names(const struct hd_keys_request *r, struct hd_err *err)
{
    size_t len = r->user ? strlen(r->user) : 0;

    if (!r->user && r->action != HD_KEYS_CHANGE)
        return hd_fail(err, HD_E_USAGE, "say which user");
    if (r->user && (len >= HD_NAME_SIZE || !hd_text_is_name(r->user, len)))
        return hd_fail(err, HD_E_USAGE,
                       "a user's name has a-z, 0-9 and . _ - behind the first "
                       "letter, and at most %d of them",
                       HD_NAME_SIZE - 1);
    if (r->action != HD_KEYS_REMOVE && r->new_password && r->user &&
        !strcmp(r->user, HD_LUKS_RECOVERY_USER) &&
        !hd_recovery_is_key(r->new_password))
        return hd_fail(err, HD_E_USAGE,
                       "user " HD_LUKS_RECOVERY_USER " has a recovery key, no "
                       "password; `hotdom user add` makes one");
    return 0;
}

/* What becomes `user`'s password. */
static int new_secret(const char *user, const struct hd_secret *typed,
                      struct hd_secret **ret, struct hd_err *err)
{
    const struct hd_user_choice as = {.name = user, .ask = HD_ASK_KEYSLOT};

    if (!typed)
        return hd_fail(err, HD_E_USAGE, "there is no new password");
    return hd_user_secret(&as, typed, ret, err);
}

static void describe(const struct hd_store *store,
                     const struct hd_keys_request *r,
                     const struct hd_user_choice *who,
                     struct hd_job_request *ret)
{
    const struct hd_answer *a = store->answer;
    int v = hd_manifest_luks(&a->manifest, -1);
    /* Whose password opens nothing changes nothing. */
    const char *acting = who->name ? who->name : "nobody";

    ret->op = HD_JOB_KEYS;
    strcpy(ret->head.devname, store->device.name);
    ret->head.diskseq = store->device.diskseq;
    ret->ask = who->ask;
    ret->keyslot = who->keyslot;
    ret->keys.action = r->action;
    snprintf(ret->keys.user, sizeof(ret->keys.user), "%s",
             r->user ? r->user : acting);
    ret->keys.start = a->extents[v].start;
    ret->keys.luks = a->manifest.volumes[v].luks;
    ret->keys.cost =
        (struct hd_luks_cost){a->luks.memory_kib, a->luks.time, a->luks.lanes};
}

int hd_keys_change(struct hd_store *store, const struct hd_keys_request *r,
                   struct hd_err *err)
{
    const char *as = r->as                         ? r->as
                     : r->action == HD_KEYS_CHANGE ? r->user
                                                   : NULL;
    struct hd_job_request request = {0};
    hd_auto(hd_secret) old = NULL;
    hd_auto(hd_secret) new = NULL;
    struct hd_user_choice who;

    if (check_state(store, err) || check_names(r, err) ||
        hd_user_choose(store->answer, as, &who, err) ||
        hd_user_secret(&who, r->password, &old, err))
        return -1;
    describe(store, r, &who, &request);
    if (r->action != HD_KEYS_REMOVE &&
        new_secret(request.keys.user, r->new_password, &new, err))
        return -1;
    if (hd_report_start_task(store, &request, NULL, old, new, err))
        return -1;
    store->change = request.keys;
    return 0;
}

/* ---- done, and read anew */

static const struct {
    const char *reason, *what;
} done[] = {
    [HD_KEYS_CHANGE] = {"password-changed", "has a new password"},
    [HD_KEYS_ADD] = {"user-added", "was added"},
    [HD_KEYS_REMOVE] = {"user-removed", "was removed"},
};

static void tell(struct hd_store *store)
{
    const struct hd_luks_change *c = &store->change;
    char text[128];

    if (store->changed.code) {
        hd_life_note(store, NULL, hd_err_reason(store->changed.code),
                     store->changed.msg);
        hd_control_finish(&store->waiter, &store->changed, NULL);
        return;
    }
    snprintf(text, sizeof(text), "user %s %s", c->user, done[c->action].what);
    hd_log(HD_LOG_INFO, "%s: %s", store->label, text);
    hd_life_note(store, NULL, done[c->action].reason, text);
    hd_control_finish(&store->waiter, NULL, store);
}

/* The medium is not what it was: never goes on with the old copies, for they
 * would bring back who was removed. */
static void lose(struct hd_store *store, const struct hd_err *why)
{
    struct hd_err err = *why;

    hd_wrap(&err, "%s after a change of its users", store->label);
    if (store->state == HD_STATE_LOCKED) {
        hd_life_refuse(store, &err);
        return;
    }
    hd_log(HD_LOG_WARNING, "%s", err.msg);
    hd_life_note(store, NULL, hd_err_reason(err.code), err.msg);
    hd_control_finish(&store->waiter, &err, NULL);
    hd_life_look(store);
}

static int check_same(const struct hd_answer *old, const struct hd_answer *new,
                      struct hd_err *err)
{
    if (!hd_uuid_equal(&old->manifest.store.id, &new->manifest.store.id) ||
        old->manifest.store.generation != new->manifest.store.generation ||
        memcmp(old->digest, new->digest, sizeof(old->digest)))
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the medium holds another manifest now");
    return 0;
}

static void on_fresh(void *ctx, struct hd_answer *answer, const int *fds,
                     size_t n, const struct hd_err *why)
{
    struct hd_store *store = ctx;
    struct hd_err err = {0};

    store->reader = NULL;
    if (answer && answer->err.code)
        why = &answer->err;
    if (why->code)
        err = *why;
    else
        (void)check_same(store->answer, answer, &err);
    if (err.code) {
        for (size_t i = 0; i < n; i++)
            close(fds[i]);
        free(answer);
        lose(store, &err);
        return;
    }
    hd_store_take(store, answer, fds, n);
    /* Of a locked one others may have to be asked now. */
    if (store->question) {
        hd_ask_end(store);
        hd_ask_look(store, NULL);
    }
    tell(store);
    hd_life_look(store);
}

void hd_keys_ended(struct hd_store *store, const struct hd_err *outcome)
{
    struct hd_err err = {0};

    store->changed = *outcome;
    if (!store->present && store->state == HD_STATE_LOCKED &&
        !store->ahead.plan) {
        hd_life_drop(store, "device-gone");
        return;
    }
    if (!store->present) {
        hd_teardown_yank(store, NULL, HD_AFTER_DROP);
        return;
    }
    if (outcome->code == HD_E_WRONG_PASSWORD ||
        outcome->code == HD_E_THROTTLED || store->daemon->stopping) {
        tell(store);
        hd_life_look(store);
        return;
    }
    /* A job that failed may have written, too. */
    store->stale = true;
    if (hd_read_start(store->daemon, &store->device, on_fresh, store,
                      &store->reader, &err))
        lose(store, &err);
}
