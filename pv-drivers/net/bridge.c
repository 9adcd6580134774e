/* SPDX-License-Identifier: MIT */
/* Bridges of dom0: found, and ours made, given a port, and removed; never
 * changes one that was there. */
#include "bridge.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/io.h"
#include "../base/mem.h"
#include "links.h"

#define BUF 8192 /* what libmnl's manual asks for */

struct request {
    char buf[BUF] __attribute__((aligned(8)));
};

static struct nlmsghdr *begin(struct request *req, uint16_t type,
                              uint16_t flags, uint32_t index, unsigned up)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(req->buf);
    struct ifinfomsg *msg;

    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    nlh->nlmsg_seq = 1;
    msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
    msg->ifi_family = AF_UNSPEC;
    msg->ifi_index = (int)index;
    msg->ifi_flags = msg->ifi_change = up;
    return nlh;
}

/* Waits for the kernel's word, which comes at once; errno says which. */
static int talk(const struct nlmsghdr *nlh)
{
    struct mnl_socket *sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    char buf[BUF];
    ssize_t n = -1;
    int rc = -1, sys;

    if (!sock)
        return -1;
    if (!mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) &&
        mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) >= 0)
        n = mnl_socket_recvfrom(sock, buf, sizeof(buf));
    if (n >= 0)
        rc = mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(sock), NULL,
                        NULL);
    sys = errno;
    mnl_socket_close(sock);
    errno = sys;
    return rc < 0 ? -1 : 0;
}

/* 1: there, 0: no interface has that name, -1. */
static int look(const char *name, struct hd_link *ret, struct hd_err *err)
{
    hd_autofree struct hd_link *links = NULL;
    size_t n;

    if (hd_links_list(&links, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(links[i].name, name)) {
            *ret = links[i];
            return 1;
        }
    return 0;
}

static int create(const char *name)
{
    struct request req;
    struct nlmsghdr *nlh =
        begin(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, 0);
    struct nlattr *info;

    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
    mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
    mnl_attr_nest_end(nlh, info);
    return talk(nlh);
}

/* Which address the kernel gives dom0 there once it is up. */
static int set_address_mode(uint32_t index, uint8_t mode)
{
    struct request req;
    struct nlmsghdr *nlh = begin(&req, RTM_SETLINK, 0, index, 0);
    struct nlattr *spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
    struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);

    mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, mode);
    mnl_attr_nest_end(nlh, inet6);
    mnl_attr_nest_end(nlh, spec);
    /* A kernel without IPv6 gives no such address. */
    return talk(nlh) && errno != EAFNOSUPPORT && errno != ENODEV ? -1 : 0;
}

/* It would be a link-local one. */
static int keep_dom0_out(uint32_t index)
{
    return set_address_mode(index, IN6_ADDR_GEN_MODE_NONE);
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
static int let_dom0_in(uint32_t index)
{
    hd_autofree char *text = NULL;

    if (hd_io_read_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", 16,
                        &text, NULL, NULL))
        return 0; /* no IPv6 */
    return set_address_mode(index, (uint8_t)atoi(text));
}

static int set_up(uint32_t index)
{
    struct request req;

    return talk(begin(&req, RTM_SETLINK, 0, index, IFF_UP));
}

static int set_down(uint32_t index)
{
    struct request req;
    struct nlmsghdr *nlh = begin(&req, RTM_SETLINK, 0, index, IFF_UP);
    struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

    msg->ifi_flags = 0;
    return talk(nlh);
}

/* 0: none. */
static int set_master(uint32_t index, uint32_t master)
{
    struct request req;
    struct nlmsghdr *nlh = begin(&req, RTM_SETLINK, 0, index, 0);

    mnl_attr_put_u32(nlh, IFLA_MASTER, master);
    return talk(nlh);
}

static int delete (uint32_t index)
{
    struct request req;

    return talk(begin(&req, RTM_DELLINK, 0, index, 0));
}

int hd_bridge_find(const char *name, struct hd_err *err)
{
    struct hd_link link;
    int found = look(name, &link, err);

    if (found < 0)
        return -1;
    if (!found || strcmp(link.kind, "bridge"))
        return hd_fail(err, HD_E_NO_NETWORK,
                       "this host has no bridge %s any more; make it, or name "
                       "another one under networks in the policy",
                       name);
    return 0;
}

int hd_bridge_check_free(const char *name, struct hd_err *err)
{
    struct hd_link link;
    int found = look(name, &link, err);

    if (found > 0)
        return hd_fail(err, HD_E_EXISTS,
                       "an interface is called %s already; remove it", name);
    return found;
}

int hd_bridge_make(const char *name, struct hd_err *err)
{
    struct hd_link link;

    if (create(name))
        return hd_fail_errno(err, errno == EEXIST ? HD_E_EXISTS : HD_E_FAILED,
                             "cannot make the bridge %s", name);
    if (look(name, &link, err) != 1)
        return hd_fail(err, HD_E_FAILED, "the bridge %s went away", name);
    if (keep_dom0_out(link.index) || refuse_routers(name) ||
        set_up(link.index)) {
        hd_fail_errno(err, HD_E_FAILED, "cannot set the bridge %s up", name);
        (void)delete (link.index);
        return -1;
    }
    return 0;
}

int hd_bridge_remove(const char *name, struct hd_err *err)
{
    struct hd_link link;
    int found = look(name, &link, err);

    if (found <= 0)
        return found;
    if (strcmp(link.kind, "bridge"))
        return hd_fail(err, HD_E_EXISTS,
                       "the interface %s is no bridge of hotdom's; remove it",
                       name);
    if (delete (link.index) && errno != ENODEV)
        return hd_fail_errno(err, HD_E_FAILED, "cannot remove the bridge %s",
                             name);
    return 0;
}

int hd_bridge_check_port(const char *name, uint32_t index, struct hd_err *err)
{
    struct hd_link link;
    int found = look(name, &link, err);

    if (found < 0)
        return -1;
    if (!found || link.index != index)
        return hd_fail(err, HD_E_GONE, "the network interface %s was unplugged",
                       name);
    if (link.master || link.set_up || link.addressed)
        return hd_fail(err, HD_E_BUSY,
                       "the host uses the network interface %s; set it down "
                       "and take its addresses away",
                       name);
    return 0;
}

int hd_bridge_add_port(const char *bridge, const char *name, uint32_t index,
                       struct hd_err *err)
{
    struct hd_link link;

    if (hd_bridge_find(bridge, err) || look(bridge, &link, err) != 1)
        return -1;
    if (set_master(index, link.index) || keep_dom0_out(index) || set_up(index))
        return hd_fail_errno(err, HD_E_FAILED,
                             "cannot join %s to the bridge %s", name, bridge);
    return 0;
}

/* The last thing is to let it go: until then it is known as ours. */
int hd_bridge_free_port(const char *bridge, const char *name,
                        struct hd_err *err)
{
    struct hd_link port, link;
    int found = look(name, &port, err);

    if (found <= 0)
        return found;
    found = look(bridge, &link, err);
    if (found <= 0 || port.master != link.index)
        return found < 0 ? -1 : 0;
    if ((let_dom0_in(port.index) || set_down(port.index) ||
         set_master(port.index, 0)) &&
        errno != ENODEV)
        return hd_fail_errno(err, HD_E_FAILED, "cannot free the port %s", name);
    return 0;
}
