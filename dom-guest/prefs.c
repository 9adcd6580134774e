/* SPDX-License-Identifier: MIT */
/* Writes a user's settings into the guest's files; runs no program. */
#include "prefs.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "replace.h"

#define SETTINGS HD_PREFS_NODE "/"
#define ZONES    "/usr/share/zoneinfo/"
#define FILE_MAX (64u << 10)

#define WORD                                                                   \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-/"

/* ---- what the host says */

static int load(struct hd_xsdev *x, const char *path, char ret[64],
                struct hd_err *err)
{
    char text[64];
    int rc = hd_xsdev_read(x, path, text, sizeof(text), err);

    if (rc <= 0)
        return rc;
    if (*text == '/' || strstr(text, "..") || text[strspn(text, WORD)])
        return hd_fail(err, HD_E_FAILED, "%s is none", path);
    strcpy(ret, text);
    return 0;
}

int hd_prefs_load(struct hd_xsdev *x, struct hd_prefs *ret, struct hd_err *err)
{
    char names[HD_XSDEV_PAYLOAD + 1];
    struct hd_prefs p = {0};
    size_t len;
    int rc;

    *ret = p;
    if (hd_xsdev_list(x, HD_PREFS_NODE, names, &len, err))
        return -1;
    if (!len)
        return 0; /* as most have it */
    rc = load(x, SETTINGS "locale", p.locale, err);
    rc |= load(x, SETTINGS "keyboard", p.keyboard, err);
    rc |= load(x, SETTINGS "time-zone", p.time_zone, err);
    *ret = p;
    return rc;
}

/* ---- a line of a file */

char *hd_prefs_set(const char *text, const char *key, const char *value)
{
    size_t len = strlen(text), n_key = strlen(key);
    char *ret = malloc(len + n_key + strlen(value) + 4), *to = ret;
    bool done = false;

    if (!ret)
        return NULL;
    while (*text) {
        size_t line = strcspn(text, "\n");

        if (strncmp(text, key, n_key) != 0 || text[n_key] != '=') {
            to = mempcpy(to, text, line);
            *to++ = '\n';
        } else if (!done) {
            to += sprintf(to, "%s=%s\n", key, value);
            done = true;
        }
        text += line + (text[line] == '\n');
    }
    if (!done)
        to += sprintf(to, "%s=%s\n", key, value);
    *to = '\0';
    return ret;
}

static int set_line(const char *path, const char *key, const char *value,
                    struct hd_err *err)
{
    hd_autofree char *is = NULL, *text = NULL;

    if (access(path, F_OK) == 0 &&
        hd_io_read_file(path, FILE_MAX, &is, NULL, err))
        return -1;
    text = hd_prefs_set(is ? is : "", key, value);
    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "set %s", key);
    return hd_replace_file(path, text, strlen(text), 0644, err);
}

/* ---- settings */

static const struct place {
    size_t value; /* in struct hd_prefs */
    const char *debian, *debian_key;
    const char *systemd, *systemd_key;
} places[] = {
    {offsetof(struct hd_prefs, locale), "/etc/default/locale", "LANG",
     "/etc/locale.conf", "LANG"},
    {offsetof(struct hd_prefs, keyboard), "/etc/default/keyboard", "XKBLAYOUT",
     "/etc/vconsole.conf", "KEYMAP"},
};

static bool is_there(const char *root, const char *file, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s%s", root, file);
    return access(ret, F_OK) == 0;
}

/* Where the first one does not exist, its folder is where it would be. */
static int apply_place(const struct place *p, const char *value,
                       const char *root, struct hd_err *err)
{
    char debian[PATH_MAX], systemd[PATH_MAX], folder[PATH_MAX];
    bool is_systemd = is_there(root, p->systemd, systemd);

    if (is_systemd && set_line(systemd, p->systemd_key, value, err))
        return -1;
    if (is_there(root, p->debian, debian) ||
        (!is_systemd && is_there(root, "/etc/default", folder)))
        return set_line(debian, p->debian_key, value, err);
    return is_systemd ? 0 : set_line(systemd, p->systemd_key, value, err);
}

static int link_zone(const char *path, const char *target, struct hd_err *err)
{
    char is[PATH_MAX] = "", next[PATH_MAX + 8];

    if (readlink(path, is, sizeof(is) - 1) > 0 && !strcmp(is, target))
        return 0;
    snprintf(next, sizeof(next), "%s.hotdom", path);
    (void)unlink(next);
    if (symlink(target, next) || rename(next, path))
        return hd_fail_errno(err, HD_E_IO, "set %s", path);
    return 0;
}

static int apply_zone(const char *zone, const char *root, struct hd_err *err)
{
    char path[PATH_MAX], target[PATH_MAX], line[80];

    snprintf(target, sizeof(target), ZONES "%s", zone);
    if (!is_there(root, target, path))
        return hd_fail(err, HD_E_NO_DEVICE,
                       "the guest does not know the time zone %s; install "
                       "tzdata in it",
                       zone);
    (void)is_there(root, "/etc/localtime", path);
    if (link_zone(path, target, err))
        return -1;
    snprintf(line, sizeof(line), "%s\n", zone);
    return is_there(root, "/etc/timezone", path)
               ? hd_replace_file(path, line, strlen(line), 0644, err)
               : 0;
}

int hd_prefs_apply(const struct hd_prefs *prefs, const char *root,
                   struct hd_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < HD_ARRAY_LEN(places); i++) {
        const char *value = (const char *)prefs + places[i].value;

        if (*value)
            rc |= apply_place(&places[i], value, root, err);
    }
    if (*prefs->time_zone)
        rc |= apply_zone(prefs->time_zone, root, err);
    return rc;
}
