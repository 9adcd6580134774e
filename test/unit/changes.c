/* SPDX-License-Identifier: MIT */
/* Tests hv/host/changes, and the bell of pv-drivers/net/links. */
#include "../../hv/host/changes.h"

#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/net/links.h"
#include "net_kit.h"
#include "unit.h"

struct lines {
    size_t n;
    char text[64][200];
};

static void note(void *ctx, const char *what)
{
    struct lines *l = ctx;

    if (l->n < HD_ARRAY_LEN(l->text))
        snprintf(l->text[l->n], sizeof(l->text[0]), "%s", what);
    l->n++;
}

static void add_link(struct hd_inventory *inv, const char *name, uint32_t kind,
                     bool up)
{
    struct hd_host_link *l = &inv->links[inv->n_links++];

    snprintf(l->name, sizeof(l->name), "%s", name);
    l->kind = kind;
    l->up = up;
}

static void interfaces_come_go_and_lose_their_carrier(void)
{
    hd_autofree struct hd_inventory *a = calloc(1, sizeof(*a));
    hd_autofree struct hd_inventory *b = calloc(1, sizeof(*b));
    struct lines l = {0};

    add_link(a, "eth0", HD_LINK_ETHERNET, true);
    add_link(a, "eth1", HD_LINK_ETHERNET, false);
    add_link(a, "gone0", HD_LINK_OTHER, true);
    add_link(b, "eth0", HD_LINK_ETHERNET, false);
    add_link(b, "eth1", HD_LINK_ETHERNET, true);
    add_link(b, "xenbr1", HD_LINK_BRIDGE, false);
    hd_changes_between(a, b, note, &l);
    CU_ASSERT_EQUAL_FATAL(l.n, 4);
    CU_ASSERT_STRING_EQUAL(l.text[0], "network interface gone0 has gone");
    CU_ASSERT_STRING_EQUAL(l.text[1], "ethernet eth0 is down");
    CU_ASSERT_STRING_EQUAL(l.text[2], "ethernet eth1 is up");
    CU_ASSERT_STRING_EQUAL(l.text[3], "bridge xenbr1 has come");
}

static void a_host_that_stays_as_it_is_has_no_news(void)
{
    hd_autofree struct hd_inventory *a = calloc(1, sizeof(*a));
    struct lines l = {0};

    add_link(a, "eth0", HD_LINK_ETHERNET, true);
    a->n_usb = a->n_disks = 1;
    hd_changes_between(a, a, note, &l);
    CU_ASSERT_EQUAL(l.n, 0);
}

static void bridges_of_our_own_making_are_left_out(void)
{
    hd_autofree struct hd_inventory *a = calloc(1, sizeof(*a));
    hd_autofree struct hd_inventory *b = calloc(1, sizeof(*b));
    struct lines l = {0};

    add_link(b, "hd5c0e12ab0", HD_LINK_BRIDGE, true);
    add_link(b, "hd5c0e12ab15", HD_LINK_BRIDGE, true);
    hd_changes_between(a, b, note, &l);
    hd_changes_between(b, a, note, &l);
    CU_ASSERT_EQUAL(l.n, 0);
    add_link(b, "hdbridge0", HD_LINK_BRIDGE, true);
    hd_changes_between(a, b, note, &l);
    CU_ASSERT_EQUAL(l.n, 1);
}

/* The same socket, another device. */
static void a_usb_device_in_place_of_another_went_and_came(void)
{
    hd_autofree struct hd_inventory *a = calloc(1, sizeof(*a));
    hd_autofree struct hd_inventory *b = calloc(1, sizeof(*b));
    struct lines l = {0};

    a->n_usb = b->n_usb = 1;
    strcpy(a->usb[0].address, "1-2");
    strcpy(b->usb[0].address, "1-2");
    b->usb[0].vendor = 0x781;
    strcpy(b->usb[0].name, "Stick");
    b->n_disks = 1;
    strcpy(b->disks[0].name, "sdb");
    hd_changes_between(a, b, note, &l);
    CU_ASSERT_EQUAL_FATAL(l.n, 3);
    CU_ASSERT_STRING_EQUAL(l.text[0], "USB device 1-2 has gone");
    CU_ASSERT_STRING_EQUAL(l.text[1], "disk sdb has come");
    CU_ASSERT_STRING_EQUAL(l.text[2], "USB device 1-2 (Stick) has come");
}

static void a_flood_is_told_in_few_lines(void)
{
    hd_autofree struct hd_inventory *a = calloc(1, sizeof(*a));
    hd_autofree struct hd_inventory *b = calloc(1, sizeof(*b));
    struct lines l = {0};
    char name[16];

    for (int i = 0; i < HD_MAX_LINKS; i++) {
        snprintf(name, sizeof(name), "br%d", i);
        add_link(b, name, HD_LINK_BRIDGE, false);
    }
    hd_changes_between(a, b, note, &l);
    CU_ASSERT_EQUAL_FATAL(l.n, HD_CHANGES_TOLD + 1);
    CU_ASSERT_STRING_EQUAL(l.text[HD_CHANGES_TOLD],
                           "48 more devices have come or gone");
}

/* The kernel lets an interface be called nearly anything. */
static void odd_names_are_told_in_printable_text(void)
{
    hd_autofree struct hd_inventory *a = calloc(1, sizeof(*a));
    hd_autofree struct hd_inventory *b = calloc(1, sizeof(*b));
    struct lines l = {0};

    add_link(b, "\x1b[2J\xff", HD_LINK_BRIDGE, false);
    hd_changes_between(a, b, note, &l);
    CU_ASSERT_EQUAL_FATAL(l.n, 1);
    CU_ASSERT_STRING_EQUAL(l.text[0], "bridge ?[2J? has come");
}

static void a_look_at_an_unchanged_host_tells_nothing(void)
{
    hd_auto(hd_changes) changes = NULL;
    struct hd_err err = {0};
    struct lines l = {0};

    CHECK_OK(hd_changes_new(&changes, &err), &err);
    CHECK_OK(hd_changes_look(changes, note, &l, &err), &err);
    CU_ASSERT_EQUAL(l.n, 0);
}

/* Its own loopback, up and down. */
static const char *ring(unsigned times)
{
    struct ifreq lo = {.ifr_name = "lo"};
    struct pollfd p = {.events = POLLIN};
    struct hd_err err;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    EXPECT(s >= 0);
    EXPECT(!hd_links_subscribe(&p.fd, &err));
    EXPECT(!poll(&p, 1, 0));
    while (times--) {
        lo.ifr_flags ^= IFF_UP;
        EXPECT(!ioctl(s, SIOCSIFFLAGS, &lo));
    }
    EXPECT(poll(&p, 1, 5000) == 1);
    hd_io_drain(p.fd);
    EXPECT(!poll(&p, 1, 0));
    return NULL;
}

static const char *once(void)
{
    return ring(1);
}

static void a_link_that_changes_rings_until_it_was_heard(void)
{
    net_kit_run_unbridged(once);
}

/* Its socket holds about a hundred. */
static const char *often(void)
{
    return ring(2001);
}

static void changes_that_are_too_many_to_hear_ring_until_they_were_heard(void)
{
    net_kit_run_unbridged(often);
}

static const struct hd_test tests[] = {
    HD_TEST(interfaces_come_go_and_lose_their_carrier),
    HD_TEST(a_host_that_stays_as_it_is_has_no_news),
    HD_TEST(bridges_of_our_own_making_are_left_out),
    HD_TEST(a_usb_device_in_place_of_another_went_and_came),
    HD_TEST(a_flood_is_told_in_few_lines),
    HD_TEST(odd_names_are_told_in_printable_text),
    HD_TEST(a_look_at_an_unchanged_host_tells_nothing),
    HD_TEST(a_link_that_changes_rings_until_it_was_heard),
    HD_TEST(changes_that_are_too_many_to_hear_ring_until_they_were_heard),
};

HD_SUITE("host/changes", tests);
