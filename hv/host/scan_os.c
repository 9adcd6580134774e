/* SPDX-License-Identifier: MIT */
/* The host's system: release, kernel, machine, time zone, locale, keyboard,
 * processor; from its files, in the order in which Debian looks. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "scan.h"
#include "sysfs.h"

#define ZONES "/zoneinfo/"
/* What Debian's libxl runs for a PV framebuffer, of package qemu-system-xen. */
#define QEMU "usr/libexec/xen-qemu-system-i386"

/* The value of KEY=VALUE in a file as /etc/os-release: os-release(5). */
static bool value_of(int root, const char *path, const char *key, char *ret,
                     size_t size)
{
    hd_autofd int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(hd_steal_fd(&fd), "r");
    size_t len = strlen(key);
    bool found = false;
    char line[HD_HOST_FEATURES];

    while (f && !found && fgets(line, sizeof(line), f)) {
        char *at = line + len + 1;

        if (strncmp(line, key, len) || line[len] != '=')
            continue;
        if (*at == '"' || *at == '\'')
            at++;
        at[strcspn(at, "\"'\n")] = '\0';
        hd_sysfs_clean(at);
        snprintf(ret, size, "%s", at);
        found = *ret;
    }
    if (f)
        fclose(f);
    return found;
}

static void find_zone(struct hd_host_os *os, int root)
{
    char to[256];
    const char *zone;

    if (hd_sysfs_link(root, to, sizeof(to), "etc/localtime") &&
        (zone = strstr(to, ZONES)))
        snprintf(os->time_zone, sizeof(os->time_zone), "%.63s",
                 zone + strlen(ZONES));
    else if (!hd_sysfs_text(root, os->time_zone, sizeof(os->time_zone),
                            "etc/timezone") ||
             !*os->time_zone)
        strcpy(os->time_zone, "UTC"); /* localtime(5) */
}

void hd_scan_os(struct hd_inventory *inv, int root)
{
    struct hd_host_os *os = &inv->os;
    struct utsname u;

    inv->has_qemu = !faccessat(root, QEMU, X_OK, AT_EACCESS);
    if (!value_of(root, "etc/os-release", "PRETTY_NAME", os->release,
                  sizeof(os->release)))
        value_of(root, "usr/lib/os-release", "PRETTY_NAME", os->release,
                 sizeof(os->release));
    if (!uname(&u)) {
        snprintf(os->kernel, sizeof(os->kernel), "%.63s", u.release);
        snprintf(os->name, sizeof(os->name), "%.63s", u.nodename);
    }
    hd_sysfs_text(root, os->machine, sizeof(os->machine),
                  "sys/class/dmi/id/product_name");
    find_zone(os, root);
    if (!value_of(root, "etc/locale.conf", "LANG", os->locale,
                  sizeof(os->locale)) &&
        !value_of(root, "etc/default/locale", "LANG", os->locale,
                  sizeof(os->locale)))
        strcpy(os->locale, "C.UTF-8"); /* locale.conf(5) */
    if (!value_of(root, "etc/default/keyboard", "XKBLAYOUT", os->keyboard,
                  sizeof(os->keyboard)))
        value_of(root, "etc/vconsole.conf", "KEYMAP", os->keyboard,
                 sizeof(os->keyboard));
}

/* The first "key<blanks>: value" of a file as /proc/cpuinfo: proc(5). */
static bool proc_value(int root, const char *path, const char *key, char *ret,
                       size_t size)
{
    hd_autofd int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(hd_steal_fd(&fd), "r");
    size_t len = strlen(key);
    bool found = false;
    char line[HD_HOST_FEATURES];

    while (f && !found && fgets(line, sizeof(line), f)) {
        char *colon = strchr(line, ':');

        if (strncmp(line, key, len) || !colon)
            continue;
        hd_sysfs_clean(colon + 1);
        snprintf(ret, size, "%.*s", (int)size - 1, colon + 1);
        found = true;
    }
    if (f)
        fclose(f);
    return found;
}

void hd_scan_cpu(struct hd_inventory *inv, int root)
{
    proc_value(root, "proc/cpuinfo", "model name", inv->cpu_model,
               sizeof(inv->cpu_model));
    proc_value(root, "proc/cpuinfo", "flags", inv->cpu_features,
               sizeof(inv->cpu_features));
}

void hd_scan_dom0(struct hd_inventory *inv, int root)
{
    char text[HD_HOST_TEXT]; /* "513468 kB" */

    if (proc_value(root, "proc/meminfo", "MemAvailable", text, sizeof(text)))
        inv->dom0_available = strtoull(text, NULL, 10) << 10;
}
