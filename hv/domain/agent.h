/* SPDX-License-Identifier: MIT */
/* What a guest's agent tells of it, through a xenstore node that is the
 * guest's: every byte of it may be anything. */
#ifndef HD_DOMAIN_AGENT_H
#define HD_DOMAIN_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/bus/xs.h"

/* What it can say of itself; hotdomd adds what its silence means. */
#define HD_AGENT_WORDS(X)                                                      \
    X(READY, "ready")     /* all that the host promised is there */            \
    X(TROUBLE, "trouble") /* not all of it; `why` */                           \
    X(LEAVING, "leaving") /* the guest shuts down */

enum hd_agent_word {
#define HD_X(name, text) HD_AGENT_##name,
    HD_AGENT_WORDS(HD_X)
#undef HD_X
};

#define HD_AGENT_TEXT      512 /* bytes of a report, with the NUL */
#define HD_AGENT_ADDRESSES 8

/* Printable ASCII, checked. */
struct hd_agent_report {
    uint64_t beat; /* another one with each report */
    enum hd_agent_word word;
    char version[17], os[64], why[128];
    uint32_t n_addresses;
    char addresses[HD_AGENT_ADDRESSES][46]; /* IPv4 and IPv6, as inet_ntop(3) */
};

/* The folder that the guest owns, made with its domain. */
#define HD_AGENT_PATH 64
void hd_agent_folder(uint32_t domid, char ret[HD_AGENT_PATH]);

/* dom-guest/beat.h writes it: "beat=7;state=ready;...".  A key that is not
 * known is a newer agent's and left out; anything else that is not as above is
 * HD_E_FAILED. */
int hd_agent_parse(const char *text, struct hd_agent_report *ret,
                   struct hd_err *err);

/* 1: `ret` has the text, printable ASCII; 0: the guest has told nothing; -1: a
 * longer one, or other characters. */
int hd_agent_read(struct hd_xs *xs, uint32_t domid, char ret[HD_AGENT_TEXT],
                  struct hd_err *err);

#endif
