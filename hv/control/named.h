/* SPDX-License-Identifier: MIT */
/* Guests by the names that people give them. */
#ifndef HD_CONTROL_NAMED_H
#define HD_CONTROL_NAMED_H

#include "../daemon/store.h"
#include "wire.h"

/* `name` is GUEST, STORE.GUEST or a domid, of an attached store.  HD_E_NO_GUEST
 * when none, with what else the person might do, or several are called so. */
int hd_named_guest(const struct hd_stores *stores, const char *name,
                   const char *else_what, struct hd_store **ret_store,
                   struct hd_guest_life **ret, struct hd_err *err);
/* The guest that the request's "guest" names; HD_E_USAGE without one. */
int hd_named_request(const struct hd_stores *stores,
                     const struct hd_request *req, struct hd_store **ret_store,
                     struct hd_guest_life **ret, struct hd_err *err);

#endif
