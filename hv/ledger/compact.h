/* SPDX-License-Identifier: MIT */
/* A ledger's file made smaller. */
#ifndef HD_LEDGER_COMPACT_H
#define HD_LEDGER_COMPACT_H

#include "replay.h"

/* When the file of `ledger`, which holds it and has just read it, is large and
 * most of it is undone: puts one in its place, locked as well, that has only
 * the rest, numbered anew.  At whatever point it is killed, one of the two is
 * there, whole; when it fails, the old one. */
int hd_ledger_compact(struct hd_ledger *ledger, struct hd_err *err);

#endif
