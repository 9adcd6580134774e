/* SPDX-License-Identifier: MIT */
/* A Xen and jobs that tests play, in place of what hotdomd asks and begins: the
 * linker sends its calls here (--wrap). */
#ifndef HD_TEST_XEN_KIT_H
#define HD_TEST_XEN_KIT_H

#include "daemon_kit.h"

#define XEN_KIT_DOMAINS 3

/* While `on`, else the program's own are called. */
struct xen_kit {
    bool on, blind; /* blind: Xen does not answer */
    /* Of domains by the first byte of their UUIDs. */
    enum hd_domain_state states[XEN_KIT_DOMAINS];
    enum hd_domain_reason reasons[XEN_KIT_DOMAINS];
    struct hd_job_request asked; /* the last job */
    unsigned jobs, kills;
    /* Whose password a store was to be unlocked with, last, and how often. */
    char user[HD_NAME_SIZE];
    unsigned unlocks;
};

extern struct xen_kit xen_kit;

/* hotdomd works from now on, and the domains of k's guests run: the first one's
 * is that of the byte 0, and so on. */
void xen_kit_begin(struct kit_daemon *k);
/* And no longer; kit_daemon_fini follows. */
void xen_kit_end(struct kit_daemon *k);

#endif
