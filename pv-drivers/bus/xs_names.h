/* SPDX-License-Identifier: MIT */
/* The names of all domains, for who reads one after the other, as libxl does
 * before it makes a domain, to see that no other has its name
 * (libxl_name_to_domid): two waits for xenstored in place of one a domain. */
#ifndef HD_BUS_XS_NAMES_H
#define HD_BUS_XS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/mem.h"

/* Names are given for so long; so old is what libxl itself has read before it
 * is through. */
#define HD_XS_NAMES_MS 100

struct hd_xs;

struct hd_xs_names {
    struct hd_xs *xs; /* owned, or NULL */
    unsigned n_reads; /* one behind the other */
    uint64_t read_ms, asked_ms;
    struct hd_xs_name *all; /* owned, by domid; or NULL */
    size_t n;
};

/* The value of `path`, when it is a domain's name and others were read just
 * before; the caller frees it.  NULL: who wants to know asks xenstored.  Blocks
 * as a read does. */
char *hd_xs_names_read(struct hd_xs_names *names, const char *path);
void hd_xs_names_fini(struct hd_xs_names *names);

#endif
