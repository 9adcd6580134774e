/* SPDX-License-Identifier: MIT */
/* The short-lived root process that makes and undoes effects (job.h); it takes
 * no arguments, and never outlives hotdomd or its deadline. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "job_request.h"
#include "jobs.h"
#include "silence.h"

/* What libxl and the kernel may take longer than a deadline allows, before this
 * process ends itself: in seconds. */
#define SLACK 1

/* How long a spare waits for xenstored before it goes on without: it is of use
 * for a request that has come meanwhile as well. */
#define PREPARE_MS 500

/* How ps(1) shows it while it has nothing to do. */
#define WAITING "hotdom-spare"

static int (*const ops[])(struct hd_context *ctx, struct hd_err *err) = {
    [HD_JOB_START] = hd_job_start,     [HD_JOB_EJECT] = hd_job_eject,
    [HD_JOB_YANK] = hd_job_yank,       [HD_JOB_KEYS] = hd_job_keys,
    [HD_JOB_ATTACH] = hd_job_attach,   [HD_JOB_DETACH] = hd_job_detach,
    [HD_JOB_RESTART] = hd_job_restart, [HD_JOB_BUILD] = hd_job_build,
    [HD_JOB_DUMP] = hd_job_dump,
};

/* Those that make something; the others make room. */
static bool begins(uint32_t op)
{
    return op == HD_JOB_START || op == HD_JOB_BUILD || op == HD_JOB_RESTART ||
           op == HD_JOB_ATTACH;
}

/* The others have nothing to say to xenstored, and must not be cut short for
 * its silence: a key that is half changed, or a core that is half written. */
static bool needs_xenstored(uint32_t op)
{
    return op != HD_JOB_KEYS && op != HD_JOB_DUMP;
}

/* A group of its own, so that one signal ends what libxl forked as well; an end
 * with hotdomd; no core and no swap, for there are a password and its keys in
 * memory, Argon2's as well; and descriptors that hotdom-hotplug does not
 * inherit. */
static int settle(struct hd_err *err)
{
    signal(SIGPIPE, SIG_IGN);
    if (setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
        prctl(PR_SET_DUMPABLE, 0) ||
        mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
        return hd_fail_errno(err, HD_E_FAILED, "cannot settle");
    if (getppid() == 1)
        return hd_fail(err, HD_E_NO_DAEMON, "hotdomd has ended");
    (void)fcntl(HD_JOB_SOCK, F_SETFD, FD_CLOEXEC);
    return 0;
}

/* Files and headers. */
static int check_files(const struct hd_job_request *req, struct hd_err *err)
{
    for (uint32_t i = 0;
         req->op != HD_JOB_DUMP && i < req->n_files + req->n_headers; i++)
        if (hd_io_check_sealed(HD_JOB_FILES + (int)i, UINT64_MAX, err))
            return hd_wrap(err, "file %u of the job", i);
    return 0;
}

/* The operation, and whatever it waits for. */
static int perform(struct hd_context *ctx, struct hd_err *err)
{
    const struct hd_job_request *req = ctx->req;
    const struct hd_silence_limits limits = {.every_ms = HD_SILENCE_EVERY_MS,
                                             .most_ms = HD_JOB_XENSTORED_MS,
                                             .deadline_ms = req->deadline_ms,
                                             .undoes = !begins(req->op)};
    struct hd_silence *silence = NULL;
    int rc;

    /* The ledger tells the next job what this one left. */
    alarm((unsigned)hd_io_left_ms(req->deadline_ms) / 1000 + SLACK);
    /* Without it the alarm ends this process, and says less. */
    if (needs_xenstored(req->op) && hd_silence_watch(&limits, &silence, err))
        hd_log(HD_LOG_WARNING, "%s", err->msg);
    rc = ops[req->op](ctx, err);
    hd_silence_stop(silence);
    return rc;
}

/* Ahead of need, and what fails is said then.  Of a xenstored that hangs
 * nothing is wanted before there is a deadline: only then somebody is told. */
static void prepare(struct hd_context *ctx)
{
    if (!hd_xs_answers(hd_io_now_ms() + PREPARE_MS, NULL))
        (void)hd_context_prepare(ctx, NULL);
}

static int run(struct hd_err *err)
{
    hd_autofree struct hd_job_request *req = NULL;
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_secret *keys[HD_MAX_LUKS] = {0};
    struct hd_context ctx = {.keys = keys};
    int rc;

    if (settle(err))
        return -1;
    /* This process may have been started long before there is work, so that
     * nobody waits for it then. */
    prepare(&ctx);
    prctl(PR_SET_NAME, WAITING);
    rc = hd_job_request_receive(HD_JOB_SOCK, err);
    prctl(PR_SET_NAME, "hotdom-job");
    if (rc || hd_job_request_read(HD_JOB_REQUEST, &req, &plan, err) ||
        check_files(req, err)) {
        hd_context_fini(&ctx);
        return -1;
    }
    ctx.req = req;
    ctx.plan = plan;
    rc = perform(&ctx, err);
    /* What Xen's libraries have open goes with this process, which ends now;
     * somebody waits for that. */
    hd_ledger_free(ctx.ledger);
    for (size_t i = 0; i < HD_ARRAY_LEN(keys); i++)
        hd_secret_free(keys[i]);
    explicit_bzero(req, sizeof(*req));
    return rc;
}

int main(void)
{
    struct hd_err err = {0};
    int rc;

    hd_log_init("hotdom-job",
                getenv("HOTDOM_DEBUG") ? HD_LOG_DEBUG : HD_LOG_INFO);
    rc = run(&err);
    hd_context_report(HD_REPORT_DONE, "", 0, rc ? &err : NULL);
    /* Somebody waits for the end, and the libraries would tidy up memory that
     * goes anyway; what is logged has been written. */
    _exit(rc ? 1 : 0);
}
