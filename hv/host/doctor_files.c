/* SPDX-License-Identifier: MIT */
/* The checks of the doctor that read the host's files; never changes one. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/embed.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "doctor_checks.h"
#include "policy.h"
#include "scan.h"
#include "sysfs.h"
#include "trust.h"

#define RULE "54-hotdom.rules"

/* Is there a line that has `text`, at its beginning or anywhere?  Of files that
 * are longer than sysfs's. */
static bool has_line(int root, const char *path, const char *text, bool begins)
{
    hd_autofd int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(hd_steal_fd(&fd), "r");
    hd_autofree char *line = NULL;
    size_t size = 0, len = strlen(text);
    bool found = false;

    while (f && !found && getline(&line, &size, f) >= 0)
        found = begins ? !strncmp(line, text, len) : !!strstr(line, text);
    if (f)
        fclose(f);
    return found;
}

/* Adds "NAME" to a list "a, b". */
static void list_add(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);

    snprintf(list + used, size - used, "%s%s", used ? ", " : "", name);
}

/* ---- the kernel */

/* What starts a guest.  Each is in Debian's kernel; other kernels may have it
 * built in. */
static const char *const modules[] = {
    "xen-blkback", "xen-netback", "xen-gntdev",   "xen-evtchn",
    "xenfs",       "dm-mod",      "dm-crypt",     "dm-verity",
    "loop",        "bridge",      "dm-multipath", "dm-round-robin",
};

/* Loaded, or for modprobe(8) to load, or in the kernel itself. */
static bool has_module(int root, const char *release, const char *module)
{
    static const char *const lists[] = {"modules.dep", "modules.builtin"};
    char file[64], path[PATH_MAX], loaded[64];

    snprintf(loaded, sizeof(loaded), "%s", module);
    for (char *c = loaded; (c = strchr(c, '-'));)
        *c = '_';
    if (hd_sysfs_exists(root, "sys/module/%s", loaded))
        return true;
    snprintf(file, sizeof(file), "/%s.ko", module);
    for (size_t i = 0; i < HD_ARRAY_LEN(lists); i++) {
        snprintf(path, sizeof(path), "lib/modules/%s/%s", release, lists[i]);
        if (has_line(root, path, file, false))
            return true;
    }
    return false;
}

void hd_check_modules(const struct hd_doctor_host *h, struct hd_finding *f)
{
    char release[HD_HOST_TEXT], missing[256] = "";

    hd_sysfs_text(h->root, release, sizeof(release),
                  "proc/sys/kernel/osrelease");
    for (size_t i = 0; i < HD_ARRAY_LEN(modules); i++)
        if (!has_module(h->root, release, modules[i]))
            list_add(missing, sizeof(missing), modules[i]);
    if (!*missing) {
        hd_finding_say(f, HD_DOCTOR_OK, "Linux %s has all that guests need",
                       release);
        return;
    }
    hd_finding_say(f, HD_DOCTOR_PROBLEM, "Linux %s has no module %s", release,
                   missing);
    if (!hd_sysfs_exists(h->root, "lib/modules/%s", release))
        hd_finding_fix(f, "reboot: the modules of the running kernel are no "
                          "longer on the disk");
}

/* ---- the network */

void hd_check_bridges(const struct hd_doctor_host *h, struct hd_finding *f)
{
    hd_autofree struct hd_policy *policy = malloc(sizeof(*policy));
    char path[64], missing[256] = "", entry[128];

    snprintf(path, sizeof(path), "/proc/self/fd/%d" HD_POLICY, h->root);
    if (h->network.code) {
        hd_finding_say(f, HD_DOCTOR_WARNING, "%s", h->network.msg);
        return;
    }
    if (!policy || hd_policy_load(path, policy, NULL)) {
        hd_finding_say(f, HD_DOCTOR_WARNING, "not known without a policy");
        hd_finding_fix(f, "hotdom policy check");
        return;
    }
    for (uint32_t i = 0; i < policy->n_networks; i++) {
        const struct hd_policy_network *n = &policy->networks[i];

        if (hd_links_has_bridge(h->links, h->n_links, n->bridge))
            continue;
        snprintf(entry, sizeof(entry), "%s (role %s)", n->bridge, n->role);
        list_add(missing, sizeof(missing), entry);
        if (!*f->fix)
            hd_finding_fix(f,
                           "ip link add %s type bridge && ip link set %s up, "
                           "and the same in the host's network configuration; "
                           "or name another one in the policy",
                           n->bridge, n->bridge);
    }
    if (*missing)
        hd_finding_say(f, HD_DOCTOR_PROBLEM, "there is no bridge %s", missing);
    else if (!hd_links_has_bridge(h->links, h->n_links, NULL))
        hd_finding_say(f, HD_DOCTOR_WARNING,
                       "there is no bridge: guests that require a network are "
                       "refused");
    else
        hd_finding_say(f, HD_DOCTOR_OK, "%s",
                       policy->n_networks
                           ? "each role of the policy has its bridge"
                           : "every role gets the host's first bridge");
}

/* ---- what is installed */

/* The rule that this was built with. */
HD_EMBED(hd_rule, "config/" RULE);

static bool is_our_rule(int root, const char *path)
{
    size_t want = (size_t)(hd_rule_end - hd_rule), len;
    hd_autofd int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
    hd_autofree char *text = NULL;

    return fd >= 0 && !hd_io_read_whole(fd, path, want, &text, &len, NULL) &&
           len == want && !memcmp(text, hd_rule, len);
}

static void compare_rule(const struct hd_doctor_host *h, const char *path,
                         bool owners, struct hd_finding *f)
{
    if (is_our_rule(h->root, path)) {
        hd_finding_say(f, HD_DOCTOR_OK, "/%s is there", path);
        return;
    }
    hd_finding_say(f, HD_DOCTOR_WARNING, "/%s is not this version's", path);
    if (owners)
        hd_finding_fix(f, "compare it with /usr/lib/udev/rules.d/" RULE
                          ", then udevadm control --reload");
}

/* udev(7): the first folder that has it decides, and an empty file or a link
 * to /dev/null is none. */
void hd_check_udev(const struct hd_doctor_host *h, struct hd_finding *f)
{
    static const char *const folders[] = {"etc", "run", "usr/lib", "lib"};
    char path[64];
    struct stat st;

    for (size_t i = 0; i < HD_ARRAY_LEN(folders); i++) {
        snprintf(path, sizeof(path), "%s/udev/rules.d/" RULE, folders[i]);
        if (fstatat(h->root, path, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        if (S_ISREG(st.st_mode) && st.st_size) {
            compare_rule(h, path, i < 2, f);
            return;
        }
        hd_finding_say(f, HD_DOCTOR_PROBLEM, "/%s masks the rule", path);
        hd_finding_fix(f, "rm /%s && udevadm control --reload", path);
        return;
    }
    hd_finding_say(f, HD_DOCTOR_PROBLEM,
                   "the rule " RULE " is not installed: sticks are not seen");
}

void hd_check_users(const struct hd_doctor_host *h, struct hd_finding *f)
{
    /* config/hotdom.sysusers has the same. */
    static const struct {
        const char *file, *line, *what;
    } all[] = {
        {"etc/group", "hotdom:", "group hotdom"},
        {"etc/passwd", "hotdom-reader:", "user hotdom-reader"},
        {"etc/passwd", "hotdom-serial:", "user hotdom-serial"},
        {"etc/passwd", "hotdom-9p:", "user hotdom-9p"},
    };
    char missing[128] = "";

    for (size_t i = 0; i < HD_ARRAY_LEN(all); i++)
        if (!has_line(h->root, all[i].file, all[i].line, true))
            list_add(missing, sizeof(missing), all[i].what);
    if (*missing)
        hd_finding_say(f, HD_DOCTOR_PROBLEM, "there is no %s", missing);
    else
        hd_finding_say(f, HD_DOCTOR_OK,
                       "the group hotdom and the helpers' users exist");
}

void hd_check_boot(const struct hd_doctor_host *h, struct hd_finding *f)
{
    static const char *const units[] = {"hotdomd", "hotdom-guests"};
    char missing[64] = "", to[256];

    for (size_t i = 0; i < HD_ARRAY_LEN(units); i++)
        if (!hd_sysfs_link(h->root, to, sizeof(to),
                           "etc/systemd/system/multi-user.target.wants/"
                           "%s.service",
                           units[i]))
            list_add(missing, sizeof(missing), units[i]);
    if (*missing)
        hd_finding_say(f, HD_DOCTOR_WARNING,
                       "not enabled: %s; stores at boot, or guests at "
                       "shutdown, are not looked after",
                       missing);
    else
        hd_finding_say(f, HD_DOCTOR_OK,
                       "stores are looked after from boot to shutdown");
}

/* ---- what the host allows */

void hd_check_trust(const struct hd_doctor_host *h, struct hd_finding *f)
{
    hd_autofree struct hd_trusted *list = NULL;
    hd_autofree char *skipped = NULL;
    struct hd_err err = {0};
    char path[64];
    size_t n;

    snprintf(path, sizeof(path), "/proc/self/fd/%d" HD_TRUSTED_DIR, h->root);
    if (hd_trust_list(path, &list, &n, &skipped, &err)) {
        hd_finding_say(f, HD_DOCTOR_PROBLEM, "%s", err.msg);
    } else if (skipped) {
        hd_finding_say(f, HD_DOCTOR_PROBLEM, "left out: %s",
                       !strncmp(skipped, path, strlen(path) - 1)
                           ? skipped + strlen(path) - strlen(HD_TRUSTED_DIR)
                           : skipped);
        hd_finding_fix(f, "chmod 644 the file if it is a signer's key, or "
                          "remove it from " HD_TRUSTED_DIR);
    } else if (!n)
        hd_finding_say(f, HD_DOCTOR_PROBLEM,
                       "no signer is trusted, so every store is refused");
    else
        hd_finding_say(f, HD_DOCTOR_OK, "%zu signer%s trusted", n,
                       n == 1 ? " is" : "s are");
}

void hd_check_policy(const struct hd_doctor_host *h, struct hd_finding *f)
{
    hd_autofree struct hd_policy *policy = malloc(sizeof(*policy));
    struct hd_err err = {0};
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d" HD_POLICY, h->root);
    if (!policy)
        hd_finding_say(f, HD_DOCTOR_WARNING, "no memory to read it");
    else if (access(path, F_OK))
        hd_finding_say(f, HD_DOCTOR_OK,
                       "there is no " HD_POLICY ": the defaults count");
    else if (hd_policy_load(path, policy, &err))
        hd_finding_say(f, HD_DOCTOR_PROBLEM, "%s",
                       !strncmp(err.msg, path, strlen(path))
                           ? err.msg + strlen(path) - strlen(HD_POLICY)
                           : err.msg);
    else
        hd_finding_say(f, HD_DOCTOR_OK, HD_POLICY " is valid");
}

/* ---- what runs */

/* Only root, who runs this, may change what the daemon keeps there. */
void hd_check_run(const struct hd_doctor_host *h, struct hd_finding *f)
{
    static const struct {
        const char *path;
        mode_t never; /* rights that nobody else may have */
    } all[] = {
        {HD_RUN_DIR, 022},
        {HD_LEDGER_DIR, 077},
    };
    struct stat st;

    for (size_t i = 0; i < HD_ARRAY_LEN(all); i++) {
        if (fstatat(h->root, all[i].path + 1, &st, AT_SYMLINK_NOFOLLOW)) {
            if (h->daemon.code)
                continue; /* it makes them when it starts */
            hd_finding_say(f, HD_DOCTOR_PROBLEM, "%s is not there",
                           all[i].path);
            return;
        }
        if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
            st.st_mode & all[i].never) {
            hd_finding_say(f, HD_DOCTOR_PROBLEM,
                           "%s is no folder that is root's alone (mode %o)",
                           all[i].path, st.st_mode & 07777);
            hd_finding_fix(f, "chown root:root %s && chmod %o %s", all[i].path,
                           0755 & ~all[i].never, all[i].path);
            return;
        }
    }
    hd_finding_say(f, HD_DOCTOR_OK, HD_RUN_DIR " is root's alone");
}

void hd_check_display(const struct hd_doctor_host *h, struct hd_finding *f)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));

    if (inv)
        hd_scan_os(inv, h->root);
    if (inv && inv->has_qemu)
        hd_finding_say(f, HD_DOCTOR_OK, "a QEMU serves guests' displays");
    else
        hd_finding_say(f, HD_DOCTOR_WARNING, "no QEMU: guests get no display");
}
