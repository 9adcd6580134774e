/* SPDX-License-Identifier: MIT */
/* The network interfaces of dom0 and the way out; never changes one. */
#include "links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/mem.h"
#include "rtnl.h"

#define TRIES 50 /* of a dump that was interrupted by a change */

struct list {
    struct hd_link *links;
    size_t n, room;
};

static void copy_name(char *ret, size_t size, const struct nlattr *attr)
{
    size_t len =
        strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

    if (len >= size)
        len = size - 1;
    memcpy(ret, mnl_attr_get_payload(attr), len);
    ret[len] = '\0';
}

static struct hd_link *add(struct list *list)
{
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 32;
        struct hd_link *more = reallocarray(list->links, room, sizeof(*more));

        if (!more)
            return NULL;
        list->links = more;
        list->room = room;
    }
    memset(&list->links[list->n], 0, sizeof(*list->links));
    return &list->links[list->n++];
}

static void take_kind(struct hd_link *link, const struct nlattr *info)
{
    const struct nlattr *attr;

    mnl_attr_for_each_nested(attr, info) if (mnl_attr_get_type(attr) ==
                                             IFLA_INFO_KIND)
        copy_name(link->kind, sizeof(link->kind), attr);
}

static int on_link(const struct nlmsghdr *nlh, void *ctx)
{
    const struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);
    struct hd_link *link = add(ctx);
    const struct nlattr *attr;

    if (!link)
        return MNL_CB_ERROR;
    link->index = (uint32_t)msg->ifi_index;
    link->loopback = !!(msg->ifi_flags & IFF_LOOPBACK);
    link->set_up = !!(msg->ifi_flags & IFF_UP);
    link->up = link->set_up && (msg->ifi_flags & IFF_LOWER_UP);
    mnl_attr_for_each(attr, nlh, sizeof(*msg)) switch (mnl_attr_get_type(attr))
    {
    case IFLA_IFNAME:
        copy_name(link->name, sizeof(link->name), attr);
        break;
    case IFLA_MASTER:
        link->master = mnl_attr_get_u32(attr);
        break;
    case IFLA_ADDRESS:
        if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
            memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
        break;
    case IFLA_LINKINFO:
        take_kind(link, attr);
        break;
    }
    return MNL_CB_OK;
}

static void mark_way_out(struct list *list, uint32_t index)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->links[i].index == index)
            list->links[i].way_out = 1;
}

/* A default route has no destination, so its length is 0. */
static int on_route(const struct nlmsghdr *nlh, void *ctx)
{
    const struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);
    const struct nlattr *attr;

    if (msg->rtm_dst_len || msg->rtm_type != RTN_UNICAST)
        return MNL_CB_OK;
    mnl_attr_for_each(attr, nlh,
                      sizeof(*msg)) if (mnl_attr_get_type(attr) == RTA_OIF)
        mark_way_out(ctx, mnl_attr_get_u32(attr));
    return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *nlh, void *ctx)
{
    const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
    struct list *list = ctx;

    for (size_t i = 0; i < list->n; i++)
        if (list->links[i].index == msg->ifa_index)
            list->links[i].addressed = 1;
    return MNL_CB_OK;
}

/* One dump of `type`; an address family of 0 asks for all. */
static int dump(struct hd_rtnl *nl, uint16_t type, size_t extra, mnl_cb_t fn,
                void *ctx)
{
    struct hd_rtnl_request req;

    hd_rtnl_begin(&req, type, NLM_F_DUMP, extra);
    return hd_rtnl_ask(nl, (struct nlmsghdr *)req.buf, fn, ctx);
}

static int list_once(struct hd_rtnl *nl, struct list *list)
{
    list->n = 0;
    return dump(nl, RTM_GETLINK, sizeof(struct ifinfomsg), on_link, list) ||
                   dump(nl, RTM_GETROUTE, sizeof(struct rtmsg), on_route,
                        list) ||
                   dump(nl, RTM_GETADDR, sizeof(struct ifaddrmsg), on_address,
                        list)
               ? -1
               : 0;
}

int hd_links_list(struct hd_link **ret, size_t *ret_n, struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = NULL;
    struct list list = {0};
    int rc = -1;

    if (hd_rtnl_open(&nl, err))
        return -1;
    errno = EINTR;
    for (int i = 0; i < TRIES && rc && errno == EINTR; i++)
        rc = list_once(nl, &list);
    if (rc) {
        hd_fail_errno(err, HD_E_FAILED, "cannot list the network interfaces");
        free(list.links);
        return -1;
    }
    *ret = list.links;
    *ret_n = list.n;
    return 0;
}

/* 1: there, 0: there is none, -1. */
static int get(struct hd_rtnl *nl, struct nlmsghdr *nlh, struct hd_link *ret,
               struct hd_err *err)
{
    struct list list = {0};
    int rc = hd_rtnl_ask(nl, nlh, on_link, &list);

    if (!rc && list.n)
        *ret = list.links[0];
    free(list.links);
    if (rc && errno != ENODEV)
        return hd_fail_errno(err, HD_E_FAILED,
                             "cannot look at a network interface");
    return !rc && list.n;
}

int hd_links_at(struct hd_rtnl *nl, uint32_t index, struct hd_link *ret,
                struct hd_err *err)
{
    struct hd_rtnl_request req;

    return get(nl, hd_rtnl_link(&req, RTM_GETLINK, 0, index), ret, err);
}

int hd_links_find(struct hd_rtnl *nl, const char *name, struct hd_link *ret,
                  struct hd_err *err)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_GETLINK, 0, 0);
    struct hd_link link;
    int found;

    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    found = get(nl, nlh, &link, err);
    /* Another one may have that for a second name. */
    if (found != 1 || strcmp(link.name, name))
        return found < 0 ? -1 : 0;
    *ret = link;
    return 1;
}

bool hd_links_has_bridge(const struct hd_link *links, size_t n,
                         const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(links[i].kind, "bridge") &&
            (!name || !strcmp(links[i].name, name)))
            return true;
    return false;
}

int hd_links_subscribe(int *ret_fd, struct hd_err *err)
{
    const struct sockaddr_nl to = {.nl_family = AF_NETLINK,
                                   .nl_groups = RTMGRP_LINK};
    hd_autofd int fd = socket(
        AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&to, sizeof(to)))
        return hd_fail_errno(err, HD_E_FAILED,
                             "cannot listen to the network interfaces");
    *ret_fd = hd_steal_fd(&fd);
    return 0;
}
