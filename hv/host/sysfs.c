/* SPDX-License-Identifier: MIT */
/* Attributes and folders of sysfs and the like; never trusts a byte of them:
 * devices give their own names. */
#include "sysfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"
#include "../store/text.h"

#define ATTRIBUTE 4096 /* bytes, as sysfs has them at most */

int hd_sysfs_root(struct hd_err *err)
{
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        hd_fail_errno(err, HD_E_FAILED, "cannot look at sysfs");
    return fd;
}

void hd_sysfs_clean(char *text)
{
    size_t to = hd_text_clean(text, strcspn(text, "\n")), from;

    while (to && text[to - 1] == ' ')
        to--;
    text[to] = '\0';
    from = strspn(text, " ");
    memmove(text, text + from, to - from + 1);
}

/* Cuts between characters, not within one. */
static void copy(char *ret, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    while (len && text[len] && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    memcpy(ret, text, len);
    ret[len] = '\0';
}

static bool path_of(char path[PATH_MAX], const char *fmt, va_list ap)
{
    int n = vsnprintf(path, PATH_MAX, fmt, ap);

    return n > 0 && n < PATH_MAX;
}

static bool read_all(int root, const char *path, char text[ATTRIBUTE + 1])
{
    hd_autofd int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, text, ATTRIBUTE);

    text[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

bool hd_sysfs_text(int root, char *ret, size_t size, const char *fmt, ...)
{
    char path[PATH_MAX], text[ATTRIBUTE + 1] = "";
    bool there;
    va_list ap;

    va_start(ap, fmt);
    there = path_of(path, fmt, ap) && read_all(root, path, text);
    va_end(ap);
    hd_sysfs_clean(text);
    copy(ret, size, text);
    return there;
}

uint64_t hd_sysfs_number(int root, int base, const char *fmt, ...)
{
    char path[PATH_MAX], text[ATTRIBUTE + 1];
    uint64_t value = 0;
    va_list ap;

    va_start(ap, fmt);
    if (path_of(path, fmt, ap) && read_all(root, path, text))
        value = strtoull(text, NULL, base);
    va_end(ap);
    return value;
}

static bool read_link(int root, const char *path, char to[PATH_MAX])
{
    ssize_t n = readlinkat(root, path, to, PATH_MAX - 1);

    to[n > 0 ? n : 0] = '\0';
    return n > 0;
}

bool hd_sysfs_link(int root, char *ret, size_t size, const char *fmt, ...)
{
    char path[PATH_MAX], to[PATH_MAX] = "";
    bool there;
    va_list ap;

    va_start(ap, fmt);
    there = path_of(path, fmt, ap) && read_link(root, path, to);
    va_end(ap);
    copy(ret, size, to);
    return there;
}

bool hd_sysfs_link_name(int root, char *ret, size_t size, const char *fmt, ...)
{
    char path[PATH_MAX], to[PATH_MAX] = "";
    const char *slash;
    bool there;
    va_list ap;

    va_start(ap, fmt);
    there = path_of(path, fmt, ap) && read_link(root, path, to);
    va_end(ap);
    slash = strrchr(to, '/');
    copy(ret, size, slash ? slash + 1 : to);
    return there;
}

/* Documentation/ABI/testing/sysfs-bus-usb: BUS-PORT[.PORT...]:CONFIG.INTERFACE
 * is what a device's functions hang on. */
void hd_sysfs_usb(const char *path, char ret[32])
{
    const char *at = strstr(path, "/usb"), *part;

    *ret = '\0';
    for (; at && *at; at = part + strcspn(part, "/")) {
        size_t len;

        part = at + 1;
        len = strspn(part, "0123456789-.");
        if (part[len] == ':' && len && len < 32 && memchr(part, '-', len)) {
            memcpy(ret, part, len);
            ret[len] = '\0';
        }
    }
}

/* "0000:00:1f.2": domain, bus, device and function. */
static size_t pci_length(const char *part)
{
    static const char form[] = "xxxx:xx:xx.x";
    size_t at = strcspn(part, ":"); /* domains may have more digits */

    if (at < 4 || at > 8 || strspn(part, "0123456789abcdef") != at)
        return 0;
    for (size_t i = 4; form[i]; i++, at++)
        if (form[i] == 'x' ? !part[at] || !strchr("0123456789abcdef", part[at])
                           : part[at] != form[i])
            return 0;
    return !part[at] || part[at] == '/' ? at : 0;
}

void hd_sysfs_pci(const char *path, char *ret, size_t size)
{
    size_t used = 0;

    for (const char *part = path; *part; part += strcspn(part, "/")) {
        size_t len;

        part += *part == '/';
        len = pci_length(part);
        if (!len)
            continue;
        if (used + len + 2 > size)
            used = 0;
        memcpy(ret + used, part, len);
        used += len;
        ret[used++] = '/';
    }
    ret[used] = '\0';
}

bool hd_sysfs_has(int root, const char *text, const char *fmt, ...)
{
    char path[PATH_MAX], lines[ATTRIBUTE + 1];
    size_t len = strlen(text);
    va_list ap;
    bool there;

    va_start(ap, fmt);
    there = path_of(path, fmt, ap) && read_all(root, path, lines);
    va_end(ap);
    for (const char *at = lines; there && at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (!strncmp(at, text, len))
            return true;
    }
    return false;
}

bool hd_sysfs_exists(int root, const char *fmt, ...)
{
    char path[PATH_MAX];
    bool there;
    va_list ap;

    va_start(ap, fmt);
    there = path_of(path, fmt, ap) && !faccessat(root, path, F_OK, 0);
    va_end(ap);
    return there;
}

static int no_dots(const struct dirent *e)
{
    return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

void hd_sysfs_each(int root, const char *folder, hd_sysfs_fn *fn, void *ctx)
{
    struct dirent **list;
    int n = scandirat(root, folder, &list, no_dots, versionsort);

    for (int i = 0; i < n; i++) {
        fn(ctx, root, list[i]->d_name);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}
