/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/net/port: real bridges and frames, in a network namespace
 * of its own. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/veth.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "../../pv-drivers/net/bridge.h"
#include "../../pv-drivers/net/links.h"
#include "../../pv-drivers/net/port.h"
#include "../../pv-drivers/net/rtnl.h"
#include "net_kit.h"
#include "unit.h"

#define BRIDGE "hdport"
#define TYPE   0x88b5 /* IEEE 802: for experiments */
#define SOON   300    /* ms in which a frame crosses a bridge */

/* The linker sends all calls of the program under test here (--wrap). */
struct mnl_socket *__real_mnl_socket_open2(int bus, int flags);
struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags);
ssize_t __real_mnl_socket_sendto(const struct mnl_socket *sock,
                                 const void *data, size_t len);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *sock,
                                 const void *data, size_t len);

static int sockets, requests; /* so far */

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags)
{
    sockets++;
    return __real_mnl_socket_open2(bus, flags);
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *sock,
                                 const void *data, size_t len)
{
    requests++;
    return __real_mnl_socket_sendto(sock, data, len);
}

static const uint8_t first[6] = {0x00, 0x16, 0x3e, 1, 1, 1};
static const uint8_t second[6] = {0x00, 0x16, 0x3e, 2, 2, 2};
static const uint8_t third[6] = {0x00, 0x16, 0x3e, 3, 3, 3};

/* A pair of interfaces: NAME is the host's end, NAMEg the guest's. */
static int make_pair(const char *name)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh =
        hd_rtnl_link(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
    struct nlattr *info, *data, *peer;
    hd_auto(hd_rtnl) nl = NULL;
    char guest[16];

    snprintf(guest, sizeof(guest), "%.12sg", name);
    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
    mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
    peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
    mnl_attr_put_strz(nlh, IFLA_IFNAME, guest);
    mnl_attr_nest_end(nlh, peer);
    mnl_attr_nest_end(nlh, data);
    mnl_attr_nest_end(nlh, info);
    return hd_rtnl_open(&nl, NULL) || hd_rtnl_talk(nl, nlh) ||
                   hd_rtnl_up(nl, if_nametoindex(guest))
               ? -1
               : 0;
}

static int guest_socket(const char *name)
{
    char guest[16];
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(TYPE)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(TYPE));

    snprintf(guest, sizeof(guest), "%.12sg", name);
    at.sll_ifindex = (int)if_nametoindex(guest);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)))
        return -1;
    return fd;
}

/* A guest sends a frame to everybody, from `mac`. */
static int send_from(int fd, const uint8_t mac[6])
{
    uint8_t frame[60] = {0};

    memset(frame, 0xff, 6);
    memcpy(frame + 6, mac, 6);
    frame[12] = TYPE >> 8;
    frame[13] = TYPE & 0xff;
    return write(fd, frame, sizeof(frame)) == sizeof(frame) ? 0 : -1;
}

/* Whose frame is the next, by the last byte of its address; 0: none came. */
static int heard(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    uint8_t frame[100];

    while (poll(&pfd, 1, SOON) == 1)
        if (read(fd, frame, sizeof(frame)) >= 14 && frame[0] == 0xff)
            return frame[11];
    return 0;
}

/* A bridge passes on what a port sends when it has noticed its carrier, which
 * takes up to a second; then nothing of it is left. */
static bool crosses(int from, const uint8_t mac[6], int to)
{
    bool crossed = false;

    for (int i = 0; i < 10 && !crossed; i++)
        crossed = !send_from(from, mac) && heard(to) == mac[5];
    while (heard(to))
        continue;
    return crossed;
}

static struct hd_port port_of(const char *name, const uint8_t mac[6])
{
    struct hd_port port = {.bridge = BRIDGE};

    snprintf(port.name, sizeof(port.name), "%s", name);
    memcpy(port.mac, mac, 6);
    return port;
}

/* Three guests on a bridge; `isolated` the first two of them. */
static const char *stand(bool isolated, int fds[3])
{
    static const char *const names[] = {"one", "two", "three"};
    const uint8_t *const macs[] = {first, second, third};
    struct hd_err err = {0};

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    for (int i = 0; i < 3; i++) {
        struct hd_port port = port_of(names[i], macs[i]);

        port.isolated = isolated && i < 2;
        if (make_pair(names[i]))
            return "skipped: this machine has no veth";
        EXPECT(!hd_port_join(&port, &err));
        fds[i] = guest_socket(names[i]);
        EXPECT(fds[i] >= 0);
    }
    return NULL;
}

static const char *spoof(void)
{
    int fds[3];
    const char *why = stand(false, fds);

    if (why)
        return why;
    EXPECT(crosses(fds[0], first, fds[1]));
    EXPECT(!send_from(fds[0], second));
    EXPECT(!heard(fds[1]));
    EXPECT(crosses(fds[1], second, fds[0]));
    return NULL;
}

static const char *isolate(void)
{
    int fds[3];
    const char *why = stand(true, fds);

    if (why)
        return why;
    /* The bridge passes on what they send, but not to each other. */
    EXPECT(crosses(fds[0], first, fds[2]));
    EXPECT(crosses(fds[2], third, fds[1]));
    while (heard(fds[1]))
        continue;
    EXPECT(!send_from(fds[0], first));
    EXPECT(!heard(fds[1]));
    return NULL;
}

/* A port of the bridge as another toolstack makes it: it learns. */
static const char *join_plain(const char *name, int *ret_fd)
{
    hd_auto(hd_rtnl) nl = NULL;
    uint32_t index;

    if (make_pair(name))
        return "skipped: this machine has no veth";
    EXPECT(!hd_rtnl_open(&nl, NULL));
    index = hd_rtnl_index(nl, name);
    EXPECT(!hd_rtnl_join(nl, index, hd_rtnl_index(nl, BRIDGE), 0));
    EXPECT(!hd_rtnl_up(nl, index));
    *ret_fd = guest_socket(name);
    return *ret_fd < 0 ? "no socket" : NULL;
}

static const char *refused(const char *name, const uint8_t mac[6],
                           const char *owner)
{
    struct hd_port port = port_of(name, mac);
    struct hd_err err = {0};

    if (make_pair(name))
        return "skipped: this machine has no veth";
    EXPECT(hd_port_join(&port, &err) && err.code == HD_E_BUSY);
    EXPECT(strstr(err.msg, owner));
    return NULL;
}

/* The bridge's own, which is else that of one of its ports. */
static int set_address(const uint8_t mac[6])
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh =
        hd_rtnl_link(&req, RTM_SETLINK, 0, if_nametoindex(BRIDGE));
    hd_auto(hd_rtnl) nl = NULL;

    mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
    return hd_rtnl_open(&nl, NULL) ? -1 : hd_rtnl_talk(nl, nlh);
}

/* A guest of ours, one of another toolstack's, and the bridge itself. */
static const char *steal(void)
{
    struct hd_port ours = port_of("vif1.0", first);
    struct hd_err err = {0};
    const char *why;
    int one, two;

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    if (make_pair("vif1.0"))
        return "skipped: this machine has no veth";
    EXPECT(!hd_port_join(&ours, &err));
    one = guest_socket("vif1.0");
    why = join_plain("vif2.0", &two);
    if (why)
        return why;
    EXPECT(crosses(one, first, two));
    EXPECT(crosses(two, second, one));
    why = refused("vif3.0", first, "is that of vif1.0");
    if (!why)
        why = refused("vif4.0", second, "is that of vif2.0");
    if (why)
        return why;
    EXPECT(!set_address(third));
    why = refused("vif5.0", third, "is that of " BRIDGE);
    if (why)
        return why;
    EXPECT(crosses(one, first, two));
    EXPECT(crosses(two, second, one));
    return NULL;
}

/* Of a store that was another host's a moment ago; and a guest's from then on,
 * whoever sends from it. */
static const char *arrive(void)
{
    struct hd_port port = port_of("vif1.0", first);
    struct hd_err err = {0};
    const char *why;
    int out, in;

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    if (make_pair("vif1.0"))
        return "skipped: this machine has no veth";
    why = join_plain("eth7", &out);
    if (why)
        return why;
    for (int i = 0; i < 3; i++) {
        EXPECT(!send_from(out, first));
        (void)heard(out);
    }
    EXPECT(!hd_port_join(&port, &err));
    in = guest_socket("vif1.0");
    EXPECT(crosses(in, first, out));
    EXPECT(!send_from(out, first));
    while (heard(in))
        continue;
    EXPECT(!send_from(in, first));
    EXPECT(heard(out) == first[5]);
    EXPECT(!hd_port_join(&port, &err)); /* once more: it has it */
    return NULL;
}

static void *end_soon(void *arg)
{
    struct hd_rtnl_request req;
    struct nlmsghdr *nlh;
    hd_auto(hd_rtnl) nl = NULL;

    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    nlh = hd_rtnl_link(&req, RTM_DELLINK, 0, if_nametoindex(arg));
    return hd_rtnl_open(&nl, NULL) || hd_rtnl_talk(nl, nlh) ? arg : NULL;
}

static const char *again(void)
{
    struct hd_port before = port_of("vif1.0", first);
    struct hd_port after = port_of("vif2.0", first);
    struct hd_err err = {0};
    pthread_t ender;
    void *failed;

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    if (make_pair("vif1.0") || make_pair("vif2.0"))
        return "skipped: this machine has no veth";
    EXPECT(!hd_port_join(&before, &err));
    EXPECT(!pthread_create(&ender, NULL, end_soon, (void *)"vif1.0"));
    EXPECT(!hd_port_join(&after, &err));
    EXPECT(!pthread_join(ender, &failed) && !failed);
    return NULL;
}

/* The second is too small for IPv6. */
static const char *mtu(void)
{
    static const int mtus[] = {1400, 1000};
    struct hd_port ports[] = {port_of("one", first), port_of("two", second)};
    struct hd_err err = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    for (int i = 0; i < 2; i++) {
        struct ifreq req = {0};

        if (make_pair(ports[i].name))
            return "skipped: this machine has no veth";
        ports[i].mtu = (uint32_t)mtus[i];
        EXPECT(!hd_port_join(&ports[i], &err));
        strcpy(req.ifr_name, ports[i].name);
        EXPECT(!ioctl(fd, SIOCGIFMTU, &req) && req.ifr_mtu == mtus[i]);
        EXPECT(!ioctl(fd, SIOCGIFFLAGS, &req) && req.ifr_flags & IFF_UP);
    }
    return NULL;
}

static bool addressed(const char *name)
{
    hd_autofree struct hd_link *links = NULL;
    size_t n;

    if (hd_links_list(&links, &n, NULL))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(links[i].name, name))
            return links[i].addressed;
    return false;
}

/* The guest's end has one as soon as both notice their carrier. */
static const char *keep_out(void)
{
    struct hd_port port = port_of("one", first);
    struct hd_err err = {0};

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    if (make_pair("one"))
        return "skipped: this machine has no veth";
    if (access("/proc/sys/net/ipv6/conf/oneg", F_OK))
        return "skipped: this machine has no IPv6";
    EXPECT(!hd_port_join(&port, &err));
    for (int i = 0; i < 50 && !addressed("oneg"); i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    EXPECT(addressed("oneg"));
    EXPECT(!addressed("one"));
    return NULL;
}

/* The two looked for, and the port enslaved, bound, addressed and raised. */
static const char *waits(void)
{
    struct hd_port port = port_of("one", first);
    struct hd_err err = {0};

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    if (make_pair("one"))
        return "skipped: this machine has no veth";
    port.mtu = 1400;
    sockets = requests = 0;
    EXPECT(!hd_port_join(&port, &err));
    EXPECT(sockets == 1);
    EXPECT(requests == 6);
    return NULL;
}

static const char *missing(void)
{
    struct hd_port port = port_of("none", first);
    struct hd_err err = {0};

    EXPECT(hd_port_join(&port, &err) && err.code == HD_E_NO_NETWORK);
    EXPECT(strstr(err.msg, "no bridge " BRIDGE));
    EXPECT(!hd_bridge_make(BRIDGE, &err));
    EXPECT(hd_port_join(&port, &err) && err.code == HD_E_FAILED);
    EXPECT(strstr(err.msg, "no interface none"));
    return NULL;
}

static void a_guest_that_takes_anothers_address_is_not_heard(void)
{
    net_kit_run(spoof);
}

static void an_address_that_another_guest_has_is_not_taken(void)
{
    net_kit_run(steal);
}

static void an_address_that_came_from_elsewhere_is_the_guests_and_stays(void)
{
    net_kit_run(arrive);
}

static void a_guest_that_ends_leaves_its_address_to_the_next(void)
{
    net_kit_run(again);
}

static void isolated_ports_do_not_hear_each_other(void)
{
    net_kit_run(isolate);
}

static void a_port_has_the_mtu_that_was_asked_for(void)
{
    net_kit_run(mtu);
}

static void a_port_gives_dom0_no_address(void)
{
    net_kit_run(keep_out);
}

static void a_port_joins_in_six_requests_over_one_socket(void)
{
    net_kit_run(waits);
}

static void *make_late(void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return make_pair(arg) ? arg : NULL;
}

static const char *late(void)
{
    const struct hd_port port = {
        .name = "late", .bridge = BRIDGE, .mac = {0x00, 0x16, 0x3e, 1, 1, 1}};
    struct hd_err err = {0};
    pthread_t maker;
    void *failed;

    EXPECT(!hd_bridge_make(BRIDGE, &err));
    EXPECT(!pthread_create(&maker, NULL, make_late, (void *)"late"));
    EXPECT(!hd_port_join(&port, &err));
    EXPECT(!pthread_join(maker, &failed) && !failed);
    return NULL;
}

static void an_interface_that_is_late_is_waited_for(void)
{
    net_kit_run(late);
}

static void what_is_missing_is_named(void)
{
    net_kit_run(missing);
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_that_takes_anothers_address_is_not_heard),
    HD_TEST(an_address_that_another_guest_has_is_not_taken),
    HD_TEST(an_address_that_came_from_elsewhere_is_the_guests_and_stays),
    HD_TEST(a_guest_that_ends_leaves_its_address_to_the_next),
    HD_TEST(isolated_ports_do_not_hear_each_other),
    HD_TEST(a_port_has_the_mtu_that_was_asked_for),
    HD_TEST(a_port_gives_dom0_no_address),
    HD_TEST(a_port_joins_in_six_requests_over_one_socket),
    HD_TEST(an_interface_that_is_late_is_waited_for),
    HD_TEST(what_is_missing_is_named),
};

HD_SUITE("net/port", tests);
