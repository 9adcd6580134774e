/* SPDX-License-Identifier: MIT */
/* The network interfaces of dom0 and the way out, as rtnetlink tells. */
#ifndef HD_NET_LINKS_H
#define HD_NET_LINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"

struct hd_link {
    uint32_t index, master; /* ifindex; 0: none */
    char name[IFNAMSIZ];
    char kind[16]; /* IFLA_INFO_KIND: "bridge", "bond", "vif", ... or "" */
    uint8_t mac[6];
    uint8_t loopback;
    uint8_t set_up;    /* IFF_UP: someone wants it to work */
    uint8_t up;        /* ... and IFF_LOWER_UP: it has a carrier */
    uint8_t addressed; /* this host has an address there */
    uint8_t way_out;   /* a default route leads through it */
};

/* rtnetlink(7): one dump each of the links, the routes and the addresses.  The
 * caller frees `*ret`.  Answers at once. */
int hd_links_list(struct hd_link **ret, size_t *ret_n, struct hd_err *err);

/* Is there a bridge of that name, or any with `name` NULL? */
bool hd_links_has_bridge(const struct hd_link *links, size_t n,
                         const char *name);

/* 1: the interface of that name, or of that index, without `addressed` and
 * `way_out`; 0: there is none, -1.  One request, however many there are, and
 * none of those with which the kernel would run modprobe for a name that is not
 * there. */
struct hd_rtnl;
int hd_links_find(struct hd_rtnl *nl, const char *name, struct hd_link *ret,
                  struct hd_err *err);
int hd_links_at(struct hd_rtnl *nl, uint32_t index, struct hd_link *ret,
                struct hd_err *err);

/* rtnetlink(7): a socket that becomes readable when some link has come, gone or
 * changed: hd_io_drain it, and ask hd_links_list what is true now.  It does not
 * block; the caller closes `*ret_fd`. */
int hd_links_subscribe(int *ret_fd, struct hd_err *err);

#endif
