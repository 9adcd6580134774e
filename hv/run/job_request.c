/* SPDX-License-Identifier: MIT */
/* The job's side of struct hd_job_request: takes it in and checks it; never
 * acts on it. */
#include "job_request.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/tables.h"
#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/net/vif_hotplug.h"
#include "../plan/plan_text.h"
#include "../store/auth.h"
#include "job_request_end.h"
#include "job_request_hot.h"

#define SECTOR     512u
#define OFFSET_MAX (64ull << 20) /* as in the manifest */
#define DM         "hotdom-"
#define BRIDGE     "hd"
#define NAME       "abcdefghijklmnopqrstuvwxyz0123456789._-"
#define KEY        "abcdefghijklmnopqrstuvwxyz0123456789_-"
#define DISK       "abcdefghijklmnopqrstuvwxyz0123456789"
#define TTY        DISK "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define USB        "0123456789-."
#define PIXELS_MAX 16384 /* of a display, in each direction */

static bool consists_of(const char *s, size_t size, const char *letters)
{
    size_t len = strnlen(s, size);

    return len > 0 && len < size && strspn(s, letters) == len;
}

bool hd_job_request_is_name(const char *s, size_t size)
{
    return consists_of(s, size, NAME);
}

static bool is_dm_name(const char *s)
{
    return consists_of(s, HD_DM_NAME_SIZE, NAME "+") &&
           !strncmp(s, DM, sizeof(DM) - 1);
}

/* Names between slashes, of the characters that xenstore takes. */
static bool is_path(const char *s, size_t size)
{
    size_t len = strnlen(s, size);

    return consists_of(s, size, KEY "@/") && s[0] != '/' && s[len - 1] != '/' &&
           !strstr(s, "//");
}

static bool is_text(const char *s, size_t size)
{
    size_t len = strnlen(s, size);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return false;
    return len < size;
}

static bool luks_ok(const struct hd_luks *luks)
{
    return !hd_uuid_is_zero(&luks->uuid) &&
           luks->offset >= HD_LUKS_OFFSET_OTHER && luks->offset <= OFFSET_MAX &&
           !(luks->offset % SECTOR);
}

static bool target_ok(const struct hd_job_request *req,
                      const struct hd_step_volume *v)
{
    uint64_t blocks = v->length / HD_VERITY_BLOCK;

    switch ((enum hd_step_target)v->target) {
    case HD_TARGET_LINEAR:
        return true;
    case HD_TARGET_RAM:
        return !v->start && v->mode == HD_MODE_RW;
    case HD_TARGET_DISK:
        return !v->start && consists_of(v->disk, sizeof(v->disk), DISK) &&
               v->diskseq && v->diskseq != req->head.diskseq;
    case HD_TARGET_HOLD:
        return is_dm_name(v->over) && !v->start && v->mode == HD_MODE_RW;
    case HD_TARGET_CRYPT:
        return v->header < req->n_headers && luks_ok(&v->luks) &&
               v->luks.offset < v->length && v->discard <= 1;
    case HD_TARGET_VERITY:
        return is_dm_name(v->over) && v->mode == HD_MODE_RO &&
               v->verity.blocks && v->verity.blocks <= blocks &&
               hd_verity_tree_size(v->verity.blocks) <=
                   (blocks - v->verity.blocks) * HD_VERITY_BLOCK;
    }
    return false;
}

static bool volume_ok(const struct hd_job_request *req,
                      const struct hd_step *step)
{
    const struct hd_step_volume *v = &step->u.volume;

    return is_dm_name(v->dm_name) && v->length && !(v->start % SECTOR) &&
           !(v->length % SECTOR) && v->start <= INT64_MAX - v->length &&
           v->length <= INT64_MAX && v->mode <= HD_MODE_RO && target_ok(req, v);
}

/* In range, so that every number is as it will be written. */
static bool is_pci(const struct hd_pci *pci)
{
    return pci->domain <= 0xffff && pci->bus <= 0xff && pci->device <= 0x1f &&
           pci->function <= 7;
}

static bool pci_ok(const struct hd_step_domain *d)
{
    if (d->n_pci > HD_MAX_GUEST_PCI)
        return false;
    for (uint32_t i = 0; i < d->n_pci; i++)
        if (!is_pci(&d->pci[i]))
            return false;
    return true;
}

static bool after_ok(const struct hd_step_domain *d)
{
    if (d->n_after > HD_MAX_AFTER)
        return false;
    for (uint32_t i = 0; i < d->n_after; i++)
        if (!hd_job_request_is_name(d->after[i].name, sizeof(d->after[i].name)))
            return false;
    return true;
}

static bool domain_ok(const struct hd_job_request *req,
                      const struct hd_step *step)
{
    const struct hd_step_domain *d = &step->u.domain;

    return hd_job_request_is_name(d->name, sizeof(d->name)) &&
           !hd_uuid_is_zero(&d->uuid) && d->kernel < req->n_files &&
           d->ramdisk >= -1 && d->ramdisk < (int64_t)req->n_files &&
           d->vcpus >= 1 && d->vcpus <= 512 && d->weight >= 1 &&
           d->weight <= 65535 && d->memory >= 1 << 20 &&
           d->memory <= INT64_MAX && !d->width == !d->height &&
           d->on_poweroff < HD_END_COUNT && d->on_reboot < HD_END_COUNT &&
           d->on_crash < HD_END_COUNT && d->width <= PIXELS_MAX &&
           d->height <= PIXELS_MAX && pci_ok(d) && after_ok(d);
}

static bool seize_ok(const struct hd_job_request *req,
                     const struct hd_step *step)
{
    (void)req;
    return is_pci(&step->u.pci.at);
}

static bool block_ok(const struct hd_job_request *req,
                     const struct hd_step *step)
{
    const struct hd_step_block *b = &step->u.block;

    (void)req;
    return is_dm_name(b->dm_name) && b->mode <= HD_MODE_RO &&
           hd_vbd_devid(b->as);
}

/* An interface in dom0, so not one of any characters. */
static bool is_our_bridge(const char name[16])
{
    return consists_of(name, 16, KEY) &&
           !strncmp(name, BRIDGE, sizeof(BRIDGE) - 1);
}

static bool bridge_ok(const struct hd_job_request *req,
                      const struct hd_step *step)
{
    (void)req;
    return is_our_bridge(step->u.bridge.name);
}

static bool port_ok(const struct hd_job_request *req,
                    const struct hd_step *step)
{
    const struct hd_step_port *p = &step->u.port;

    (void)req;
    return is_our_bridge(p->bridge) &&
           strnlen(p->name, sizeof(p->name)) < sizeof(p->name) &&
           !hd_vif_hotplug_check(p->name, NULL) && p->index;
}

static bool console_ok(const struct hd_job_request *req,
                       const struct hd_step *step)
{
    const struct hd_step_console *c = &step->u.console;

    (void)req;
    return c->devid >= 1 && c->devid <= HD_MAX_CONSOLES && c->speed &&
           consists_of(c->tty, sizeof(c->tty), TTY) &&
           consists_of(c->usb, sizeof(c->usb), USB);
}

static bool files_ok(const struct hd_job_request *req,
                     const struct hd_step *step)
{
    const struct hd_step_files *f = &step->u.files;

    (void)req;
    return hd_job_request_is_name(f->name, sizeof(f->name));
}

/* What it serves is behind the steps. */
static bool view_ok(const struct hd_plan *plan, const struct hd_step *step)
{
    hd_auto(hd_tables) tables = NULL;
    hd_auto(hd_tables) shown = NULL;
    struct hd_plan_view v;

    if (!hd_step_is_view(step))
        return true;
    v = hd_plan_view(plan, step);
    return strlen(v.tables) < HD_VIEW_TEXT && strlen(v.shown) < HD_SHOWN_TEXT &&
           !hd_tables_parse(v.tables, &tables, NULL) &&
           !hd_tables_parse(v.shown, &shown, NULL);
}

static bool cmdline_ok(const struct hd_plan *plan, const struct hd_step *step)
{
    return step->kind != HD_STEP_BUILD_DOMAIN ||
           (hd_plan_has_cmdline(plan, step) &&
            is_text(hd_plan_cmdline(plan, step), HD_CMDLINE_SIZE));
}

static bool tell_ok(const struct hd_job_request *req,
                    const struct hd_step *step)
{
    const struct hd_step_tell *t = &step->u.tell;

    (void)req;
    return is_path(t->path, sizeof(t->path)) &&
           is_text(t->value, sizeof(t->value));
}

static bool limits_ok(const struct hd_net_limits *l)
{
    return l->rate <= HD_NET_RATE_MAX && l->isolated <= 1 &&
           (!l->mtu || (l->mtu >= HD_NET_MTU_MIN && l->mtu <= HD_NET_MTU_MAX));
}

static bool net_ok(const struct hd_job_request *req, const struct hd_step *step)
{
    const struct hd_step_net *n = &step->u.net;

    (void)req;
    return strnlen(n->bridge, sizeof(n->bridge)) < sizeof(n->bridge) &&
           !hd_vif_hotplug_check(n->bridge, NULL) &&
           n->devid < HD_MAX_GUEST_NICS && !(n->mac[0] & 1) &&
           limits_ok(&n->limits);
}

static bool start_ok(const struct hd_job_request *req,
                     const struct hd_step *step)
{
    (void)req, (void)step;
    return true;
}

static bool (*const checks[])(const struct hd_job_request *,
                              const struct hd_step *) = {
    [HD_STEP_OPEN_VOLUME] = volume_ok,
    [HD_STEP_BUILD_DOMAIN] = domain_ok,
    [HD_STEP_ATTACH_BLOCK] = block_ok,
    [HD_STEP_ATTACH_NET] = net_ok,
    [HD_STEP_START_DOMAIN] = start_ok,
    [HD_STEP_MAKE_BRIDGE] = bridge_ok,
    [HD_STEP_TELL] = tell_ok,
    [HD_STEP_ADD_PORT] = port_ok,
    [HD_STEP_SEIZE_PCI] = seize_ok,
    [HD_STEP_SERVE_CONSOLE] = console_ok,
    [HD_STEP_ATTACH_CONSOLE] = console_ok,
    [HD_STEP_SERVE_FILES] = files_ok,
    [HD_STEP_ATTACH_FILES] = files_ok,
};

/* A header is one volume's, and a volume one guest's; step.c relies on it. */
static bool headers_differ(const struct hd_plan *plan)
{
    bool used[HD_MAX_LUKS] = {false};

    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct hd_step_volume *v = &plan->steps[i].u.volume;

        if (plan->steps[i].kind != HD_STEP_OPEN_VOLUME ||
            v->target != HD_TARGET_CRYPT)
            continue;
        if (used[v->header])
            return false;
        used[v->header] = true;
    }
    return true;
}

static int check_plan(const struct hd_job_request *req,
                      const struct hd_plan *plan, struct hd_err *err)
{
    if (!plan || !hd_job_request_is_name(plan->label, sizeof(plan->label)) ||
        !hd_uuid_equal(&plan->store, &req->store) ||
        !hd_plan_is_whole(plan, req->plan_size))
        return hd_fail(err, HD_E_FAILED, "the job's plan is bad");
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct hd_step *step = &plan->steps[i];

        if (step->kind >= HD_ARRAY_LEN(checks) ||
            !hd_job_request_is_name(step->guest, sizeof(step->guest)) ||
            !checks[step->kind](req, step) || !view_ok(plan, step) ||
            !cmdline_ok(plan, step))
            return hd_fail(err, HD_E_FAILED, "step %u of the job's plan is bad",
                           i + 1);
    }
    if ((plan->luks.offset && !luks_ok(&plan->luks)) || !headers_differ(plan))
        return hd_fail(err, HD_E_FAILED, "the plan's LUKS2 headers are bad");
    return 0;
}

static int check_ask(const struct hd_job_request *req, struct hd_err *err)
{
    switch ((enum hd_job_ask)req->ask) {
    case HD_ASK_NOTHING:
        return 0;
    case HD_ASK_VERIFIER:
        if (req->auth.n < HD_SCRYPT_N_MIN || req->auth.n > HD_SCRYPT_N_MAX)
            return hd_fail(err, HD_E_FAILED, "the job's verifier is bad");
        return 0;
    case HD_ASK_KEYSLOT:
        if (req->keyslot >= HD_LUKS_KEYSLOTS || !req->n_headers)
            return hd_fail(err, HD_E_FAILED, "the job's keyslot is bad");
        return 0;
    }
    return hd_fail(err, HD_E_FAILED, "the job asks for nothing known");
}

static int check_start(const struct hd_job_request *req,
                       const struct hd_plan *plan, struct hd_err *err)
{
    if (req->n_files > HD_MAX_FILES || req->n_headers > HD_MAX_LUKS ||
        !hd_uuid_equal(&req->head.store, &req->store) ||
        !hd_job_request_is_name(req->head.label, sizeof(req->head.label)) ||
        !is_text(req->head.devname, sizeof(req->head.devname)))
        return hd_fail(err, HD_E_FAILED, "the job's request to start is bad");
    if (check_ask(req, err) || check_plan(req, plan, err))
        return -1;
    if (req->ask == HD_ASK_KEYSLOT && !plan->luks.offset)
        return hd_fail(err, HD_E_FAILED, "the plan has no key volume");
    return 0;
}

static int check_keys(const struct hd_job_request *req, struct hd_err *err)
{
    const struct hd_luks_change *k = &req->keys;

    if (req->ask != HD_ASK_KEYSLOT || req->n_headers != 1 || req->n_files ||
        k->action > HD_KEYS_REMOVE ||
        !hd_job_request_is_name(k->user, sizeof(k->user)) ||
        k->start % SECTOR || k->start > INT64_MAX - OFFSET_MAX ||
        !luks_ok(&k->luks) ||
        !is_text(req->head.devname, sizeof(req->head.devname)))
        return hd_fail(err, HD_E_FAILED, "the job's request for keys is bad");
    if (k->action != HD_KEYS_REMOVE &&
        !hd_luks_kdf_bounded(k->cost.memory_kib, k->cost.time, k->cost.lanes))
        return hd_fail(err, HD_E_FAILED, "the cost of the job's key is bad");
    return check_ask(req, err);
}

/* Nobody was asked for a password, so it opens and starts nothing. */
static int check_build(const struct hd_job_request *req,
                       const struct hd_plan *plan, struct hd_err *err)
{
    if (req->ask != HD_ASK_NOTHING || req->n_headers || req->built ||
        check_start(req, plan, err))
        return hd_fail(err, HD_E_FAILED, "the job's request to build is bad");
    for (uint32_t i = 0; i < plan->n_steps; i++)
        if (plan->steps[i].kind != HD_STEP_BUILD_DOMAIN)
            return hd_fail(err, HD_E_FAILED, "a job that builds does no %s",
                           hd_step_kind_name(plan->steps[i].kind));
    return 0;
}

static int check_restart(const struct hd_job_request *req,
                         const struct hd_plan *plan, struct hd_err *err)
{
    if (req->ask != HD_ASK_NOTHING || req->n_headers || req->built ||
        !*req->guest || check_start(req, plan, err) || !plan->n_steps)
        return hd_fail(err, HD_E_FAILED, "the job's request to restart is bad");
    for (uint32_t i = 0; i < plan->n_steps; i++)
        if (!hd_step_is_again(&plan->steps[i]) ||
            strcmp(plan->steps[i].guest, req->guest))
            return hd_fail(err, HD_E_FAILED,
                           "step %u of the job's plan is none of a restart",
                           i + 1);
    return 0;
}

int hd_job_request_check(const struct hd_job_request *req,
                         const struct hd_plan *plan, struct hd_err *err)
{
    if (req->op > HD_JOB_DUMP || hd_uuid_is_zero(&req->store) ||
        (req->guest[0] &&
         !hd_job_request_is_name(req->guest, sizeof(req->guest))))
        return hd_fail(err, HD_E_FAILED, "the job's request is bad");
    if (req->op == HD_JOB_START)
        return check_start(req, plan, err);
    if (req->op == HD_JOB_BUILD)
        return check_build(req, plan, err);
    if (req->op == HD_JOB_RESTART)
        return check_restart(req, plan, err);
    if (req->op == HD_JOB_ATTACH || req->op == HD_JOB_DETACH)
        return hd_job_request_check_hot(req, plan, err) ||
                       (plan && check_plan(req, plan, err))
                   ? -1
                   : 0;
    if (plan || req->plan_size)
        return hd_fail(err, HD_E_FAILED,
                       "only what attaches or tells has a plan");
    if (req->op == HD_JOB_KEYS)
        return check_keys(req, err);
    return hd_job_request_check_end(req, err);
}

int hd_job_request_read(int fd, struct hd_job_request **ret,
                        struct hd_plan **ret_plan, struct hd_err *err)
{
    hd_autofree struct hd_job_request *req = malloc(sizeof(*req));
    hd_autofree struct hd_plan *plan = NULL;
    size_t max = hd_plan_size(HD_PLAN_MAX_STEPS) + HD_PLAN_MAX_TEXT;

    if (!req)
        return hd_fail_errno(err, HD_E_FAILED, "read the job's request");
    if (hd_io_check_sealed(fd, UINT64_MAX, err) ||
        hd_io_pread(fd, req, sizeof(*req), 0, err))
        return hd_wrap(err, "the job's request");
    if (req->plan_size > max ||
        (req->plan_size && req->plan_size < hd_plan_size(0)))
        return hd_fail(err, HD_E_FAILED, "a plan of %u bytes", req->plan_size);
    if (hd_io_check_sealed(fd, sizeof(*req) + req->plan_size, err))
        return hd_wrap(err, "the job's request");
    if (req->plan_size) {
        plan = malloc(req->plan_size);
        if (!plan)
            return hd_fail_errno(err, HD_E_FAILED, "read the job's plan");
        if (hd_io_pread(fd, plan, req->plan_size, sizeof(*req), err))
            return hd_wrap(err, "the job's plan");
    }
    if (hd_job_request_check(req, plan, err))
        return -1;
    *ret = hd_steal(&req);
    *ret_plan = hd_steal(&plan);
    return 0;
}

/* All there are, in this order, so that the places behind each other are. */
static int place(const int *fds, size_t n, struct hd_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (dup3(fds[i], HD_JOB_REQUEST + (int)i, O_CLOEXEC) < 0)
            return hd_fail_errno(err, HD_E_FAILED, "place descriptor %zu", i);
    return 0;
}

int hd_job_request_receive(int sock, struct hd_err *err)
{
    int fds[HD_JOB_FILES - HD_JOB_REQUEST + HD_MAX_FDS];
    size_t n = HD_ARRAY_LEN(fds);
    char byte;
    ssize_t got = hd_io_recv_fds(sock, &byte, sizeof(byte), fds, &n, err);
    int rc;

    if (got < 0)
        return -1;
    rc = place(fds, n, err);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    if (!got)
        return hd_fail(err, HD_E_NO_DAEMON, "hotdomd wants nothing");
    if (rc || n < HD_JOB_FILES - HD_JOB_REQUEST)
        return rc ? rc
                  : hd_fail(err, HD_E_FAILED, "hotdomd sent %zu descriptors",
                            n);
    return 0;
}
