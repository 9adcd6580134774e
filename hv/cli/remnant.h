/* SPDX-License-Identifier: MIT */
/* How a leftover is removed; pure. */
#ifndef HD_CLI_REMNANT_H
#define HD_CLI_REMNANT_H

#include "../ledger/ledger.h"

/* The store that the ledger of a repair is of: nobody's. */
#define HD_REPAIR_ID "7c0f4e4a-6864-4d03-8a57-686f74646f6d"

enum hd_remnant_how {
    HD_REMNANT_LEFT,   /* not at all: it goes with another, or is a person's */
    HD_REMNANT_EFFECT, /* as a ledger undoes it: `kind` and `value` */
    HD_REMNANT_NODE,   /* `value`: all that xenstore has of a domain there */
    HD_REMNANT_FILE,   /* `value`: its path */
    HD_REMNANT_LEDGER, /* of a repair that was killed: what it names is undone
                        */
};

struct hd_remnant {
    enum hd_remnant_how how;
    enum hd_effect_kind kind;
    char value[HD_LEDGER_VALUE];
};

/* Of a line of hv/host/snapshot.h, of which hv/cli/leftovers.h says that it is
 * ours.  Whatever has not exactly the form that hotdom gives such a thing is
 * LEFT. */
struct hd_remnant hd_remnant_of(const char *line);

#endif
