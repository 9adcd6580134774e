/* SPDX-License-Identifier: MIT */
/* Requests to the kernel's rtnetlink(7); never reads what it was not asked. */
#include "rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#define ANSWER 32768 /* bytes at a time, as the kernel gives them at most */

struct hd_rtnl {
    struct mnl_socket *sock;
    uint32_t seq; /* of the request that was sent last */
    char answer[ANSWER] __attribute__((aligned(8)));
};

int hd_rtnl_open(struct hd_rtnl **ret, struct hd_err *err)
{
    hd_auto(hd_rtnl) nl = calloc(1, sizeof(*nl));

    if (nl)
        nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!nl || !nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID))
        return hd_fail_errno(err, HD_E_FAILED,
                             "cannot ask for the network interfaces");
    *ret = hd_steal(&nl);
    return 0;
}

void hd_rtnl_free(struct hd_rtnl *nl)
{
    int sys = errno;

    if (nl && nl->sock)
        mnl_socket_close(nl->sock);
    free(nl);
    errno = sys;
}

void *hd_rtnl_begin(struct hd_rtnl_request *req, uint16_t type, uint16_t flags,
                    size_t size)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(req->buf);

    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
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

/* Says whether it ends the answer; `*sys` is what keeps that from being one. */
static bool take(const struct nlmsghdr *nlh, mnl_cb_t fn, void *ctx, int *sys)
{
    const int *error = mnl_nlmsg_get_payload(nlh);

    if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
        *sys = EINTR;
    if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
        if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*error) && *error < 0)
            *sys = -*error;
        return true;
    }
    if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && fn && fn(nlh, ctx) == MNL_CB_ERROR)
        *sys = errno;
    return false;
}

/* To its end, whatever it says, for the next one comes behind it. */
static int hear(struct hd_rtnl *nl, mnl_cb_t fn, void *ctx)
{
    unsigned port = mnl_socket_get_portid(nl->sock);
    int sys = 0;

    for (bool last = false; !last;) {
        ssize_t n = mnl_socket_recvfrom(nl->sock, nl->answer, ANSWER);
        const struct nlmsghdr *nlh = (struct nlmsghdr *)nl->answer;
        int left = (int)n;

        if (n < 0)
            return -1;
        for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
            if (nlh->nlmsg_seq == nl->seq && nlh->nlmsg_pid == port)
                last |= take(nlh, fn, ctx, &sys);
    }
    errno = sys;
    return sys ? -1 : 0;
}

int hd_rtnl_ask(struct hd_rtnl *nl, struct nlmsghdr *nlh, mnl_cb_t fn,
                void *ctx)
{
    nlh->nlmsg_seq = ++nl->seq;
    return mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0
               ? -1
               : hear(nl, fn, ctx);
}

int hd_rtnl_talk(struct hd_rtnl *nl, struct nlmsghdr *nlh)
{
    return hd_rtnl_ask(nl, nlh, NULL, NULL);
}

static int on_index(const struct nlmsghdr *nlh, void *ctx)
{
    const struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

    *(uint32_t *)ctx = (uint32_t)msg->ifi_index;
    return MNL_CB_OK;
}

uint32_t hd_rtnl_index(struct hd_rtnl *nl, const char *name)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_GETLINK, 0, 0);
    uint32_t index = 0;

    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    return hd_rtnl_ask(nl, nlh, on_index, &index) ? 0 : index;
}

int hd_rtnl_up(struct hd_rtnl *nl, uint32_t index)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);
    struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

    msg->ifi_flags = msg->ifi_change = IFF_UP;
    return hd_rtnl_talk(nl, nlh);
}

static void put_address_mode(struct nlmsghdr *nlh, uint8_t mode)
{
    struct nlattr *spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
    struct nlattr *inet6 = mnl_attr_nest_start(nlh, AF_INET6);

    mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, mode);
    mnl_attr_nest_end(nlh, inet6);
    mnl_attr_nest_end(nlh, spec);
}

int hd_rtnl_address_mode(struct hd_rtnl *nl, uint32_t index, uint8_t mode)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);

    put_address_mode(nlh, mode);
    /* A kernel without IPv6 gives no such address. */
    return hd_rtnl_talk(nl, nlh) && errno != EAFNOSUPPORT && errno != ENODEV
               ? -1
               : 0;
}

int hd_rtnl_keep_dom0_out(struct hd_rtnl *nl, uint32_t index)
{
    return hd_rtnl_address_mode(nl, index, IN6_ADDR_GEN_MODE_NONE);
}

static int join(struct hd_rtnl *nl, uint32_t index, uint32_t master,
                uint32_t mtu, bool inet6)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);

    if (mtu)
        mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
    mnl_attr_put_u32(nlh, IFLA_MASTER, master);
    if (inet6)
        put_address_mode(nlh, IN6_ADDR_GEN_MODE_NONE);
    return hd_rtnl_talk(nl, nlh);
}

/* Without IPv6, or with an MTU that is too small for it, none is given, and the
 * rest of the request may have been done or not. */
int hd_rtnl_join(struct hd_rtnl *nl, uint32_t index, uint32_t master,
                 uint32_t mtu)
{
    int rc = join(nl, index, master, mtu, true);

    return rc && errno == EAFNOSUPPORT ? join(nl, index, master, mtu, false)
                                       : rc;
}

int hd_rtnl_leave(struct hd_rtnl *nl, uint32_t index)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh = hd_rtnl_link(&req, RTM_SETLINK, 0, index);

    mnl_attr_put_u32(nlh, IFLA_MASTER, 0);
    return hd_rtnl_talk(nl, nlh);
}
