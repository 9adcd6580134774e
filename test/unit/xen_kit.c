/* SPDX-License-Identifier: MIT */
/* Plays Xen and jobs for hotdomd; a job ends when its test says so. */
#include "xen_kit.h"

#include <stdio.h>
#include <string.h>

#include "../../hv/domain/domain.h"
#include "unit.h"

struct xen_kit xen_kit;

int __real_hd_domain_find(struct hd_hypervisor *hv, const struct hd_uuid *uuid,
                          struct hd_domain_status *ret, struct hd_err *err);
int __wrap_hd_domain_find(struct hd_hypervisor *hv, const struct hd_uuid *uuid,
                          struct hd_domain_status *ret, struct hd_err *err);
int __real_hd_domain_forget(struct hd_toolstack *ts,
                            const struct hd_xenbus_device *bus,
                            struct hd_err *err);
int __wrap_hd_domain_forget(struct hd_toolstack *ts,
                            const struct hd_xenbus_device *bus,
                            struct hd_err *err);
int __real_hd_domain_pause(struct hd_hypervisor *hv, uint32_t domid,
                           struct hd_err *err);
int __wrap_hd_domain_pause(struct hd_hypervisor *hv, uint32_t domid,
                           struct hd_err *err);
void __real_hd_domain_unlighten(struct hd_hypervisor *hv, uint32_t domid,
                                uint32_t weight);
void __wrap_hd_domain_unlighten(struct hd_hypervisor *hv, uint32_t domid,
                                uint32_t weight);
void __real_hd_domain_unslow(struct hd_hypervisor *hv, uint32_t domid);
void __wrap_hd_domain_unslow(struct hd_hypervisor *hv, uint32_t domid);
int __real_hd_report_start_task(struct hd_store *store,
                                struct hd_job_request *request,
                                const struct hd_plan *plan,
                                const struct hd_secret *password,
                                const struct hd_secret *new_password,
                                struct hd_err *err);
int __wrap_hd_report_start_task(struct hd_store *store,
                                struct hd_job_request *request,
                                const struct hd_plan *plan,
                                const struct hd_secret *password,
                                const struct hd_secret *new_password,
                                struct hd_err *err);
int __real_hd_start_unlock(struct hd_store *store, const char *user,
                           const struct hd_secret *password,
                           struct hd_err *err);
int __wrap_hd_start_unlock(struct hd_store *store, const char *user,
                           const struct hd_secret *password,
                           struct hd_err *err);
void __real_hd_task_kill(struct hd_task *task);
void __wrap_hd_task_kill(struct hd_task *task);
void __real_hd_record_boot(uv_loop_t *loop, const struct hd_uuid *id,
                           uint64_t generation);
void __wrap_hd_record_boot(uv_loop_t *loop, const struct hd_uuid *id,
                           uint64_t generation);

int __wrap_hd_domain_find(struct hd_hypervisor *hv, const struct hd_uuid *uuid,
                          struct hd_domain_status *ret, struct hd_err *err)
{
    uint8_t i = uuid->byte[0];

    if (!xen_kit.on)
        return __real_hd_domain_find(hv, uuid, ret, err);
    if (xen_kit.blind)
        return hd_fail(err, HD_E_NO_XEN, "Xen does not answer");
    *ret = (struct hd_domain_status){.state = xen_kit.states[i],
                                     .reason = xen_kit.reasons[i],
                                     .domid = xen_kit.domid + i};
    return 0;
}

int __wrap_hd_domain_pause(struct hd_hypervisor *hv, uint32_t domid,
                           struct hd_err *err)
{
    if (!xen_kit.on)
        return __real_hd_domain_pause(hv, domid, err);
    xen_kit.pauses++;
    xen_kit.paused = domid;
    return 0;
}

int __wrap_hd_domain_forget(struct hd_toolstack *ts,
                            const struct hd_xenbus_device *bus,
                            struct hd_err *err)
{
    if (!xen_kit.on)
        return __real_hd_domain_forget(ts, bus, err);
    if (xen_kit.fail_forget) {
        xen_kit.fail_forget--;
        return hd_fail(err, HD_E_FAILED, "cannot change the record");
    }
    xen_kit.forgotten++;
    snprintf(xen_kit.last, sizeof(xen_kit.last), "%.8s/%u", bus->class,
             bus->devid);
    return 0;
}

void __wrap_hd_domain_unlighten(struct hd_hypervisor *hv, uint32_t domid,
                                uint32_t weight)
{
    if (xen_kit.on)
        xen_kit.unlightened++;
    else if (hv)
        __real_hd_domain_unlighten(hv, domid, weight);
}

void __wrap_hd_domain_unslow(struct hd_hypervisor *hv, uint32_t domid)
{
    if (xen_kit.on)
        xen_kit.unslowed++;
    else if (hv)
        __real_hd_domain_unslow(hv, domid);
}

int __wrap_hd_report_start_task(struct hd_store *store,
                                struct hd_job_request *request,
                                const struct hd_plan *plan,
                                const struct hd_secret *password,
                                const struct hd_secret *new_password,
                                struct hd_err *err)
{
    struct hd_plan_view view = {.tables = ""};
    static char job;

    if (!xen_kit.on)
        return __real_hd_report_start_task(store, request, plan, password,
                                           new_password, err);
    xen_kit.asked = *request;
    (void)hd_plan_find_view(plan, request->guest, &view);
    snprintf(xen_kit.tables, sizeof(xen_kit.tables), "%s", view.tables);
    xen_kit.jobs++;
    store->task = (struct hd_task *)&job;
    store->op = (enum hd_job_op)request->op;
    strcpy(store->op_guest, request->guest);
    return 0;
}

int __wrap_hd_start_unlock(struct hd_store *store, const char *user,
                           const struct hd_secret *password, struct hd_err *err)
{
    if (!xen_kit.on)
        return __real_hd_start_unlock(store, user, password, err);
    snprintf(xen_kit.user, sizeof(xen_kit.user), "%s", user);
    xen_kit.unlocks++;
    return 0;
}

void __wrap_hd_task_kill(struct hd_task *task)
{
    if (xen_kit.on)
        xen_kit.kills++;
    else
        __real_hd_task_kill(task);
}

void __wrap_hd_record_boot(uv_loop_t *loop, const struct hd_uuid *id,
                           uint64_t generation)
{
    if (!xen_kit.on)
        __real_hd_record_boot(loop, id, generation);
}

void xen_kit_begin(struct kit_daemon *k)
{
    CU_ASSERT_TRUE_FATAL(k->store->n_guests <= XEN_KIT_DOMAINS);
    k->daemon.stopping = false;
    memset(&xen_kit, 0, sizeof(xen_kit));
    xen_kit.on = true;
    for (uint8_t i = 0; i < k->store->n_guests; i++) {
        k->guests[i].uuid.byte[0] = i;
        xen_kit.states[i] = HD_DOMAIN_RUNNING;
    }
}

void xen_kit_end(struct kit_daemon *k)
{
    xen_kit.on = false;
    k->daemon.stopping = true;
    if (k->daemon.stores.first)
        k->store->task = NULL;
}
