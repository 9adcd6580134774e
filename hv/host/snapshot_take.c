/* SPDX-License-Identifier: MIT */
/* Looks at the host for hd_snapshot_take; never changes it. */
#include "snapshot.h"

#include <dirent.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xenctrl.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/base/uuid.h"
#include "../../pv-drivers/bus/xs.h"
#include "dom0.h"
#include "inventory.h"
#include "scan.h"

#define BATCH     128
#define DOMIDS    0x7ff0u /* DOMID_FIRST_RESERVED */
#define MAX_NODES 100000
#define MAX_DEPTH 32

/* Where hotdom might leave a file.  /run/lock is a file system of its own. */
static char *const roots[] = {"/etc", "/run",     "/run/lock",
                              "/tmp", "/var/lib", NULL};

/* Not looked into: what others write all the time, and what hotdom keeps on
 * purpose. */
static const char *const skipped[] = {
    "/run/udev",        /* follows the devices, which are compared themselves */
    "/run/systemd",     /* units, sessions, journal streams; see add_question */
    "/run/user",        /* of logged-in users */
    "/run/log",         /* the journal's files rotate */
    "/run/credentials", /* of services that start and end */
    "/run/xen/domid-history", /* libxl's, of every domain's domid */
    "/var/lib/apt",           /* package managers at work */
    "/var/lib/dpkg",
    "/var/lib/systemd", /* timers, random seed */
    "/var/lib/dhcp",    /* leases come and go */
    HD_ETC_DIR,         /* policy and trusted signers are the owner's */
    HD_LIB_DIR,         /* survives a reboot: throttle, generations */
    HD_EJECTED_DIR,     /* of disks that are there still, see ejected.h */
};

/* Per-service folders of systemd in /tmp, with random names. */
#define PRIVATE_TMP "/tmp/systemd-private-"

/* The runtime files of hotdomd itself, and of this command. */
static const char *const expected[] = {
    HD_RUN_DIR,
    HD_CONTROL,
    HD_LEDGER_DIR,
    HD_LEDGER_DIR "/history",
    HD_LEDGER_DIR "/history.new",
    HD_MAP_DIR,
    HD_PLAN_DIR,
    HD_ORDER_DIR,
    HD_DISPLAY_DIR,
    HD_SERVER_DIR,
    HD_BASELINE,
    HD_METRICS,
    HD_RUN_DIR "/lock",
};

static int no_memory(struct hd_err *err)
{
    return hd_fail_errno(err, HD_E_FAILED, "look at the host");
}

static bool listed(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], text))
            return true;
    return false;
}

static int take_files(struct hd_snapshot *s, struct hd_err *err)
{
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
    FTSENT *e;
    int rc = 0;

    if (!fts)
        return hd_fail_errno(err, HD_E_IO, "cannot look at files");
    while (!rc && (e = fts_read(fts))) {
        /* A file that went while we looked is not there. */
        if (e->fts_info == FTS_DP || e->fts_info == FTS_ERR ||
            e->fts_info == FTS_NS)
            continue;
        if (listed(skipped, HD_ARRAY_LEN(skipped), e->fts_path) ||
            !strncmp(e->fts_path, PRIVATE_TMP, sizeof(PRIVATE_TMP) - 1))
            fts_set(fts, e, FTS_SKIP);
        else if (!listed(expected, HD_ARRAY_LEN(expected), e->fts_path))
            rc = hd_snapshot_add(s, "file %s", e->fts_path);
    }
    fts_close(fts);
    return rc ? no_memory(err) : 0;
}

typedef int entry_fn(struct hd_snapshot *s, const char *dir, const char *name);

/* `add` for each entry of a folder; one that is not there is empty. */
static int each(struct hd_snapshot *s, const char *dir, entry_fn *add,
                struct hd_err *err)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    int rc = 0;

    while (d && !rc && (e = readdir(d)))
        if (e->d_name[0] != '.')
            rc = add(s, dir, e->d_name);
    if (d)
        closedir(d);
    return rc ? no_memory(err) : 0;
}

/* Of HD_ASK_DIR; other programs' come and go. */
static int add_question(struct hd_snapshot *s, const char *dir,
                        const char *name)
{
    return strstr(name, HD_ASK_NAME)
               ? hd_snapshot_add(s, "file %s/%s", dir, name)
               : 0;
}

static char *attribute(const char *dir, const char *name, const char *leaf)
{
    char path[512], *text = NULL;

    snprintf(path, sizeof(path), "%s/%.255s/%s", dir, name, leaf);
    if (hd_io_read_file(path, 4096, &text, NULL, NULL))
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static int add_disk(struct hd_snapshot *s, const char *dir, const char *name)
{
    hd_autofree char *dm = attribute(dir, name, "dm/name");
    hd_autofree char *loop = attribute(dir, name, "loop/backing_file");

    if (dm)
        return hd_snapshot_add(s, "dm %s", dm);
    return loop ? hd_snapshot_add(s, "loop %s %s", name, loop) : 0;
}

static int add_netdev(struct hd_snapshot *s, const char *dir, const char *name)
{
    char path[512], master[512];
    const char *bridge;
    ssize_t len;

    snprintf(path, sizeof(path), "%s/%.255s/brport/bridge", dir, name);
    len = readlink(path, master, sizeof(master) - 1);
    if (len > 0) {
        master[len] = '\0';
        bridge = strrchr(master, '/');
        if (hd_snapshot_add(s, "port %s/%s", bridge ? bridge + 1 : master,
                            name))
            return -1;
    }
    return hd_snapshot_add(s, "netdev %s", name);
}

/* What Xen's PCI backend holds: its attributes are no devices. */
static int add_pci(struct hd_snapshot *s, const char *dir, const char *name)
{
    (void)dir;
    return strchr(name, ':') ? hd_snapshot_add(s, "pci %s", name) : 0;
}

/* PID 1's mounts, for a service may have a view of its own. */
static int take_mounts(struct hd_snapshot *s, struct hd_err *err)
{
    FILE *in = fopen("/proc/1/mountinfo", "re");
    hd_autofree char *line = NULL;
    size_t room = 0;
    int rc = 0;

    if (!in)
        return hd_fail_errno(err, HD_E_IO, "cannot look at mounts");
    while (!rc && getline(&line, &room, in) > 0) {
        char target[1024];

        /* proc(5): id, parent, major:minor, root, target */
        if (sscanf(line, "%*s %*s %*s %*s %1023s", target) == 1)
            rc = hd_snapshot_add(s, "mount %s", target);
    }
    fclose(in);
    return rc ? no_memory(err) : 0;
}

static int take_domains(struct hd_snapshot *s, struct hd_err *err)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    xc_domaininfo_t infos[BATCH];
    uint32_t next = 0;
    int n = -1, rc = 0;

    if (!xch)
        return hd_fail_errno(err, HD_E_NO_XEN, "xen does not answer");
    while (!rc && next < DOMIDS &&
           (n = xc_domain_getinfolist(xch, next, BATCH, infos)) > 0) {
        for (int i = 0; i < n && !rc; i++) {
            struct hd_uuid uuid;
            char id[HD_UUID_SIZE];

            memcpy(uuid.byte, infos[i].handle, sizeof(uuid.byte));
            hd_uuid_format(&uuid, id);
            rc = hd_snapshot_add(s, "domain %s %u", id, infos[i].domain);
        }
        next = infos[n - 1].domain + 1u;
    }
    xc_interface_close(xch);
    if (n < 0)
        return hd_fail_errno(err, HD_E_FAILED, "xen does not list its domains");
    return rc ? no_memory(err) : 0;
}

/* Nodes are guests' to make, within xenstored's quota. */
static int take_nodes(struct hd_snapshot *s, struct hd_xs *xs, const char *path,
                      int depth, struct hd_err *err)
{
    hd_autofree char **names = NULL;
    size_t n;

    if (depth > MAX_DEPTH || s->n > MAX_NODES)
        return hd_fail(err, HD_E_FAILED, "xenstore has too many nodes at %s",
                       path);
    if (hd_xs_list(xs, path, &names, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        char child[HD_XS_PATH_SIZE];

        if (snprintf(child, sizeof(child), "%s/%s", path, names[i]) >=
            (int)sizeof(child))
            return hd_fail(err, HD_E_FAILED, "xenstore %s is too deep", path);
        if (hd_snapshot_add(s, "xenstore %s", child))
            return no_memory(err);
        if (take_nodes(s, xs, child, depth + 1, err))
            return -1;
    }
    return 0;
}

static int take_xen(struct hd_snapshot *s, struct hd_err *err)
{
    static const char *const tops[] = {"/local/domain", "/vm", "/libxl"};
    hd_autofree struct hd_inventory *inventory = calloc(1, sizeof(*inventory));
    hd_auto(hd_xs) xs = NULL;

    if (!inventory)
        return no_memory(err);
    if (hd_dom0_check(err) || hd_scan_xen(inventory, err) ||
        take_domains(s, err) || hd_xs_open(&xs, err))
        return -1;
    s->memory_kib = inventory->memory_free / 1024;
    for (size_t i = 0; i < HD_ARRAY_LEN(tops); i++)
        if (take_nodes(s, xs, tops[i], 0, err))
            return -1;
    return 0;
}

int hd_snapshot_take(struct hd_snapshot **ret, struct hd_err *err)
{
    hd_auto(hd_snapshot) s = hd_snapshot_new();

    if (!s)
        return no_memory(err);
    if (take_xen(s, err) || each(s, "/sys/block", add_disk, err) ||
        each(s, "/sys/class/net", add_netdev, err) ||
        each(s, "/sys/bus/pci/drivers/pciback", add_pci, err) ||
        each(s, HD_ASK_DIR, add_question, err) || take_mounts(s, err) ||
        take_files(s, err))
        return -1;
    hd_snapshot_sort(s);
    *ret = hd_steal(&s);
    return 0;
}

int hd_snapshot_baseline(struct hd_err *err)
{
    hd_auto(hd_snapshot) now = NULL;

    if (!access(HD_BASELINE, F_OK))
        return 0;
    if (mkdir(HD_RUN_DIR, 0755) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", HD_RUN_DIR);
    if (hd_snapshot_take(&now, err))
        return -1;
    return hd_snapshot_save(now, HD_BASELINE, err);
}
