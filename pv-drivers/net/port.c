/* SPDX-License-Identifier: MIT */
/* Ports of bridges: joined, bound to one address, raised; never makes or
 * changes a bridge itself. */
#include "port.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../base/io.h"
#include "fdb.h"
#include "rtnl.h"

#define MADE_MS 2000
#define LOOK_NS 2000000

/* rtnetlink's PF_BRIDGE: net/bridge/br_netlink.c of the kernel. */
static int bind_port(struct hd_rtnl *nl, uint32_t index, bool isolated)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);
    struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);
    struct nlattr *port;

    msg->ifi_family = AF_BRIDGE;
    port = mnl_attr_nest_start(nlh, IFLA_PROTINFO | NLA_F_NESTED);
    mnl_attr_put_u8(nlh, IFLA_BRPORT_LEARNING, 0);
    mnl_attr_put_u8(nlh, IFLA_BRPORT_LOCKED, 1);
    mnl_attr_put_u8(nlh, IFLA_BRPORT_ISOLATED, isolated);
    mnl_attr_nest_end(nlh, port);
    return hd_rtnl_talk(nl, nlh);
}

/* The kernel's netback says that it waits for its frontend a moment before it
 * has made the interface: drivers/net/xen-netback/xenbus.c, netback_probe. */
static uint32_t await_index(struct hd_rtnl *nl, const char *name)
{
    uint64_t until = hd_io_now_ms() + MADE_MS;
    uint32_t index;

    while (!(index = hd_rtnl_index(nl, name)) && hd_io_left_ms(until))
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    return index;
}

/* Raised last: until it is bound it would learn, and until it has its address
 * nobody would reach it. */
static int join(struct hd_rtnl *nl, const struct hd_port *port, uint32_t index,
                uint32_t master, struct hd_err *err)
{
    if (hd_rtnl_join(nl, index, master, port->mtu))
        return hd_fail_errno(err, HD_E_NO_NETWORK, "cannot join %s to %s",
                             port->name, port->bridge);
    if (bind_port(nl, index, port->isolated))
        return hd_fail_errno(err, HD_E_NO_NETWORK,
                             "cannot bind %s to its address", port->name);
    if (hd_fdb_give(nl, port->bridge, master, index, port->mac, err))
        return -1;
    if (hd_rtnl_up(nl, index))
        return hd_fail_errno(err, HD_E_FAILED, "cannot bring %s up",
                             port->name);
    return 0;
}

int hd_port_join(const struct hd_port *port, struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    uint32_t master, index;

    if (hd_rtnl_open(&nl, err))
        return -1;
    master = hd_rtnl_index(nl, port->bridge);
    if (!master)
        return hd_fail(err, HD_E_NO_NETWORK, "there is no bridge %s",
                       port->bridge);
    index = await_index(nl, port->name);
    if (!index)
        return hd_fail(err, HD_E_FAILED, "there is no interface %s",
                       port->name);
    return join(nl, port, index, master, err);
}
