/* SPDX-License-Identifier: MIT */
/* The ledger of one store, in a folder of its own. */
#ifndef HD_TEST_LEDGER_KIT_H
#define HD_TEST_LEDGER_KIT_H

#include "../../hv/ledger/ledger.h"

extern char ledger_dir[32];
extern const struct hd_ledger_head ledger_head;

void ledger_begin(void);
void ledger_end(void);

/* Of its file. */
void ledger_path(char path[128]);
off_t ledger_size(void);
/* Adds bytes behind the file, as a killed writer would have. */
void ledger_scribble(const char *text);

/* The caller frees them. */
struct hd_ledger *ledger_create(void);
struct hd_ledger *ledger_reopen(void);
/* For guest desk. */
uint32_t ledger_take(struct hd_ledger *ledger, enum hd_effect_kind kind,
                     const char *value);

#endif
