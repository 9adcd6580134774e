/* SPDX-License-Identifier: MIT */
/* What a person is told of a new store, by pack and by clone. */
#ifndef HD_CLI_PACKED_H
#define HD_CLI_PACKED_H

#include "../store/pack.h"

/* On stdout, the recovery key too: HD_E_IO when it could not be shown, since
 * without it a lost password is a lost store. */
int hd_packed_print(const struct hd_packed *packed, const char *output,
                    struct hd_err *err);

#endif
