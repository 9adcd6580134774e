/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/nics: interfaces of the running kernel. */
#include "../../dom-guest/nics.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../dom-guest/altname.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/net/bridge.h"
#include "net_kit.h"
#include "unit.h"

static const struct hd_promise eth0 = {
    .name = "eth0", .is_nic = true, .mac = {0, 0x16, 0x3e, 0, 0, 10}};
static const struct hd_promise eth1 = {
    .name = "eth1", .is_nic = true, .mac = {0, 0x16, 0x3e, 0, 0, 11}};
static const struct hd_promise long_name = {.name =
                                                "a-name-of-more-than-fifteen",
                                            .is_nic = true,
                                            .mac = {0, 0x16, 0x3e, 0, 0, 10}};
static const struct hd_promise disk = {.name = "root", .device = "xvda"};

static bool call(unsigned long what, const char *name, struct ifreq *r)
{
    hd_autofd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    strcpy(r->ifr_name, name);
    return !ioctl(sock, what, r);
}

static bool up(const char *name, bool is)
{
    struct ifreq r = {.ifr_flags = is ? IFF_UP : 0};

    return call(SIOCSIFFLAGS, name, &r);
}

/* An interface that can be made without a module: a bridge, which is up from
 * then on. */
static bool make(const char *name, const struct hd_promise *as)
{
    struct ifreq r = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
    struct hd_err err;

    memcpy(r.ifr_hwaddr.sa_data, as->mac, 6);
    return !hd_bridge_make(name, &err) && call(SIOCSIFHWADDR, name, &r) &&
           up(name, false);
}

/* Whatever it is called besides. */
static bool bears(const char *name, const struct hd_promise *as)
{
    struct ifreq r = {0};

    return call(SIOCGIFHWADDR, name, &r) &&
           !memcmp(r.ifr_hwaddr.sa_data, as->mac, 6);
}

static bool name_both(size_t named, enum hd_code code)
{
    const struct hd_promise both[] = {disk, eth0, eth1};
    struct hd_err err;

    return hd_nics_name(both, 3, hd_io_now_ms() + 100, &err) == named &&
           err.code == (int)code;
}

static const char *an_interface(void)
{
    EXPECT(make("enX3", &eth0) && make("enX4", &eth1));
    EXPECT(name_both(2, 0));
    EXPECT(bears("eth0", &eth0) && bears("eth1", &eth1));
    /* And again, as when the host says something new. */
    EXPECT(name_both(2, 0));
    EXPECT(!if_nametoindex("enX3") && !if_nametoindex("eth2"));
    return NULL;
}

static void an_interface_is_found_by_its_mac_and_named(void)
{
    net_kit_run(an_interface);
}

static const char *swapped(void)
{
    EXPECT(make("eth0", &eth1) && make("eth1", &eth0));
    EXPECT(name_both(2, 0));
    EXPECT(bears("eth0", &eth0) && bears("eth1", &eth1));
    EXPECT(!if_nametoindex("eth2"));
    return NULL;
}

static void two_that_have_each_others_name_change_it(void)
{
    net_kit_run(swapped);
}

static const char *one_of_no_promise(void)
{
    const struct hd_promise own = {.mac = {2, 0, 0, 0, 0, 1}};

    EXPECT(make("eth0", &own) && make("enX0", &eth0) && make("enX1", &eth1));
    EXPECT(name_both(2, 0));
    EXPECT(bears("eth0", &eth0) && bears("eth1", &eth1));
    EXPECT(bears("eth2", &own) || bears("eth3", &own));
    return NULL;
}

static void the_guests_own_makes_room(void)
{
    net_kit_run(one_of_no_promise);
}

static const char *one_that_is_up(void)
{
    EXPECT(make("enX3", &eth0) && make("enX4", &eth1) && up("enX3", true));
    EXPECT(name_both(2, 0));
    EXPECT(bears("enX3", &eth0) && bears("eth0", &eth0));
    EXPECT(name_both(2, 0));
    EXPECT(up("enX3", false) && name_both(2, 0) && bears("eth0", &eth0));
    return NULL;
}

static void one_that_is_up_gets_the_name_beside_its_own(void)
{
    net_kit_run(one_that_is_up);
}

static const char *another_that_is_up(void)
{
    EXPECT(make("eth0", &eth1) && make("eth1", &eth0) && up("eth0", true));
    EXPECT(name_both(0, HD_E_FAILED));
    EXPECT(bears("eth0", &eth1) && bears("eth1", &eth0));
    EXPECT(up("eth1", true) && name_both(0, HD_E_FAILED));
    return NULL;
}

static void the_name_of_one_that_is_up_is_left_alone(void)
{
    net_kit_run(another_that_is_up);
}

static const char *none(void)
{
    EXPECT(make("enX4", &eth1));
    EXPECT(name_both(1, HD_E_NO_DEVICE));
    EXPECT(bears("eth1", &eth1));
    return NULL;
}

static void one_that_does_not_come_holds_up_no_other(void)
{
    net_kit_run(none);
}

static const char *long_one(void)
{
    struct hd_err err;

    EXPECT(make("enX3", &eth0) && make("enX4", &eth1));
    for (int i = 0; i < 2; i++)
        EXPECT(hd_nics_name(&long_name, 1, 0, &err) == 1 && !err.code);
    EXPECT(bears("enX3", &eth0));
    /* It is another's now. */
    EXPECT(hd_altname_add(if_nametoindex("enX4"), long_name.name, &err));
    EXPECT(err.sys == EEXIST);
    return NULL;
}

static void a_name_that_is_too_long_for_one_is_beside_it(void)
{
    net_kit_run(long_one);
}

static const char *second_name(void)
{
    struct hd_err err;

    EXPECT(make("enX3", &eth0) && make("enX4", &eth1));
    EXPECT(!hd_altname_add(if_nametoindex("enX4"), "eth0", &err));
    EXPECT(hd_nics_name(&eth0, 1, 0, &err) == 0 && err.sys == EEXIST);
    EXPECT(bears("enX3", &eth0) && bears("enX4", &eth1));
    return NULL;
}

static void one_whose_second_name_it_is_keeps_both(void)
{
    net_kit_run(second_name);
}

/* The kernel runs modprobe(8) for a name that is not there: half a second in a
 * young guest. */
static bool forbid_ioctl(unsigned long what)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    bool done = ctx &&
                !seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(ioctl),
                                  1, SCMP_A1(SCMP_CMP_EQ, what)) &&
                !seccomp_load(ctx);

    seccomp_release(ctx);
    return done;
}

static const char *names_by_netlink(void)
{
    EXPECT(make("enX3", &eth0) && make("enX4", &eth1));
    EXPECT(forbid_ioctl(SIOCGIFINDEX));
    EXPECT(name_both(2, 0) && name_both(2, 0));
    EXPECT(bears("eth0", &eth0) && bears("eth1", &eth1));
    return NULL;
}

static void no_program_is_run_for_a_name_that_nobody_has(void)
{
    net_kit_run(names_by_netlink);
}

static const struct hd_test tests[] = {
    HD_TEST(an_interface_is_found_by_its_mac_and_named),
    HD_TEST(two_that_have_each_others_name_change_it),
    HD_TEST(the_guests_own_makes_room),
    HD_TEST(one_that_is_up_gets_the_name_beside_its_own),
    HD_TEST(the_name_of_one_that_is_up_is_left_alone),
    HD_TEST(one_that_does_not_come_holds_up_no_other),
    HD_TEST(a_name_that_is_too_long_for_one_is_beside_it),
    HD_TEST(one_whose_second_name_it_is_keeps_both),
    HD_TEST(no_program_is_run_for_a_name_that_nobody_has),
};

HD_SUITE("dom-guest/nics", tests);
