/* SPDX-License-Identifier: MIT */
/* Requests to the kernel's rtnetlink(7) about one thing; each is answered at
 * once. */
#ifndef HD_NET_RTNL_H
#define HD_NET_RTNL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdint.h>

#define HD_RTNL_BUF 8192 /* what libmnl's manual asks for */

struct hd_rtnl_request {
    char buf[HD_RTNL_BUF] __attribute__((aligned(8)));
};

/* A message whose own header, `size` bytes of zeros, is the caller's to fill;
 * attributes may be added behind it. */
void *hd_rtnl_begin(struct hd_rtnl_request *req, uint16_t type, uint16_t flags,
                    size_t size);
/* One about an interface, to which attributes may be added. */
struct nlmsghdr *hd_rtnl_link(struct hd_rtnl_request *req, uint16_t type,
                              uint16_t flags, uint32_t index);

/* Sends it and waits for the kernel's word: 0, or -1 with errno. */
int hd_rtnl_talk(const struct nlmsghdr *nlh);
/* The same, and hands what is answered to `fn`; of a dump, all of it. */
int hd_rtnl_ask(const struct nlmsghdr *nlh, mnl_cb_t fn, void *ctx);

/* Of the interface of that name; 0: there is none.  ioctl(2)'s way would have
 * the kernel run modprobe for a name that is not there. */
uint32_t hd_rtnl_index(const char *name);

int hd_rtnl_up(uint32_t index);
/* 0: a port of nothing. */
int hd_rtnl_master(uint32_t index, uint32_t master);
/* Which IPv6 address the kernel gives dom0 there once it is up: of
 * IN6_ADDR_GEN_MODE_*. */
int hd_rtnl_address_mode(uint32_t index, uint8_t mode);
/* None; else it would be a link-local one. */
int hd_rtnl_keep_dom0_out(uint32_t index);

#endif
