/* SPDX-License-Identifier: MIT */
/* The one gate before any password check; never looks at one itself. */
#include "tries.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static uint64_t now_ms(clockid_t which)
{
    struct timespec ts;

    clock_gettime(which, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int hd_tries_clock(struct hd_clock *ret, struct hd_err *err)
{
    hd_autofree char *boot = NULL;
    struct hd_clock clock;

    if (hd_io_read_file(BOOT_ID, 64, &boot, NULL, err))
        return -1;
    boot[strcspn(boot, "\n")] = '\0';
    if (hd_uuid_parse(boot, &clock.boot, err))
        return hd_wrap(err, BOOT_ID);
    clock.boottime_ms = now_ms(CLOCK_BOOTTIME);
    clock.wall_ms = now_ms(CLOCK_REALTIME);
    *ret = clock;
    return 0;
}

/* ---- the file */

static void name_file(const char *dir, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/state", dir);
}

/* As it is now; no file: nothing was ever counted. */
static int load(const char *dir, struct hd_throttle **ret, struct hd_err *err)
{
    hd_auto(hd_throttle) t = NULL;
    hd_autofree char *text = NULL;
    struct hd_clock clock;
    struct hd_err why = {0};
    char path[PATH_MAX];
    size_t len;

    name_file(dir, path);
    if (hd_tries_clock(&clock, err))
        return -1;
    if (hd_io_read_file(path, HD_THROTTLE_TEXT_MAX, &text, &len, &why)) {
        if (why.sys == ENOENT)
            t = hd_throttle_new(&clock);
        else if (err)
            *err = why;
        if (!t)
            return why.sys == ENOENT
                       ? hd_fail_errno(err, HD_E_FAILED, "read %s", path)
                       : -1;
    } else if (strlen(text) != len || hd_throttle_parse(text, &t, NULL)) {
        return hd_fail(err, HD_E_FAILED,
                       "%s is damaged; as root, remove it to count wrong "
                       "passwords anew",
                       path);
    }
    hd_throttle_advance(t, &clock);
    *ret = hd_steal(&t);
    return 0;
}

static int save(const char *dir, const struct hd_throttle *t,
                struct hd_err *err)
{
    hd_autofree char *text = hd_throttle_format(t);
    char path[PATH_MAX];

    if (!text)
        return hd_fail_errno(err, HD_E_FAILED, "count passwords");
    name_file(dir, path);
    return hd_io_write_file(path, text, strlen(text), 0600, err);
}

/* ---- what is counted */

static int charge(const char *dir, const struct hd_uuid *id, struct hd_err *err)
{
    hd_autofd int held = hd_io_lock_folder(dir, err);
    hd_auto(hd_throttle) t = NULL;

    if (held < 0 || load(dir, &t, err))
        return hd_wrap(err, "no password is looked at");
    if (hd_throttle_charge(t, id, err))
        return -1;
    if (save(dir, t, err))
        return hd_wrap(err, "no password is looked at");
    return 0;
}

static int settle(const char *dir, const struct hd_uuid *id, bool right,
                  struct hd_err *err)
{
    hd_autofd int held = hd_io_lock_folder(dir, err);
    hd_auto(hd_throttle) t = NULL;

    if (held < 0 || load(dir, &t, err))
        return -1;
    if (right)
        hd_throttle_right(t, id);
    else
        hd_throttle_wrong(t, id);
    return save(dir, t, err);
}

int hd_tries_check(const char *dir, const struct hd_uuid *id,
                   hd_tries_fn *check, void *ctx, struct hd_err *err)
{
    int rc;

    if (charge(dir, id, err))
        return -1;
    rc = check(ctx, err);
    /* When this fails the charge stands, which is never too little. */
    settle(dir, id, rc == 0, NULL);
    return rc;
}

int hd_tries_wait(const char *dir, const struct hd_uuid *id, uint64_t *ret_ms,
                  struct hd_err *err)
{
    hd_auto(hd_throttle) t = NULL;

    if (load(dir, &t, err))
        return hd_wrap(err, "no password is looked at");
    *ret_ms = hd_throttle_wait_ms(t, id);
    return 0;
}

int hd_tries_allow(const char *dir, const struct hd_uuid *id,
                   struct hd_err *err)
{
    hd_auto(hd_throttle) t = NULL;

    if (load(dir, &t, err))
        return hd_wrap(err, "no password is looked at");
    /* Charged in memory only; the job does it where it lasts. */
    return hd_throttle_charge(t, id, err);
}

/* What killed jobs have left half written. */
static void remove_halves(int folder)
{
    int again = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *d = again < 0 ? NULL : fdopendir(again);
    struct dirent *e;

    if (!d && again >= 0)
        close(again);
    while (d && (e = readdir(d)))
        if (!strncmp(e->d_name, "state.", 6))
            unlinkat(folder, e->d_name, 0);
    if (d)
        closedir(d);
}

int hd_tries_boot(const char *dir, struct hd_err *err)
{
    hd_autofd int held = hd_io_lock_folder(dir, err);
    hd_auto(hd_throttle) t = NULL;

    if (held < 0)
        return -1;
    remove_halves(held);
    if (load(dir, &t, err))
        return -1;
    return save(dir, t, err);
}
