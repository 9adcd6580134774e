/* SPDX-License-Identifier: MIT */
/* What a job may be asked for about a device of a guest that runs. */
#include "job_request_hot.h"

#include <stdbool.h>
#include <string.h>

#include "../../pv-drivers/block/vbd.h"

/* A plan that can be looked into: check_plan of job_request.c says the rest. */
static bool is_whole(const struct hd_job_request *req,
                     const struct hd_plan *plan)
{
    return plan && hd_plan_is_whole(plan, req->plan_size);
}

static bool is_of_guest(const struct hd_job_request *req,
                        const struct hd_step *step)
{
    return !strncmp(step->guest, req->guest, sizeof(req->guest));
}

/* Nothing of the store's, no domain, and one device. */
static bool attaches_one(const struct hd_job_request *req,
                         const struct hd_plan *plan)
{
    uint32_t devices = 0;

    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct hd_step *s = &plan->steps[i];
        bool device =
            s->kind == HD_STEP_ATTACH_BLOCK || s->kind == HD_STEP_ATTACH_NET;

        if (!is_of_guest(req, s) || (!device && s->kind != HD_STEP_TELL &&
                                     (s->kind != HD_STEP_OPEN_VOLUME ||
                                      (s->u.volume.target != HD_TARGET_RAM &&
                                       s->u.volume.target != HD_TARGET_DISK))))
            return false;
        devices += device;
    }
    return devices == 1;
}

static bool only_tells(const struct hd_job_request *req,
                       const struct hd_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_steps; i++)
        if (plan->steps[i].kind != HD_STEP_TELL ||
            !is_of_guest(req, &plan->steps[i]))
            return false;
    return true;
}

static bool device_ok(const struct hd_job_device *d)
{
    switch ((enum hd_job_what)d->what) {
    case HD_WHAT_HALF:
        return true;
    case HD_WHAT_DISK:
        return memchr(d->vdev, '\0', sizeof(d->vdev)) && hd_vbd_devid(d->vdev);
    case HD_WHAT_NIC:
        return !(d->mac[0] & 1);
    }
    return false;
}

int hd_job_request_check_hot(const struct hd_job_request *req,
                             const struct hd_plan *plan, struct hd_err *err)
{
    bool attach = req->op == HD_JOB_ATTACH;
    bool half = !attach && req->device.what == HD_WHAT_HALF;
    bool no_guest = !req->guest[0];

    if (req->n_files || req->n_headers || (no_guest && !half) ||
        !memchr(req->head.devname, '\0', sizeof(req->head.devname)) ||
        (!attach && !device_ok(&req->device)))
        return hd_fail(err, HD_E_FAILED,
                       "the job's request for a device is bad");
    if (no_guest ? plan || req->plan_size
                 : !is_whole(req, plan) || !(attach ? attaches_one(req, plan)
                                                    : only_tells(req, plan)))
        return hd_fail(err, HD_E_FAILED, "the job's plan is not of one device");
    return 0;
}
