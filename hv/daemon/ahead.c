/* SPDX-License-Identifier: MIT */
/* Builds the guests of a locked store while its password is typed, without a
 * device; what nobody comes for is taken away again.  Never opens a volume. */
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../host/policy.h"
#include "ask.h"
#include "life.h"
#include "user.h"

/* A display or a PCI device comes with the domain, and means a QEMU or a device
 * of the host's: those guests are built when it is unlocked. */
static bool can_wait(const struct hd_step *step, const void *none)
{
    (void)none;
    return step->kind == HD_STEP_BUILD_DOMAIN && !step->u.domain.width &&
           !step->u.domain.n_pci;
}

/* For the only user there is, or for nobody in particular. */
static struct hd_plan *plan_for_most(const struct hd_store *store)
{
    hd_autofree struct hd_plan *plan = NULL;
    hd_auto(hd_map) map = NULL;
    struct hd_user_choice who;
    struct hd_err err;
    bool only = !hd_user_choose(store->answer, NULL, &who, &err);

    if (hd_start_plan(store, only ? &who : NULL, &map, &plan, &err)) {
        hd_log(HD_LOG_DEBUG, "%s is not built ahead: %s", store->label,
               err.msg);
        return NULL;
    }
    return hd_plan_part(plan, can_wait, NULL);
}

/* What is promised counts from now on. */
static void mark(struct hd_store *store)
{
    const struct hd_plan *plan = store->ahead.plan;

    for (uint32_t i = 0; i < plan->n_steps; i++) {
        struct hd_guest_life *g = hd_store_guest(store, plan->steps[i].guest);

        if (!g)
            continue;
        g->ahead = true;
        g->memory = plan->steps[i].u.domain.memory;
        g->vcpus = plan->steps[i].u.domain.vcpus;
    }
}

static uint64_t patience_ms(const struct hd_store *store)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, NULL);

    return policy ? policy->build_ahead : 0;
}

void hd_ahead_begin(struct hd_store *store)
{
    struct hd_job_request request;
    struct hd_err err;

    if (store->task || store->ahead.plan || !patience_ms(store))
        return;
    store->ahead.plan = plan_for_most(store);
    store->ahead.after = HD_AFTER_LOCK;
    if (!store->ahead.plan)
        return;
    if (hd_start_describe(store, HD_JOB_BUILD, &request, &err) ||
        hd_report_start_task(store, &request, store->ahead.plan, NULL, NULL,
                             &err)) {
        hd_log(HD_LOG_WARNING, "%s is not built ahead: %s", store->label,
               err.msg);
        hd_ahead_over(store);
        return;
    }
    mark(store);
}

bool hd_ahead_busy(const struct hd_store *store)
{
    return store->ahead.plan && (store->task || store->retrying);
}

int hd_ahead_want(struct hd_store *store, const char *user,
                  const struct hd_secret *password, struct hd_err *err)
{
    struct hd_ahead *a = &store->ahead;

    if (a->wanted)
        return hd_fail(err, HD_E_BUSY, "somebody else is unlocking %s",
                       store->label);
    if (user && strlen(user) >= sizeof(a->user))
        return hd_fail(err, HD_E_USAGE, "the user's name is too long");
    a->password = password ? hd_secret_new(password->len) : NULL;
    if (password && !a->password)
        return hd_fail_errno(err, HD_E_FAILED, "keep the password");
    if (password) {
        memcpy(a->password->data, password->data, password->len);
        a->password->len = password->len;
    }
    strcpy(a->user, user ? user : "");
    a->wanted = true;
    return 0;
}

/* The places of texts are other ones in another plan. */
static bool is_same(const struct hd_plan *a, const struct hd_step *step,
                    const struct hd_plan *b, const struct hd_step *other)
{
    struct hd_step x = *step, y = *other;

    x.u.domain.cmdline = y.u.domain.cmdline = 0;
    return !memcmp(&x, &y, sizeof(x)) &&
           !strcmp(hd_plan_cmdline(a, step), hd_plan_cmdline(b, other));
}

bool hd_ahead_fits(const struct hd_store *store, const struct hd_plan *plan)
{
    const struct hd_plan *built = store->ahead.plan;

    for (uint32_t i = 0; i < plan->n_steps; i++)
        for (uint32_t k = 0; built && k < built->n_steps; k++)
            if (plan->steps[i].kind == HD_STEP_BUILD_DOMAIN &&
                !strcmp(plan->steps[i].guest, built->steps[k].guest) &&
                !is_same(plan, &plan->steps[i], built, &built->steps[k]))
                return false;
    return true;
}

void hd_ahead_drop(struct hd_store *store, enum hd_after after)
{
    store->ahead.after = after;
    hd_teardown_yank(store, NULL, after);
}

void hd_ahead_over(struct hd_store *store)
{
    free(hd_steal(&store->ahead.plan));
    for (size_t i = 0; i < store->n_guests; i++)
        store->guests[i].ahead = false;
}

static void on_late(uv_timer_t *timer)
{
    struct hd_store *store = timer->data;

    /* Somebody changes its users, which must not be cut off. */
    if (store->task) {
        uv_timer_start(timer, on_late, HD_LIMIT_USERS, 0);
        return;
    }
    hd_life_note(store, NULL, hd_err_reason(HD_E_TIMEOUT),
                 "nobody has unlocked it in time: the guests that were built "
                 "ahead are taken away");
    hd_ahead_drop(store, HD_AFTER_LOCK);
}

/* Who has come meanwhile. */
static void unlock(struct hd_store *store)
{
    hd_auto(hd_secret) password = hd_steal(&store->ahead.password);
    char user[HD_NAME_SIZE];
    struct hd_err err = {0};

    strcpy(user, store->ahead.user);
    store->ahead.wanted = false;
    if (hd_start_unlock(store, *user ? user : NULL, password, &err)) {
        hd_control_finish(&store->waiter, &err, NULL);
        hd_ask_look(store, NULL);
    }
}

void hd_ahead_wait(struct hd_store *store)
{
    if (store->ahead.wanted)
        unlock(store);
    else if (store->ahead.plan)
        uv_timer_start(&store->retry, on_late, patience_ms(store), 0);
}

void hd_ahead_ended(struct hd_store *store, const struct hd_err *outcome)
{
    if (!store->present)
        store->ahead.after = HD_AFTER_DROP;
    if (outcome->code && store->ahead.after == HD_AFTER_LOCK)
        hd_log(HD_LOG_WARNING, "%s is not built ahead: %s", store->label,
               outcome->msg);
    if (outcome->code || store->ahead.after != HD_AFTER_LOCK)
        hd_teardown_behind(store, NULL, store->ahead.after);
    else
        hd_ahead_wait(store);
}
