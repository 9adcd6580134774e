/* SPDX-License-Identifier: MIT */
/* Bridges of dom0: found, and ours made, given a port, and removed; never
 * changes one that was there. */
#include "bridge.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/io.h"
#include "../base/mem.h"
#include "links.h"
#include "rtnl.h"

static int create(struct hd_rtnl *nl, const char *name)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh =
        hd_rtnl_link(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
    struct nlattr *info;

    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
    mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
    mnl_attr_nest_end(nlh, info);
    return hd_rtnl_talk(nl, nlh);
}

/* Of a bridge of ours: who is on it could announce itself as a router, and dom0
 * would take an address and a way out from it, whatever its address mode. */
static int refuse_routers(const char *name)
{
    hd_autofd int fd = -1;
    char path[80];

    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%.15s/disable_ipv6",
             name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1; /* no IPv6 */
    return hd_io_write(fd, "1", 1, NULL);
}

/* As a new interface has it. */
static int let_dom0_in(struct hd_rtnl *nl, uint32_t index)
{
    hd_autofree char *text = NULL;

    if (hd_io_read_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", 16,
                        &text, NULL, NULL))
        return 0; /* no IPv6 */
    return hd_rtnl_address_mode(nl, index, (uint8_t)atoi(text));
}

static int set_down(struct hd_rtnl *nl, uint32_t index)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);
    struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

    msg->ifi_change = IFF_UP;
    return hd_rtnl_talk(nl, nlh);
}

static int delete (struct hd_rtnl *nl, uint32_t index)
{
    struct hd_rtnl_request req;

    return hd_rtnl_talk(nl, hd_rtnl_link(&req, RTM_DELLINK, 0, index));
}

static int find(struct hd_rtnl *nl, const char *name, struct hd_link *ret,
                struct hd_err *err)
{
    int found = hd_links_find(nl, name, ret, err);

    if (found < 0)
        return -1;
    if (!found || strcmp(ret->kind, "bridge"))
        return hd_fail(err, HD_E_NO_NETWORK,
                       "this host has no bridge %s any more; make it, or name "
                       "another one under networks in the policy",
                       name);
    return 0;
}

int hd_bridge_find(const char *name, struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    struct hd_link link;

    return hd_rtnl_open(&nl, err) ? -1 : find(nl, name, &link, err);
}

int hd_bridge_check_free(const char *name, struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    struct hd_link link;
    int found =
        hd_rtnl_open(&nl, err) ? -1 : hd_links_find(nl, name, &link, err);

    if (found > 0)
        return hd_fail(err, HD_E_EXISTS,
                       "an interface is called %s already; remove it", name);
    return found;
}

int hd_bridge_make(const char *name, struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    struct hd_link link;

    if (hd_rtnl_open(&nl, err))
        return -1;
    if (create(nl, name))
        return hd_fail_errno(err, errno == EEXIST ? HD_E_EXISTS : HD_E_FAILED,
                             "cannot make the bridge %s", name);
    if (hd_links_find(nl, name, &link, err) != 1)
        return hd_fail(err, HD_E_FAILED, "the bridge %s went away", name);
    if (hd_rtnl_keep_dom0_out(nl, link.index) || refuse_routers(name) ||
        hd_rtnl_up(nl, link.index)) {
        hd_fail_errno(err, HD_E_FAILED, "cannot set the bridge %s up", name);
        (void)delete (nl, link.index);
        return -1;
    }
    return 0;
}

int hd_bridge_remove(const char *name, struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    struct hd_link link;
    int found =
        hd_rtnl_open(&nl, err) ? -1 : hd_links_find(nl, name, &link, err);

    if (found <= 0)
        return found;
    if (strcmp(link.kind, "bridge"))
        return hd_fail(err, HD_E_EXISTS,
                       "the interface %s is no bridge of hotdom's; remove it",
                       name);
    if (delete (nl, link.index) && errno != ENODEV)
        return hd_fail_errno(err, HD_E_FAILED, "cannot remove the bridge %s",
                             name);
    return 0;
}

static const struct hd_link *link_of(const struct hd_link *links, size_t n,
                                     uint32_t index)
{
    for (size_t i = 0; i < n; i++)
        if (links[i].index == index)
            return &links[i];
    return NULL;
}

int hd_bridge_check_port(const char *name, uint32_t index, struct hd_err *err)
{
    hd_autofree struct hd_link *links = NULL;
    const struct hd_link *link;
    size_t n;

    if (hd_links_list(&links, &n, err))
        return -1;
    link = link_of(links, n, index);
    if (!link || strcmp(link->name, name))
        return hd_fail(err, HD_E_GONE, "the network interface %s was unplugged",
                       name);
    if (link->master || link->set_up || link->addressed)
        return hd_fail(err, HD_E_BUSY,
                       "the host uses the network interface %s; set it down "
                       "and take its addresses away",
                       name);
    return 0;
}

int hd_bridge_add_port(const char *bridge, const char *name, uint32_t index,
                       struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    struct hd_link link;

    if (hd_rtnl_open(&nl, err) || find(nl, bridge, &link, err))
        return -1;
    if (hd_rtnl_join(nl, index, link.index, 0) || hd_rtnl_up(nl, index))
        return hd_fail_errno(err, HD_E_FAILED,
                             "cannot join %s to the bridge %s", name, bridge);
    return 0;
}

/* The last thing is to let it go: until then it is known as ours. */
static int free_port(struct hd_rtnl *nl, uint32_t index)
{
    return (let_dom0_in(nl, index) || set_down(nl, index) ||
            hd_rtnl_leave(nl, index)) &&
                   errno != ENODEV
               ? -1
               : 0;
}

int hd_bridge_free_port(const char *bridge, const char *name,
                        struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    struct hd_link port, link;
    int found;

    if (hd_rtnl_open(&nl, err))
        return -1;
    found = hd_links_find(nl, name, &port, err);
    if (found > 0)
        found = hd_links_find(nl, bridge, &link, err);
    if (found <= 0 || port.master != link.index)
        return found < 0 ? -1 : 0;
    return free_port(nl, port.index)
               ? hd_fail_errno(err, HD_E_FAILED, "cannot free the port %s",
                               name)
               : 0;
}
