/* SPDX-License-Identifier: MIT */
/* Whether a verified store may come in: trusted, wanted by the policy, no older
 * copy; starts none itself. */
#include <string.h>

#include "../../pv-drivers/base/paths.h"
#include "../host/policy.h"
#include "../host/trust.h"
#include "life.h"
#include "record.h"
#include "user.h"

/* The name under which the host trusts this signer; it may have been taken
 * away since the reader was started. */
static int find_signer(struct hd_store *store, struct hd_err *err)
{
    hd_autofree struct hd_trusted *list = NULL;
    size_t n;

    if (hd_trust_list(HD_TRUSTED_DIR, &list, &n, NULL, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!memcmp(list[i].signer.key, store->answer->signer.key,
                    sizeof(list[i].signer.key))) {
            strcpy(store->signer, list[i].name);
            return 0;
        }
    return hd_fail(err, HD_E_UNTRUSTED_SIGNER,
                   "the signer is not trusted any more");
}

static int check_room(const struct hd_store *store,
                      const struct hd_policy *policy, struct hd_err *err)
{
    const struct hd_stores *stores = &store->daemon->stores;
    const struct hd_store *twin = hd_stores_twin(stores, store);
    uint64_t others = 0;

    if (twin)
        return hd_fail(err, HD_E_DUPLICATE_STORE,
                       "%s has the same store id and is attached as %s; eject "
                       "that one first",
                       twin->device.name, twin->label);
    for (const struct hd_store *s = stores->first; s; s = s->next)
        others += s != store && hd_store_accepted(s);
    if (others >= policy->limits.stores)
        return hd_fail(err, HD_E_LIMIT,
                       "%llu stores are attached and the policy allows no more",
                       (unsigned long long)others);
    return 0;
}

/* What the host says to a verified store; sets signer, ask and label. */
static int judge(struct hd_store *store, struct hd_err *err)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, err);
    char label[HD_LABEL_SIZE];
    enum hd_activation activation;

    if (!policy || find_signer(store, err) || check_room(store, policy, err))
        return -1;
    activation = hd_policy_activation(policy, store->signer,
                                      store->answer->manifest.store.name);
    if (activation == HD_ACTIVATION_DENY)
        return hd_fail(err, HD_E_DENIED,
                       "the policy of this host denies stores of signer %s",
                       store->signer);
    store->ask = activation == HD_ACTIVATION_ASK;
    if (hd_user_encrypted(store->answer)) {
        if (hd_policy_check_kdf(policy, &store->answer->luks, err))
            return -1;
        if (!store->ask)
            strcpy(store->why.msg, "the policy says auto, but the store is "
                                   "encrypted: a user must unlock it");
        store->ask = true;
    }
    if (store->ask && !hd_user_count(store->answer))
        return hd_fail(err, HD_E_DENIED,
                       "the policy asks for a password and the store has no "
                       "users; set activation: auto for signer %s",
                       store->signer);
    if (hd_stores_label(&store->daemon->stores, store, label, err))
        return -1;
    strcpy(store->label, label);
    return 0;
}

/* The host takes it, and it is no older copy. */
static void on_recorded(void *ctx, const struct hd_err *outcome)
{
    struct hd_store *store = ctx;
    struct hd_err err = {0};

    store->record = NULL;
    if (outcome->code) {
        hd_life_refuse(store, outcome);
        return;
    }
    if (store->daemon->stopping)
        return;
    if (!store->ask) {
        if (hd_start_auto(store, &err))
            hd_life_refuse(store, &err);
        return;
    }
    hd_life_set(store, HD_ON_ADMIT, NULL, store->why.msg);
    for (size_t i = 0; i < store->n_guests; i++)
        hd_life_set_guest(store, &store->guests[i], HD_ON_ADMIT, NULL, NULL);
    hd_control_finish(&store->waiter, NULL, store);
    hd_ahead_begin(store);
}

/*
 * The generation is recorded when a store is verified and wanted, not when it
 * is unlocked: its number cannot be forged without a trusted key, and what was
 * here once, even locked, is what an older copy must not replace.  Nothing goes
 * on before the record is on the disk.  The label is taken until then, so no
 * twin comes between.
 */
void hd_life_admit(struct hd_store *store)
{
    struct hd_err err = {0};

    bool wanted;

    hd_store_fill(store);
    wanted = !judge(store, &err);
    hd_life_know(store);
    if (!wanted || hd_record_accept(store->daemon->loop, store->answer,
                                    on_recorded, store, &store->record, &err))
        hd_life_refuse(store, &err);
}

/* ---- trusted again */

static void on_forgotten(void *ctx, const struct hd_err *outcome)
{
    struct hd_store *store = ctx;

    store->record = NULL;
    if (outcome->code)
        hd_control_finish(&store->waiter, outcome, NULL);
    else if (store->state == HD_STATE_REFUSED && !store->daemon->stopping)
        hd_life_read(store);
    else
        hd_control_finish(&store->waiter, NULL, store);
}

int hd_life_forget(struct hd_store *store, struct hd_err *err)
{
    if (hd_uuid_is_zero(&store->id) && store->why.code) {
        *err = store->why;
        return hd_wrap(err, "%s is refused", hd_store_title(store));
    }
    if (store->record || hd_uuid_is_zero(&store->id))
        return hd_fail(err, HD_E_BUSY, "%s is being read; try again",
                       hd_store_title(store));
    return hd_record_forget(store->daemon->loop, &store->id, on_forgotten,
                            store, &store->record, err);
}
