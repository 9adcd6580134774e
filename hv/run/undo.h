/* SPDX-License-Identifier: MIT */
/* Takes effects back that are in the ledger, whoever made them. */
#ifndef HD_RUN_UNDO_H
#define HD_RUN_UNDO_H

#include "context.h"

/* Before LABEL.GUEST, as `xl list` shows it then. */
#define HD_QUARANTINE_NAME "quarantined."

/* Each of these may be repeated, and may begin where a killed job stopped. */

/* Undoes what the ledger has of this kind for a guest, last effect first;
 * blocks until each is really gone or the request's deadline is over.  Goes on
 * behind a failure, and gives the first. */
/* A domain that does not go though it was destroyed is renamed to
 * HD_QUARANTINE_NAME and HD_E_QUARANTINED; its volumes are let go all the same.
 */
int hd_undo(struct hd_context *ctx, const char *guest, enum hd_effect_kind kind,
            struct hd_err *err);
/* All of a guest: its domain, then its volumes and bridges. */
int hd_undo_guest(struct hd_context *ctx, const char *guest,
                  struct hd_err *err);

/* A volume of the guest and what lies under it; none in the ledger is success.
 */
int hd_undo_volume(struct hd_context *ctx, const char *guest,
                   const char *dm_name, struct hd_err *err);
/* Ends the domains of the `n` guests, those that are there, side by side, and
 * does not wait until they are gone.  What fails is said by hd_undo, which has
 * to follow for each. */
void hd_undo_begin(struct hd_context *ctx, const char *const *guests, size_t n);

/* Where the domain of an effect is now; writes its domid to the ledger when a
 * killed job did not come to that. */
int hd_undo_find(struct hd_context *ctx, const struct hd_effect *effect,
                 struct hd_domain_status *ret, struct hd_err *err);

#endif
