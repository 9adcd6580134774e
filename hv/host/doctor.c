/* SPDX-License-Identifier: MIT */
/* The table of a host's checks, and those that ask no file; never mends. */
#include "doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/version.h"
#include "../../pv-drivers/bus/xs.h"
#include "doctor_checks.h"
#include "dom0.h"
#include "scan.h"

/* A small Debian guest's; with less, the next one may be refused. */
#define FREE_ENOUGH (256ull << 20)

/* DESIGN section 6; tests run on no older one. */
#define XEN_MAJOR 4
#define XEN_MINOR 17

const char *hd_verdict_name(enum hd_verdict verdict)
{
    static const char *const names[] = {
#define HD_X(name, text) text,
        HD_VERDICTS(HD_X)
#undef HD_X
    };

    return names[verdict];
}

void hd_finding_say(struct hd_finding *f, enum hd_verdict verdict,
                    const char *fmt, ...)
{
    va_list ap;

    f->verdict = verdict;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
}

void hd_finding_fix(struct hd_finding *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(f->fix, sizeof(f->fix), fmt, ap);
    va_end(ap);
}

/* "what is wrong; what to do": a message as E2 wants it. */
static void say_err(struct hd_finding *f, const struct hd_err *why)
{
    const char *remedy = strstr(why->msg, "; ");

    hd_finding_say(f, HD_DOCTOR_PROBLEM, "%.*s",
                   remedy ? (int)(remedy - why->msg) : (int)sizeof(why->msg),
                   why->msg);
    if (remedy)
        hd_finding_fix(f, "%s", remedy + 2);
}

static bool lacks_xen(const struct hd_doctor_host *h, struct hd_finding *f)
{
    if (!h->xen.code)
        return false;
    hd_finding_say(f, HD_DOCTOR_WARNING, "not known without Xen");
    hd_finding_fix(f, "mend \"xen\" first");
    return true;
}

static bool is_older(const char *version)
{
    int major, minor;

    return sscanf(version, "%d.%d", &major, &minor) != 2 || major < XEN_MAJOR ||
           (major == XEN_MAJOR && minor < XEN_MINOR);
}

static void check_xen(const struct hd_doctor_host *h, struct hd_finding *f)
{
    if (h->xen.code)
        say_err(f, &h->xen);
    else if (is_older(h->facts.version))
        hd_finding_say(f, HD_DOCTOR_WARNING,
                       "Xen %s is older than %d.%d, for which this was made",
                       h->facts.version, XEN_MAJOR, XEN_MINOR);
    else
        hd_finding_say(f, HD_DOCTOR_OK, "Xen %s, and this is dom0",
                       h->facts.version);
}

static void check_xenstore(const struct hd_doctor_host *h, struct hd_finding *f)
{
    if (lacks_xen(h, f))
        return;
    if (h->xenstore.code)
        say_err(f, &h->xenstore);
    else
        hd_finding_say(f, HD_DOCTOR_OK, "xenstored answers");
}

/* Of the options on Xen's command line, which stand between blanks. */
static bool has_option(const char *line, const char *option)
{
    for (const char *at = line; (at = strstr(at, option)); at++)
        if (at == line || at[-1] == ' ')
            return true;
    return false;
}

static void check_memory(const struct hd_doctor_host *h, struct hd_finding *f)
{
    uint64_t mib = h->memory_free >> 20;

    if (lacks_xen(h, f))
        return;
    if (!has_option(h->facts.options, "dom0_mem="))
        hd_finding_say(f, HD_DOCTOR_PROBLEM,
                       "dom0 has no cap, and so has the guests' memory: Xen "
                       "has %" PRIu64 " MiB free",
                       mib);
    else if (h->memory_free < FREE_ENOUGH) {
        hd_finding_say(f, HD_DOCTOR_WARNING,
                       "Xen has %" PRIu64 " MiB free for more guests", mib);
        hd_finding_fix(f, "stop a guest, or lower dom0_mem in "
                          "/etc/default/grub, run update-grub and reboot");
    } else
        hd_finding_say(
            f, HD_DOCTOR_OK,
            "dom0 is capped; Xen has %" PRIu64 " MiB free for guests", mib);
}

static void check_daemon(const struct hd_doctor_host *h, struct hd_finding *f)
{
    if (lacks_xen(h, f))
        return;
    if (h->daemon.code) {
        say_err(f, &h->daemon);
    } else if (strcmp(h->daemon_version, HD_VERSION)) {
        hd_finding_say(f, HD_DOCTOR_PROBLEM,
                       "hotdomd is version \"%s\" and hotdom is \"" HD_VERSION
                       "\"",
                       h->daemon_version);
        hd_finding_fix(f, "systemctl restart hotdomd");
    } else
        hd_finding_say(f, HD_DOCTOR_OK, "hotdomd answers, version " HD_VERSION);
}

/* STYLE T1; hotdom.8 has the same list. */
static const struct check {
    const char *name;
    hd_check_fn *run;
    const char *fix; /* unless the check says a better one */
} checks[] = {
    {"xen", check_xen,
     "apt-get install xen-system-amd64, and boot its entry of the boot menu"},
    {"xenstore", check_xenstore, "systemctl restart xen"},
    {"memory", check_memory,
     "add dom0_mem=2G,max:2G to GRUB_CMDLINE_XEN_DEFAULT in "
     "/etc/default/grub, run update-grub and reboot"},
    {"modules", hd_check_modules, "apt-get install linux-image-amd64"},
    {"bridges", hd_check_bridges,
     "ip link add xenbr0 type bridge && ip link set xenbr0 up, and the same in "
     "the host's network configuration"},
    {"udev", hd_check_udev,
     "apt-get install --reinstall hotdom (from source: make install), then "
     "udevadm control --reload"},
    {"users", hd_check_users, "systemd-sysusers hotdom.conf"},
    {"daemon", check_daemon, "systemctl enable --now hotdomd"},
    {"boot", hd_check_boot, "systemctl enable hotdomd hotdom-guests"},
    {"run", hd_check_run, "systemctl restart hotdomd"},
    {"trust", hd_check_trust,
     "hotdom trust add NAME KEY, with the key that `hotdom keygen` printed"},
    {"policy", hd_check_policy,
     "mend the line, then hotdom policy check && systemctl reload hotdomd"},
    {"display", hd_check_display, "apt-get install qemu-system-xen"},
};

_Static_assert(HD_ARRAY_LEN(checks) <= HD_DOCTOR_CHECKS, "they have room");

size_t hd_doctor_run(const struct hd_doctor_host *host,
                     struct hd_finding ret[HD_DOCTOR_CHECKS])
{
    for (size_t i = 0; i < HD_ARRAY_LEN(checks); i++) {
        struct hd_finding *f = &ret[i];

        *f = (struct hd_finding){.check = checks[i].name};
        checks[i].run(host, f);
        if (f->verdict != HD_DOCTOR_OK && !*f->fix)
            hd_finding_fix(f, "%s", checks[i].fix);
    }
    return HD_ARRAY_LEN(checks);
}

static int ask_xenstore(struct hd_err *err)
{
    hd_auto(hd_xs) xs = NULL;
    char name[64];
    int rc;

    if (hd_xs_open(&xs, err))
        return -1;
    rc = hd_xs_read(xs, "/local/domain/0/name", name, sizeof(name), err);
    return rc > 0   ? 0
           : rc < 0 ? -1
                    : hd_fail(err, HD_E_NO_XEN, "xenstore does not know dom0");
}

void hd_doctor_ask(int root, struct hd_doctor_host *ret,
                   struct hd_link **ret_links)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));

    *ret = (struct hd_doctor_host){.root = root};
    if (!inv) {
        hd_fail_errno(&ret->xen, HD_E_FAILED, "ask Xen");
    } else if (!hd_dom0_check(&ret->xen) && !hd_scan_xen(inv, &ret->xen)) {
        ret->facts = inv->xen;
        ret->memory_free = inv->memory_free;
    }
    if (!ret->xen.code)
        ask_xenstore(&ret->xenstore);
    if (!hd_links_list(ret_links, &ret->n_links, &ret->network))
        ret->links = *ret_links;
}
