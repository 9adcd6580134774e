/* SPDX-License-Identifier: MIT */
/* Requests to the kernel's rtnetlink(7); never reads what it was not asked. */
#include "rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdbool.h>
#include <sys/socket.h>

void *hd_rtnl_begin(struct hd_rtnl_request *req, uint16_t type, uint16_t flags,
                    size_t size)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(req->buf);

    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    nlh->nlmsg_seq = 1;
    return mnl_nlmsg_put_extra_header(nlh, size);
}

struct nlmsghdr *hd_rtnl_link(struct hd_rtnl_request *req, uint16_t type,
                              uint16_t flags, uint32_t index)
{
    struct ifinfomsg *msg = hd_rtnl_begin(req, type, flags, sizeof(*msg));

    msg->ifi_family = AF_UNSPEC;
    msg->ifi_index = (int)index;
    return (struct nlmsghdr *)req->buf;
}

static int exchange(struct mnl_socket *sock, const struct nlmsghdr *nlh,
                    mnl_cb_t fn, void *ctx)
{
    bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    char buf[HD_RTNL_BUF];
    ssize_t n;
    int rc;

    if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) ||
        mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
        return -1;
    do {
        n = mnl_socket_recvfrom(sock, buf, sizeof(buf));
        if (n < 0)
            return -1;
        rc =
            mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(sock), fn, ctx);
    } while (dump && rc > MNL_CB_STOP);
    return rc < 0 ? -1 : 0;
}

int hd_rtnl_ask(const struct nlmsghdr *nlh, mnl_cb_t fn, void *ctx)
{
    struct mnl_socket *sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    int rc, sys;

    if (!sock)
        return -1;
    rc = exchange(sock, nlh, fn, ctx);
    sys = errno;
    mnl_socket_close(sock);
    errno = sys;
    return rc;
}

int hd_rtnl_talk(const struct nlmsghdr *nlh)
{
    return hd_rtnl_ask(nlh, NULL, NULL);
}

static int on_index(const struct nlmsghdr *nlh, void *ctx)
{
    const struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

    *(uint32_t *)ctx = (uint32_t)msg->ifi_index;
    return MNL_CB_OK;
}

uint32_t hd_rtnl_index(const char *name)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_GETLINK, 0, 0);
    uint32_t index = 0;

    nlh->nlmsg_flags = NLM_F_REQUEST;
    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    return hd_rtnl_ask(nlh, on_index, &index) ? 0 : index;
}

int hd_rtnl_up(uint32_t index)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);
    struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

    msg->ifi_flags = msg->ifi_change = IFF_UP;
    return hd_rtnl_talk(nlh);
}

int hd_rtnl_master(uint32_t index, uint32_t master)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);

    mnl_attr_put_u32(nlh, IFLA_MASTER, master);
    return hd_rtnl_talk(nlh);
}

int hd_rtnl_address_mode(uint32_t index, uint8_t mode)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);
    struct nlattr *spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
    struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);

    mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, mode);
    mnl_attr_nest_end(nlh, inet6);
    mnl_attr_nest_end(nlh, spec);
    /* A kernel without IPv6 gives no such address. */
    return hd_rtnl_talk(nlh) && errno != EAFNOSUPPORT && errno != ENODEV ? -1
                                                                         : 0;
}

int hd_rtnl_keep_dom0_out(uint32_t index)
{
    return hd_rtnl_address_mode(index, IN6_ADDR_GEN_MODE_NONE);
}
