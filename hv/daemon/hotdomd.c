/* SPDX-License-Identifier: MIT */
/* hotdomd: supervises stores from plug to pull; parses no store byte, blocks on
 * nothing, and touches no device. */
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/dom0.h"
#include "../host/snapshot.h"
#include "../host/tries.h"
#include "../watch/agents.h"
#include "../watch/floods.h"
#include "../watch/host_watch.h"
#include "../watch/portal.h"
#include "ask.h"
#include "daemon.h"
#include "inquiry.h"
#include "journal.h"
#include "life.h"
#include "tabling.h"

#define LOCK HD_RUN_DIR "/lock"

/* Handles of main itself; they live as long as the loop. */
struct hands {
    uv_signal_t term, intr, hup;
    uv_poll_t xs;
    uv_prepare_t before_wait;
    uv_timer_t hourly;
};

#define HOUR_MS 3600000

/* ---- the start */

static int make_dir(const char *path, mode_t mode, struct hd_err *err)
{
    if ((mkdir(path, mode) && errno != EEXIST) || chmod(path, mode))
        return hd_fail_errno(err, HD_E_FAILED, "cannot make %s", path);
    return 0;
}

/* Held until the process ends, however it ends. */
static int lock(struct hd_err *err)
{
    int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot open " LOCK);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        return hd_fail(err, HD_E_FAILED, "hotdomd is running already");
    }
    return 0;
}

/* sd_notify(3), without its library; nothing when systemd is not there. */
static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    hd_autofd int fd = -1;

    if (!len || len >= sizeof(to.sun_path))
        return;
    memcpy(to.sun_path, path, len);
    if (*path == '@')
        to.sun_path[0] = '\0'; /* abstract */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        hd_log(HD_LOG_WARNING, "cannot tell systemd: %s", strerror(errno));
}

/* Passwords pass through this process (STYLE O4): no core dump, no swap, and
 * what is freed is overwritten, in json-c as well. */
static void protect_secrets(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    mallopt(M_PERTURB, 0x5a);
    (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

/* It stays for months beside guests that want the memory: one pool for all
 * threads, and what was large goes back to the kernel. */
static void stay_small(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 64 << 10);
    mallopt(M_TRIM_THRESHOLD, 64 << 10);
}

/* ---- what wakes the loop beside monitor, children and control */

static void on_domains(uv_poll_t *poll, int status, int events)
{
    struct hd_daemon *d = poll->data;
    struct hd_store *next;
    struct hd_err err;
    char token[16];
    int rc;

    (void)status;
    (void)events;
    while ((rc = hd_xs_check(d->xs, token, sizeof(token), &err)) > 0)
        continue;
    if (rc < 0) {
        hd_log(HD_LOG_ERROR, "%s; guests that end are not noticed", err.msg);
        uv_poll_stop(poll);
    }
    for (struct hd_store *s = d->stores.first; s; s = next) {
        next = s->next;
        hd_life_look(s);
    }
}

static void on_stop_signal(uv_signal_t *handle, int signum)
{
    struct hd_daemon *d = handle->data;

    (void)signum;
    if (d->stopping)
        return;
    d->stopping = true;
    hd_inquiry_stop();
    hd_log(HD_LOG_INFO, "stopping; guests go on running");
    notify("STOPPING=1");
    hd_control_stop(d->control);
}

/* What runs was allowed when it was started; what it is shown must be now. */
static void on_reload_signal(uv_signal_t *handle, int signum)
{
    struct hd_daemon *d = handle->data;
    struct hd_err err = {0};

    (void)signum;
    if (hd_rules_load(&d->rules, HD_POLICY, &err)) {
        hd_log(HD_LOG_ERROR,
               "the policy was not read anew, the old one stays: %s", err.msg);
        return;
    }
    hd_log(HD_LOG_INFO, "the policy was read anew");
    hd_tabling_judge_all(&d->stores);
}

/* Fail closed, but be there to be told that it was mended. */
static void load_policy(struct hd_daemon *d)
{
    struct hd_err err = {0};

    if (hd_rules_load(&d->rules, HD_POLICY, &err))
        hd_log(HD_LOG_ERROR,
               "no store is started until the policy is mended and hotdomd "
               "reloaded: %s",
               err.msg);
}

static void before_wait(uv_prepare_t *handle)
{
    struct hd_daemon *d = handle->data;

    if (d->stopping && hd_life_stop(d)) {
        hd_spare_stop(d->spare);
        uv_stop(d->loop);
    }
}

static void on_hour(uv_timer_t *timer)
{
    struct hd_daemon *d = timer->data;

    hd_filecache_expire(d->files, hd_io_now_ms());
}

static void appeared(void *ctx, const struct hd_device *device)
{
    struct hd_daemon *d = ctx;

    hd_life_appeared(d, device);
    hd_portal_appeared(d->portal, device->name);
}

static void vanished(void *ctx, const struct hd_device *device)
{
    hd_life_vanished(ctx, device);
}

static void watch(struct hd_daemon *d, struct hands *h)
{
    h->term.data = h->intr.data = h->hup.data = h->xs.data =
        h->before_wait.data = d;
    h->hourly.data = d;
    uv_timer_init(d->loop, &h->hourly);
    uv_timer_start(&h->hourly, on_hour, HOUR_MS, HOUR_MS);
    uv_signal_init(d->loop, &h->term);
    uv_signal_start(&h->term, on_stop_signal, SIGTERM);
    uv_signal_init(d->loop, &h->intr);
    uv_signal_start(&h->intr, on_stop_signal, SIGINT);
    uv_signal_init(d->loop, &h->hup);
    uv_signal_start(&h->hup, on_reload_signal, SIGHUP);
    uv_poll_init(d->loop, &h->xs, hd_xs_fd(d->xs));
    uv_poll_start(&h->xs, UV_READABLE, on_domains);
    on_domains(&h->xs, 0, 0); /* what came with the watch wakes no loop */
    uv_prepare_init(d->loop, &h->before_wait);
    uv_prepare_start(&h->before_wait, before_wait);
}

/* Without it verify-host has nothing to compare the host with, and says so. */
static void take_baseline(void)
{
    struct hd_err err = {0};

    if (hd_snapshot_baseline(&err))
        hd_log(HD_LOG_ERROR, "what the host was like is not known: %s",
               err.msg);
}

static int open_xen(struct hd_daemon *d, struct hd_err *err)
{
    if (hd_dom0_check(err) || hd_hypervisor_open(&d->xen, err) ||
        hd_xs_open(&d->xs, err))
        return -1;
    return hd_xs_watch(d->xs, "@releaseDomain", "release", err);
}

static int start(struct hd_daemon *d, struct hands *h, struct hd_err *err)
{
    static const struct hd_monitor_ops ops = {appeared, vanished};

    d->loop = uv_default_loop();
    d->events = hd_events_new();
    d->files = hd_filecache_new();
    d->spare = hd_spare_new(d->loop);
    d->agents = hd_agents_new(d);
    d->portal = hd_portal_new(d);
    if (!d->events || !d->files || !d->spare || !d->agents || !d->portal)
        return hd_fail_errno(err, HD_E_FAILED, "no memory");
    if (open_xen(d, err) || make_dir(HD_RUN_DIR, 0755, err) ||
        make_dir(HD_LEDGER_DIR, 0700, err) || lock(err) ||
        hd_control_open(d, HD_CONTROL, &d->control, err))
        return -1;
    hd_events_listen(d->events, hd_tally_event, &d->tally);
    if (hd_journal_start(d->events, HD_JOURNAL_SOCKET, err))
        return -1;
    hd_floods_start(d);
    load_policy(d);
    take_baseline();
    hd_ask_sweep();
    hd_dumps_sweep(HD_DUMP_DIR);
    watch(d, h);
    if (hd_monitor_start(d->loop, &ops, d, &d->monitor, err) ||
        hd_volumes_listen(d, err))
        return -1;
    return hd_adopt_begin(d, err);
}

/* Plans look at the host anew whether or not it is watched. */
static void watch_host(struct hd_daemon *d)
{
    struct hd_err err;

    if (hd_host_watch_start(d, &err))
        hd_log(HD_LOG_ERROR, "changes of the host are not told: %s", err.msg);
}

/* Unlocking says it again, to whom it matters. */
static void count_tries_of_this_boot(void)
{
    struct hd_err err;

    if (hd_tries_boot(HD_TRIES_DIR, &err))
        hd_log(HD_LOG_ERROR, "no password will be looked at: %s", err.msg);
}

static int run(struct hd_err *err)
{
    static struct hd_daemon daemon; /* libuv's handles point into both */
    static struct hands hands;

    if (start(&daemon, &hands, err))
        return -1;
    watch_host(&daemon);
    count_tries_of_this_boot();
    hd_log(HD_LOG_INFO, "ready");
    notify("READY=1");
    uv_run(daemon.loop, UV_RUN_DEFAULT);
    unlink(HD_CONTROL);
    return 0;
}

static const char usage[] =
    "usage: hotdomd [-v]\n"
    "       hotdomd --states[=dot]\n"
    "\n"
    "Boots Xen guests from hot-plugged stores; see hotdomd(8).\n"
    "\n"
    "  -v, --verbose    log every change of state\n"
    "  --states         show the life of stores and guests, and end\n"
    "  --states=dot     the same as a graph, for dot(1)\n"
    "  --help           this text\n";

static int show_states(const char *how)
{
    if (how && strcmp(how, "dot")) {
        fprintf(stderr, "hotdomd: --states=%s is not known; see --help\n", how);
        return hd_err_status(HD_E_USAGE);
    }
    (how ? hd_states_print_dot : hd_states_print)(stdout);
    return fflush(stdout) ? hd_err_status(HD_E_FAILED) : 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"verbose", no_argument, NULL, 'v'},
        {"states", optional_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    enum hd_log_level level = HD_LOG_INFO;
    struct hd_err err = {0};
    int c;

    while ((c = getopt_long(argc, argv, "vh", options, NULL)) != -1) {
        if (c == 'v')
            level = HD_LOG_DEBUG;
        else if (c == 's')
            return show_states(optarg);
        else {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : hd_err_status(HD_E_USAGE);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return hd_err_status(HD_E_USAGE);
    }
    hd_log_init("hotdomd", level);
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    protect_secrets();
    stay_small();
    if (run(&err) == 0)
        return 0;
    hd_log(HD_LOG_ERROR, "%s", err.msg);
    return hd_err_status(err.code);
}
