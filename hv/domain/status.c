/* SPDX-License-Identifier: MIT */
/* A domain as Xen itself sees it; never touches what the toolstack keeps. */
#include "status.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <xenctrl.h>

#include "../../pv-drivers/base/io.h"

/* Domains asked for in one hypercall; Xen has room for 32752.  libxc keeps a
 * page for the answer, and maps more each time. */
#define BATCH (XC_PAGE_SIZE / sizeof(xc_domaininfo_t))

#define PAUSE_NS 2000000

struct hd_hypervisor {
    xc_interface *xch;
};

/* DOMID_FIRST_RESERVED (xen/xen.h): real domids are below. */
#define DOMIDS 0x7ff0u

static enum hd_domain_state state_of(uint32_t flags)
{
    if (flags & XEN_DOMINF_dying)
        return HD_DOMAIN_DYING;
    if (flags & XEN_DOMINF_shutdown)
        return HD_DOMAIN_SHUTDOWN;
    if (flags & XEN_DOMINF_paused)
        return HD_DOMAIN_PAUSED;
    return HD_DOMAIN_RUNNING;
}

static enum hd_domain_reason reason_of(uint32_t flags)
{
    unsigned code = flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

    /* The guest chooses the code: what Xen does not define is a crash. */
    return code <= HD_DOMAIN_SOFT_RESET ? (enum hd_domain_reason)code
                                        : HD_DOMAIN_CRASH;
}

static struct hd_domain_status status_of(const xc_domaininfo_t *info)
{
    struct hd_domain_status s = {
        .domid = info->domain,
        .state = state_of(info->flags),
        .reason = reason_of(info->flags),
        .memory = info->tot_pages * XC_PAGE_SIZE,
        .vcpus = info->nr_online_vcpus,
        .cpu_ns = info->cpu_time,
    };

    memcpy(s.uuid.byte, info->handle, sizeof(s.uuid.byte));
    return s;
}

/* Up to `max` domains from domid `first` on; gives their number or -1. */
static int batch(struct hd_hypervisor *hv, uint32_t first, unsigned max,
                 xc_domaininfo_t *infos, struct hd_err *err)
{
    int n;

    if (first >= DOMIDS)
        return 0;
    n = xc_domain_getinfolist(hv->xch, first, max, infos);
    if (n < 0)
        return hd_fail_errno(err, HD_E_FAILED, "xen does not list its domains");
    return n;
}

/* libxc's own logger prints on stderr; errno says as much. */
static void drop_message(struct xentoollog_logger *logger,
                         xentoollog_level level, int errnoval,
                         const char *context, const char *format, va_list al)
{
    (void)logger, (void)level, (void)errnoval, (void)context, (void)format,
        (void)al;
}

static void keep_logger(struct xentoollog_logger *logger)
{
    (void)logger;
}

int hd_hypervisor_open(struct hd_hypervisor **ret, struct hd_err *err)
{
    static struct xentoollog_logger quiet = {.vmessage = drop_message,
                                             .destroy = keep_logger};
    hd_auto(hd_hypervisor) hv = calloc(1, sizeof(*hv));

    if (!hv)
        return hd_fail_errno(err, HD_E_FAILED, "open xen");
    hv->xch = xc_interface_open(&quiet, &quiet, 0);
    if (!hv->xch)
        return hd_fail_errno(err, HD_E_NO_XEN, "xen does not answer");
    *ret = hd_steal(&hv);
    return 0;
}

void hd_hypervisor_free(struct hd_hypervisor *hv)
{
    if (!hv)
        return;
    xc_interface_close(hv->xch);
    free(hv);
}

int hd_domain_status(struct hd_hypervisor *hv, uint32_t domid,
                     struct hd_domain_status *ret, struct hd_err *err)
{
    xc_domaininfo_t info;
    int n = batch(hv, domid, 1, &info, err);

    if (n < 0)
        return -1;
    /* Xen answers with the next domain when this one is not there. */
    if (n > 0 && info.domain == domid)
        *ret = status_of(&info);
    else
        *ret = (struct hd_domain_status){.domid = domid};
    return 0;
}

int hd_domain_each(struct hd_hypervisor *hv, hd_domain_fn *fn, void *ctx,
                   struct hd_err *err)
{
    xc_domaininfo_t infos[BATCH];
    uint32_t next = 1;
    int n;

    while ((n = batch(hv, next, BATCH, infos, err)) > 0) {
        for (int i = 0; i < n; i++) {
            struct hd_domain_status status = status_of(&infos[i]);

            fn(ctx, &status);
        }
        next = infos[n - 1].domain + 1;
    }
    return n;
}

/* In place of one that is not there, or dies. */
static void keep(void *ctx, const struct hd_domain_status *status)
{
    struct hd_domain_status *found = ctx;

    if (hd_uuid_equal(&status->uuid, &found->uuid) &&
        (found->state == HD_DOMAIN_GONE || found->state == HD_DOMAIN_DYING))
        *found = *status;
}

int hd_domain_find(struct hd_hypervisor *hv, const struct hd_uuid *uuid,
                   struct hd_domain_status *ret, struct hd_err *err)
{
    struct hd_domain_status found = {.uuid = *uuid};

    if (hd_domain_each(hv, keep, &found, err))
        return -1;
    *ret = found;
    return 0;
}

static int done(int rc, const char *verb, uint32_t domid, struct hd_err *err)
{
    if (!rc)
        return 0;
    return hd_fail_errno(err, HD_E_FAILED, "cannot %s domain %u", verb, domid);
}

int hd_domain_has_memory_map(struct hd_hypervisor *hv, uint32_t domid,
                             struct hd_err *err)
{
    xen_pfn_t last = 0;

    if (xc_domain_maximum_gpfn(hv->xch, domid, &last))
        return done(-1, "look at", domid, err);
    return last > 0;
}

int hd_domain_pause(struct hd_hypervisor *hv, uint32_t domid,
                    struct hd_err *err)
{
    return done(xc_domain_pause(hv->xch, domid), "pause", domid, err);
}

int hd_domain_unpause(struct hd_hypervisor *hv, uint32_t domid,
                      struct hd_err *err)
{
    return done(xc_domain_unpause(hv->xch, domid), "start", domid, err);
}

/* ---- the scheduler */

/* By its weight a light domain is known, to the next hotdomd as well: a number
 * that people do not choose. */
#define LIGHT 17

/* What both credit schedulers know of a domain. */
enum share { WEIGHT, CAP };

static bool change(uint16_t *share, uint16_t from, uint16_t to)
{
    if (*share != from)
        return false;
    *share = to;
    return true;
}

static void share2(xc_interface *xch, uint32_t domid, enum share what,
                   uint16_t from, uint16_t to)
{
    struct xen_domctl_sched_credit2 s;

    if (!xc_sched_credit2_domain_get(xch, domid, &s) &&
        change(what == CAP ? &s.cap : &s.weight, from, to))
        (void)xc_sched_credit2_domain_set(xch, domid, &s);
}

static void share1(xc_interface *xch, uint32_t domid, enum share what,
                   uint16_t from, uint16_t to)
{
    struct xen_domctl_sched_credit s;

    if (!xc_sched_credit_domain_get(xch, domid, &s) &&
        change(what == CAP ? &s.cap : &s.weight, from, to))
        (void)xc_sched_credit_domain_set(xch, domid, &s);
}

static void share(struct hd_hypervisor *hv, uint32_t domid, enum share what,
                  uint32_t from, uint32_t to)
{
    int scheduler;

    if (xc_sched_id(hv->xch, &scheduler))
        return;
    if (scheduler == XEN_SCHEDULER_CREDIT2)
        share2(hv->xch, domid, what, (uint16_t)from, (uint16_t)to);
    else if (scheduler == XEN_SCHEDULER_CREDIT)
        share1(hv->xch, domid, what, (uint16_t)from, (uint16_t)to);
}

void hd_domain_lighten(struct hd_hypervisor *hv, uint32_t domid,
                       uint32_t weight)
{
    share(hv, domid, WEIGHT, weight, LIGHT);
}

void hd_domain_unlighten(struct hd_hypervisor *hv, uint32_t domid,
                         uint32_t weight)
{
    share(hv, domid, WEIGHT, LIGHT, weight);
}

/* A cap of 0 is none. */
void hd_domain_slow(struct hd_hypervisor *hv, uint32_t domid)
{
    share(hv, domid, CAP, 0, HD_DOMAIN_SLOW_PERCENT);
}

void hd_domain_unslow(struct hd_hypervisor *hv, uint32_t domid)
{
    share(hv, domid, CAP, HD_DOMAIN_SLOW_PERCENT, 0);
}

/* ---- the end */

int hd_domain_kill(struct hd_hypervisor *hv, uint32_t domid, struct hd_err *err)
{
    return done(xc_domain_destroy(hv->xch, domid), "destroy", domid, err);
}

int hd_domain_wait_gone(struct hd_hypervisor *hv, uint32_t domid,
                        uint64_t deadline_ms, struct hd_err *err)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct hd_domain_status status;

    for (;;) {
        if (hd_domain_status(hv, domid, &status, err))
            return -1;
        if (status.state == HD_DOMAIN_GONE)
            return 0;
        if (!hd_io_left_ms(deadline_ms))
            return hd_fail(err, HD_E_TIMEOUT,
                           "domain %u is destroyed but not gone; a backend "
                           "holds its memory",
                           domid);
        nanosleep(&pause, NULL);
    }
}
