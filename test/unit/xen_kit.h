/* SPDX-License-Identifier: MIT */
/* A Xen, libxl's record of its domains, and jobs that tests play, in place of
 * what hotdomd and its jobs ask and begin: the linker sends their calls here
 * (--wrap). */
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
    uint32_t domid;  /* of the first of them, one more of the next */
    unsigned pauses; /* so far, and the last one's domid */
    uint32_t paused;
    unsigned fail_forget; /* so often from now on a record stays as it is */
    unsigned forgotten;   /* devices, so far */
    char last[32];        /* "vif/24" */
    unsigned unlightened, unslowed; /* domains, so far */
    unsigned fences;                /* of volumes, so far */
    struct hd_job_request asked;    /* the last job */
    char tables[256];               /* that it serves the guest it is for */
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
