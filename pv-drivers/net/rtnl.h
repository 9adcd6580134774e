/* SPDX-License-Identifier: MIT */
/* Requests to the kernel's rtnetlink(7), all of an errand over one socket; each
 * is answered at once. */
#ifndef HD_NET_RTNL_H
#define HD_NET_RTNL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdint.h>

#include "../base/err.h"
#include "../base/mem.h"

struct hd_rtnl; /* opaque: a socket, for requests one by one; for one thread */

int hd_rtnl_open(struct hd_rtnl **ret, struct hd_err *err);
void hd_rtnl_free(struct hd_rtnl *nl); /* keeps errno */
HD_DEFINE_AUTO(hd_rtnl)

#define HD_RTNL_BUF 8192 /* what libmnl's manual asks for */

struct hd_rtnl_request {
    char buf[HD_RTNL_BUF] __attribute__((aligned(8)));
};

/* A message whose own header, `size` bytes of zeros, is the caller's to fill;
 * attributes may be added behind it.  With NLM_F_DUMP it asks for all. */
void *hd_rtnl_begin(struct hd_rtnl_request *req, uint16_t type, uint16_t flags,
                    size_t size);
/* One about an interface, to which attributes may be added. */
struct nlmsghdr *hd_rtnl_link(struct hd_rtnl_request *req, uint16_t type,
                              uint16_t flags, uint32_t index);

/* Sends it and waits for the kernel's word: 0, or -1 with errno. */
int hd_rtnl_talk(struct hd_rtnl *nl, struct nlmsghdr *nlh);
/* The same, and hands what is answered to `fn`, which must ask nothing itself;
 * of a dump, all of it.  EINTR: something changed meanwhile, and a dump may
 * have missed it. */
int hd_rtnl_ask(struct hd_rtnl *nl, struct nlmsghdr *nlh, mnl_cb_t fn,
                void *ctx);

/* Of the interface of that name; 0: there is none.  ioctl(2)'s way would have
 * the kernel run modprobe for a name that is not there. */
uint32_t hd_rtnl_index(struct hd_rtnl *nl, const char *name);

int hd_rtnl_up(struct hd_rtnl *nl, uint32_t index);
/* Makes it a port of `master`, gives it that MTU (0: as it is), and keeps dom0
 * out, in one request. */
int hd_rtnl_join(struct hd_rtnl *nl, uint32_t index, uint32_t master,
                 uint32_t mtu);
/* A port of nothing. */
int hd_rtnl_leave(struct hd_rtnl *nl, uint32_t index);
/* Which IPv6 address the kernel gives dom0 there once it is up: of
 * IN6_ADDR_GEN_MODE_*. */
int hd_rtnl_address_mode(struct hd_rtnl *nl, uint32_t index, uint8_t mode);
/* None; else it would be a link-local one. */
int hd_rtnl_keep_dom0_out(struct hd_rtnl *nl, uint32_t index);

#endif
