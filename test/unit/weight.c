/* SPDX-License-Identifier: MIT */
/* Tests weights and caps of hv/domain/status, on a Xen that has one domain. */
#include <stdbool.h>
#include <xenctrl.h>

#include "../../hv/domain/status.h"
#include "unit.h"

#define DOMID 7

/* The linker sends all calls of the program under test here (--wrap). */
xc_interface *__real_xc_interface_open(xentoollog_logger *logger,
                                       xentoollog_logger *dombuild_logger,
                                       unsigned open_flags);
xc_interface *__wrap_xc_interface_open(xentoollog_logger *logger,
                                       xentoollog_logger *dombuild_logger,
                                       unsigned open_flags);
int __real_xc_interface_close(xc_interface *xch);
int __wrap_xc_interface_close(xc_interface *xch);
int __wrap_xc_sched_id(xc_interface *xch, int *sched_id);
int __wrap_xc_sched_credit2_domain_get(xc_interface *xch, uint32_t domid,
                                       struct xen_domctl_sched_credit2 *sdom);
int __wrap_xc_sched_credit2_domain_set(xc_interface *xch, uint32_t domid,
                                       struct xen_domctl_sched_credit2 *sdom);

static struct {
    bool on;
    uint16_t weight, cap; /* of DOMID */
} xen;

static xc_interface *handle(void)
{
    return (xc_interface *)(void *)&xen;
}

xc_interface *__wrap_xc_interface_open(xentoollog_logger *logger,
                                       xentoollog_logger *dombuild_logger,
                                       unsigned open_flags)
{
    if (xen.on)
        return handle();
    return __real_xc_interface_open(logger, dombuild_logger, open_flags);
}

int __wrap_xc_interface_close(xc_interface *xch)
{
    return xch == handle() ? 0 : __real_xc_interface_close(xch);
}

int __wrap_xc_sched_id(xc_interface *xch, int *sched_id)
{
    (void)xch;
    *sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

int __wrap_xc_sched_credit2_domain_get(xc_interface *xch, uint32_t domid,
                                       struct xen_domctl_sched_credit2 *sdom)
{
    (void)xch;
    *sdom =
        (struct xen_domctl_sched_credit2){.weight = xen.weight, .cap = xen.cap};
    return domid == DOMID ? 0 : -1;
}

int __wrap_xc_sched_credit2_domain_set(xc_interface *xch, uint32_t domid,
                                       struct xen_domctl_sched_credit2 *sdom)
{
    (void)xch;
    if (domid != DOMID)
        return -1;
    xen.weight = sdom->weight;
    xen.cap = sdom->cap;
    return 0;
}

static struct hd_hypervisor *begin(uint16_t weight)
{
    struct hd_hypervisor *hv = NULL;
    struct hd_err err = {0};

    xen.on = true;
    xen.weight = weight;
    xen.cap = 0;
    CHECK_OK(hd_hypervisor_open(&hv, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hv);
    return hv;
}

static void end(struct hd_hypervisor *hv)
{
    hd_hypervisor_free(hv);
    xen.on = false;
}

static void a_domain_is_light_for_a_while_and_then_as_usual(void)
{
    struct hd_hypervisor *hv = begin(64);

    hd_domain_lighten(hv, DOMID, 64);
    CU_ASSERT_TRUE(xen.weight > 0 && xen.weight < 256 / 12);
    hd_domain_unlighten(hv, DOMID, 64);
    CU_ASSERT_EQUAL(xen.weight, 64);
    end(hv);
}

static void a_weight_that_a_person_gave_stays(void)
{
    static const uint16_t given[] = {1,  8,   10,  16,  20,   25,   32,
                                     63, 100, 128, 256, 1024, 65535};

    for (size_t i = 0; i < HD_ARRAY_LEN(given); i++) {
        struct hd_hypervisor *hv = begin(given[i]);

        hd_domain_lighten(hv, DOMID, 64);
        CU_ASSERT_EQUAL(xen.weight, given[i]);
        hd_domain_unlighten(hv, DOMID, 64);
        CU_ASSERT_EQUAL(xen.weight, given[i]);
        end(hv);
    }
}

static void a_domain_is_slow_until_it_is_not(void)
{
    struct hd_hypervisor *hv = begin(64);

    hd_domain_slow(hv, DOMID);
    CU_ASSERT_EQUAL(xen.cap, HD_DOMAIN_SLOW_PERCENT);
    CU_ASSERT_EQUAL(xen.weight, 64);
    hd_domain_unslow(hv, DOMID);
    CU_ASSERT_EQUAL(xen.cap, 0);
    CU_ASSERT_EQUAL(xen.weight, 64);
    end(hv);
}

static void a_cap_that_a_person_gave_stays(void)
{
    static const uint16_t given[] = {1, 5, 10, 50, 100, 250};

    for (size_t i = 0; i < HD_ARRAY_LEN(given); i++) {
        struct hd_hypervisor *hv = begin(64);

        xen.cap = given[i];
        hd_domain_slow(hv, DOMID);
        CU_ASSERT_EQUAL(xen.cap, given[i]);
        hd_domain_unslow(hv, DOMID);
        CU_ASSERT_EQUAL(xen.cap, given[i]);
        end(hv);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_domain_is_light_for_a_while_and_then_as_usual),
    HD_TEST(a_weight_that_a_person_gave_stays),
    HD_TEST(a_domain_is_slow_until_it_is_not),
    HD_TEST(a_cap_that_a_person_gave_stays),
};

HD_SUITE("domain/status", tests);
