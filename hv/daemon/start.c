/* SPDX-License-Identifier: MIT */
/* The way from locked to running: plan, password, job; never blocks. */
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/inventory.h"
#include "../host/policy.h"
#include "explain.h"
#include "life.h"
#include "shares.h"
#include "user.h"

/* The settings of who unlocks it; an encrypted store's users are those of its
 * keyslots, and have some when the manifest knows the name. */
static const struct hd_user *settings_of(const struct hd_store *store,
                                         const struct hd_user_choice *who)
{
    const struct hd_manifest *m = &store->answer->manifest;
    int i = who && who->name ? hd_manifest_user(m, who->name) : -1;

    return i < 0 ? NULL : &m->users[i];
}

int hd_start_plan(const struct hd_store *store,
                  const struct hd_user_choice *who, struct hd_map **ret_map,
                  struct hd_plan **ret, struct hd_err *err)
{
    hd_autofree struct hd_inventory *inventory = malloc(sizeof(*inventory));
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, err);
    struct hd_commitments commitments;
    struct hd_map_input in = {
        .store = store->answer,
        .label = store->label,
        .user = settings_of(store, who),
        .inventory = inventory,
        .policy = policy,
        .commitments = &commitments,
    };

    if (!inventory)
        return hd_fail_errno(err, HD_E_FAILED, "scan the host");
    if (!policy ||
        hd_inventory_scan(hd_inventory_needed(&store->answer->manifest),
                          inventory, err))
        return -1;
    snprintf(in.device, sizeof(in.device), "%.31s", store->device.name);
    hd_stores_commitments(&store->daemon->stores, store, &commitments);
    if (hd_map_make(&in, ret_map, err))
        return -1;
    return hd_plan_make(store->answer, *ret_map, ret, err);
}

/* Refused ones stay in the list and say why; who is not wanted is as one that
 * has ended. */
static void take_over_guest(struct hd_store *store, const struct hd_map *map,
                            struct hd_guest_life *guest)
{
    const struct hd_map_guest *m = hd_map_guest(map, guest->name);

    guest->why = (struct hd_err){0};
    if (!m || m->left_out) {
        hd_life_set_guest(store, guest, HD_ON_LEAVE_OUT, NULL,
                          "the user's settings leave it out");
    } else if (m->why.code) {
        guest->why = m->why;
        hd_log(HD_LOG_WARNING, "%s.%s is refused: %s", store->label,
               guest->name, m->why.msg);
        hd_life_set_guest(store, guest, HD_ON_REFUSE,
                          hd_err_reason(m->why.code), m->why.msg);
    } else {
        hd_life_set_guest(store, guest, HD_ON_START, NULL, NULL);
    }
}

/* The plan says what each guest gets, the manifest only what it wants. */
static void take_over(struct hd_store *store, const struct hd_map *map,
                      const struct hd_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct hd_step *step = &plan->steps[i];
        struct hd_guest_life *guest = hd_store_guest(store, step->guest);

        if (step->kind != HD_STEP_BUILD_DOMAIN || !guest)
            continue;
        guest->memory = step->u.domain.memory;
        guest->vcpus = step->u.domain.vcpus;
    }
    store->why = (struct hd_err){0};
    hd_life_set(store, HD_ON_START, NULL, NULL);
    for (size_t i = 0; i < store->n_guests; i++)
        take_over_guest(store, map, &store->guests[i]);
}

/* More than there are processors would only get in each other's way. */
static uint64_t most_at_a_time(const struct hd_policy *policy)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (policy->limits.parallel)
        return policy->limits.parallel;
    return cpus > 0 ? (uint64_t)cpus : 1;
}

int hd_start_describe(struct hd_store *store, enum hd_job_op op,
                      struct hd_job_request *ret, struct hd_err *err)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, err);

    if (!policy)
        return -1;
    *ret = (struct hd_job_request){.op = op};
    store->parallel = hd_stores_parallel(&store->daemon->stores, store,
                                         most_at_a_time(policy));
    ret->parallel = store->parallel;
    ret->head.store = store->id;
    strcpy(ret->head.label, store->label);
    strcpy(ret->head.devname, store->device.name);
    ret->head.diskseq = store->device.diskseq;
    return 0;
}

/* `who` and `password` NULL: nobody is asked. */
static int begin(struct hd_store *store, const struct hd_plan *plan,
                 const struct hd_map *map, const struct hd_user_choice *who,
                 const struct hd_secret *password, struct hd_err *err)
{
    struct hd_job_request request;

    if (hd_start_describe(store, HD_JOB_START, &request, err))
        return -1;
    if (who) {
        request.ask = who->ask;
        request.keyslot = who->keyslot;
        request.auth = who->auth;
    }
    request.built = store->ahead.plan != NULL;
    request.crowd = hd_shares_crowd(store, plan);
    if (hd_report_start_task(store, &request, plan, password, NULL, err))
        return -1;
    uv_timer_stop(&store->retry);
    hd_explain_keep(store, map);
    hd_restart_keep(store, plan);
    take_over(store, map, plan);
    return 0;
}

/* Why a store that is not locked cannot be unlocked. */
static int not_locked(const struct hd_store *store, struct hd_err *err)
{
    if (store->state == HD_STATE_REFUSED || store->state == HD_STATE_FAILED) {
        *err = store->why;
        return hd_wrap(err, "%s is %s", hd_store_title(store),
                       hd_state_name(store->state));
    }
    return hd_fail(err, HD_E_BUSY, "%s is not locked, it is %s",
                   hd_store_title(store), hd_state_name(store->state));
}

int hd_start_unlock(struct hd_store *store, const char *user,
                    const struct hd_secret *password, struct hd_err *err)
{
    hd_autofree struct hd_plan *plan = NULL;
    hd_auto(hd_map) map = NULL;
    hd_auto(hd_secret) secret = NULL;
    struct hd_user_choice who;

    if (store->state != HD_STATE_LOCKED)
        return not_locked(store, err);
    if (hd_keys_busy(store))
        return hd_fail(err, HD_E_BUSY,
                       "the users of %s are being changed; try again when that "
                       "is done",
                       store->label);
    if (hd_ahead_busy(store))
        return hd_ahead_want(store, user, password, err);
    if (hd_user_choose(store->answer, user, &who, err) ||
        hd_user_secret(&who, password, &secret, err) ||
        hd_start_plan(store, &who, &map, &plan, err))
        return -1;
    if (!hd_ahead_fits(store, plan)) {
        if (hd_ahead_want(store, user, password, err))
            return -1;
        hd_ahead_drop(store, HD_AFTER_LOCK);
        return 0;
    }
    /* A wrong name counts, and is answered, as a wrong password is. */
    return begin(store, plan, map, &who, secret, err);
}

int hd_start_auto(struct hd_store *store, struct hd_err *err)
{
    hd_autofree struct hd_plan *plan = NULL;
    hd_auto(hd_map) map = NULL;

    if (!hd_start_plan(store, NULL, &map, &plan, err))
        return begin(store, plan, map, NULL, NULL, err);
    if (map)
        hd_explain_keep(store, map);
    return -1;
}

static bool any_runs(const struct hd_store *store)
{
    for (size_t i = 0; i < store->n_guests; i++)
        if (hd_store_guest_lives(&store->guests[i]))
            return true;
    return false;
}

static bool leaves_ledger(const struct hd_store *store)
{
    hd_auto(hd_ledger) ledger = NULL;
    struct hd_err err;

    return hd_ledger_peek(HD_LEDGER_DIR, &store->id, &ledger, &err) == 0 ||
           err.code != HD_E_NO_STORE;
}

static bool is_password(const struct hd_err *why)
{
    return why->code == HD_E_WRONG_PASSWORD || why->code == HD_E_THROTTLED;
}

void hd_start_settle(struct hd_store *store)
{
    struct hd_err why = store->why;
    const char *reason = hd_err_reason(why.code);
    bool password = is_password(&why);
    enum hd_cause on = store->ask ? HD_ON_RELOCK : HD_ON_GIVE_UP;

    if (!password)
        hd_log(HD_LOG_ERROR, "%s did not start: %s", store->label, why.msg);
    for (size_t i = 0; i < store->n_guests; i++) {
        struct hd_guest_life *guest = &store->guests[i];

        if (guest->state == HD_STATE_REFUSED) {
            /* Nothing was tried with it; another try asks the map anew. */
            if (on == HD_ON_GIVE_UP)
                continue;
            guest->why = (struct hd_err){0};
        }
        hd_life_set_guest(store, guest, on, reason, NULL);
    }
    hd_restart_drop(store);
    /* Of a locked one it is asked what it would get, not what it got. */
    if (on == HD_ON_RELOCK)
        hd_explain_drop(store);
    else
        hd_explain_end(store);
    if (password)
        store->why = (struct hd_err){0};
    hd_life_set(store, on, reason, why.msg);
    hd_control_finish(&store->waiter, &why, NULL);
}

void hd_start_ended(struct hd_store *store, const struct hd_err *outcome)
{
    hd_shares_give(store->daemon);
    if (!store->present) {
        hd_ahead_over(store);
        hd_teardown_yank(store, NULL, HD_AFTER_DROP);
        return;
    }
    store->why = *outcome;
    if (store->ahead.plan && is_password(outcome)) {
        /* What was built waits for the next try. */
        hd_start_settle(store);
        hd_ahead_wait(store);
        return;
    }
    hd_ahead_over(store);
    if (!outcome->code && any_runs(store)) {
        hd_life_set(store, HD_ON_RUN, NULL, NULL);
        hd_control_finish(&store->waiter, NULL, store);
        hd_life_look(store);
        return;
    }
    if (!outcome->code)
        hd_fail(&store->why, HD_E_FAILED, "no guest of %s could be started",
                store->label);
    /* A job that died has left something behind, or could not undo it. */
    if (leaves_ledger(store))
        hd_teardown_behind(store, NULL, HD_AFTER_SETTLE);
    else
        hd_start_settle(store);
}
