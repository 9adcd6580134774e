/* SPDX-License-Identifier: MIT */
/* Brings a guest from its ramdisk to its root; runs no shell. */
#include "early.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"
#include "bind.h"
#include "duty.h"
#include "duty_report.h"
#include "early_hand.h"
#include "folder.h"
#include "modules.h"
#include "paths.h"
#include "prefs.h"
#include "table.h"

#define ROOT        "/root"
#define WAIT_MS     30000
#define LOOK_MS     10
#define TRIES       6          /* each as long as xsdev.h says */
#define PROGRAM_MAX (1u << 20) /* bytes, as the Makefile has it */
#define TEXT_MAX    (64u << 10)

/* ---- the command line */

static bool take(const char *word, size_t len, const char *key, char *ret,
                 size_t size)
{
    size_t n = strlen(key);

    if (len < n || memcmp(word, key, n) != 0)
        return false;
    if (len - n < size)
        snprintf(ret, size, "%.*s", (int)(len - n), word + n);
    return true;
}

int hd_early_parse(const char *cmdline, struct hd_early *ret,
                   struct hd_err *err)
{
    struct hd_early e = {.read_only = true};
    char root[256] = "";

    for (size_t len; *cmdline; cmdline += len) {
        len = strcspn(cmdline, " \n");
        if (len == 2 && !memcmp(cmdline, "rw", 2))
            e.read_only = false;
        else if (len == 2 && !memcmp(cmdline, "ro", 2))
            e.read_only = true;
        else if (!take(cmdline, len, "root=", root, sizeof(root)) &&
                 !take(cmdline, len, "rootfstype=", e.type, sizeof(e.type)))
            take(cmdline, len, "init=", e.init, sizeof(e.init));
        len += cmdline[len] != '\0';
    }
    if (*root && (strncmp(root, "/dev/", 5) != 0 || strlen(root) >= 64))
        return hd_fail(err, HD_E_USAGE,
                       "root=%.64s is not a device; write root=/dev/xvda",
                       root);
    snprintf(e.root, sizeof(e.root), "%.63s", root);
    *ret = e;
    return 0;
}

bool hd_early_first_volume(const struct hd_promise *promises, size_t n,
                           char ret[64])
{
    const struct hd_promise *first = NULL;

    for (size_t i = 0; i < n; i++)
        if (!strcmp(promises[i].class, "block") && promises[i].given &&
            !strncmp(promises[i].device, "xvd", 3) &&
            (!first || strcmp(promises[i].device, first->device) < 0))
            first = &promises[i];
    if (first)
        snprintf(ret, 64, "/dev/%s", first->device);
    return first != NULL;
}

/* ---- the ramdisk */

static const struct {
    const char *type, *at;
    unsigned long flags;
    const char *options;
} mounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"devtmpfs", "/dev", MS_NOSUID, "mode=755"},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755"},
};

static int mount_all(struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(mounts); i++) {
        if (hd_folder_make(mounts[i].at, err))
            return -1;
        if (mount(mounts[i].type, mounts[i].at, mounts[i].type, mounts[i].flags,
                  mounts[i].options))
            return hd_fail_errno(err, HD_E_IO, "mount %s", mounts[i].at);
    }
    return 0;
}

/* Standard error leads to `path` from now on, and with `all` the other two. */
static void speak_to(const char *path, bool all)
{
    int fd = open(path, (all ? O_RDWR : O_WRONLY) | O_CLOEXEC);

    for (int to = all ? 0 : 2; fd >= 0 && to <= 2; to++)
        (void)dup2(fd, to);
}

/* ---- the root */

static int await(const char *path, struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + WAIT_MS;

    while (access(path, F_OK)) {
        if (!hd_io_left_ms(until))
            return hd_fail(err, HD_E_TIMEOUT, "there is no %s", path);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    return 0;
}

/* A disk that takes no writes, an image say, is mounted all the same. */
static bool try_type(const struct hd_early *e, const char *type)
{
    if (!mount(e->root, ROOT, type, e->read_only ? MS_RDONLY : 0, NULL))
        return true;
    return !e->read_only && (errno == EACCES || errno == EROFS) &&
           !mount(e->root, ROOT, type, MS_RDONLY, NULL);
}

/* As the kernel does without a ramdisk: whatever type takes it; but ext4 would
 * be mounted as what it was before. */
static int mount_root(const struct hd_early *e, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    char *save, *line;

    if (hd_folder_make(ROOT, err) || await(e->root, err))
        return -1;
    if (try_type(e, *e->type ? e->type : "ext4"))
        return 0;
    hd_modules_load(HD_MODULES_MORE);
    if (*e->type)
        return try_type(e, e->type)
                   ? 0
                   : hd_fail_errno(err, HD_E_IO, "mount %s as %s", e->root,
                                   e->type);
    if (hd_io_read_file("/proc/filesystems", TEXT_MAX, &text, NULL, err))
        return -1;
    for (line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        if (*line == '\t' && try_type(e, line + 1))
            return 0;
    return hd_fail_errno(err, HD_E_IO,
                         "no file system of this ramdisk mounts %s", e->root);
}

/* Nothing but a ramdisk is emptied. */
static bool is_memory(int fd)
{
    struct statfs fs;

    return !fstatfs(fd, &fs) &&
           (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

/* The ramdisk's memory is given back: what it held is not seen any more. */
static void empty(int dir, dev_t dev)
{
    hd_autofd int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *e;
    struct stat st;

    if (list)
        fd = -1; /* closedir(3) closes it */
    while (list && (e = readdir(list))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
            fstatat(dirfd(list), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
            st.st_dev != dev)
            continue;
        if (S_ISDIR(st.st_mode)) {
            hd_autofd int below =
                openat(dirfd(list), e->d_name,
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

            if (below >= 0)
                empty(below, dev);
        }
        (void)unlinkat(dirfd(list), e->d_name,
                       S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
    }
    if (list)
        closedir(list);
}

/* For people in a guest that has no package of it. */
static void keep_program(void)
{
    hd_autofree char *program = NULL;
    struct hd_err err;
    size_t len;

    if (hd_io_read_file("/proc/self/exe", PROGRAM_MAX, &program, &len, &err) ||
        hd_folder_make(HD_GUEST_RUN, &err) ||
        hd_io_write_file(HD_GUEST_PROGRAM, program, len, 0755, &err))
        hd_log(HD_LOG_WARNING, "there is no %s: %s", HD_GUEST_PROGRAM, err.msg);
}

static int move_to_root(struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(mounts); i++) {
        char to[32];

        snprintf(to, sizeof(to), ROOT "%s", mounts[i].at);
        (void)mkdir(to, 0755); /* a root without it, on a disk that takes it */
        if (mount(mounts[i].at, to, NULL, MS_MOVE, NULL))
            return hd_fail_errno(err, HD_E_IO, "move %s to the root",
                                 mounts[i].at);
    }
    if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") ||
        chdir("/"))
        return hd_fail_errno(err, HD_E_IO, "go to the root");
    return 0;
}

/* Modules that the guest may want later, and then no ramdisk any more: `fd`,
 * where there is a root. */
static void tidy(int fd)
{
    struct stat st;

    if (fd >= 0) {
        keep_program();
        if (fchdir(fd) || chroot("."))
            return;
    }
    hd_modules_load(HD_MODULES_VIEW);
    hd_modules_load(HD_MODULES_MORE);
    if (fd >= 0 && !fstat(fd, &st) && is_memory(fd))
        empty(fd, st.st_dev);
}

/* The guest is ready by now: none of it is waited for.  Takes `fd`. */
static void leave(int fd)
{
    hd_autofd int ramdisk = fd;

    if (fork())
        return;
    hd_io_keep_only(ramdisk); /* the agent's lock is none of its */
    tidy(ramdisk);
    _exit(0);
}

bool hd_early_writes_root(struct hd_xsdev *x)
{
    static const char *const folders[] = {HD_PREFS_NODE, HD_BIND_NODE};
    char tables[HD_XSDEV_PAYLOAD + 1] = "", names[HD_XSDEV_PAYLOAD + 1];
    size_t len = 0;

    /* Be it a head. */
    if (hd_xsdev_read(x, HD_TABLE_NODE, tables, sizeof(tables), NULL) < 0)
        return true;
    for (size_t i = 0; i < HD_ARRAY_LEN(folders) && !len; i++)
        if (hd_xsdev_list(x, folders[i], names, &len, NULL))
            return true;
    return *tables || len;
}

/* A host that starts many guests at once may be late, and without the map there
 * may be no root. */
static int load_promises(struct hd_xsdev *x, struct hd_promise ret[HD_PROMISES],
                         size_t *ret_n, struct hd_err *err)
{
    for (int i = 1; hd_promise_load(x, ret, ret_n, err); i++)
        if (err->code != HD_E_TIMEOUT || i == TRIES)
            return -1;
    return 0;
}

/* `ret->root` stays empty when there is none. */
static int choose_root(struct hd_xsdev *x, struct hd_early *ret,
                       struct hd_promise promises[HD_PROMISES], size_t *ret_n,
                       struct hd_err *err)
{
    hd_autofree char *text = NULL;

    if (hd_io_read_file("/proc/cmdline", TEXT_MAX, &text, NULL, err) ||
        hd_early_parse(text, ret, err) ||
        load_promises(x, promises, ret_n, err))
        return -1;
    if (!*ret->root)
        hd_early_first_volume(promises, *ret_n, ret->root);
    if (hd_early_writes_root(x))
        ret->read_only = false;
    return 0;
}

/* What needs no root is done before it; an interface that is not there yet is
 * named with the rest. */
static int go_to_root(struct hd_duty *d, struct hd_early *ret, int *ret_ramdisk,
                      struct hd_err *err)
{
    static struct hd_promise promises[HD_PROMISES];

    if (choose_root(d->x, ret, promises, &d->n_known, err))
        return -1;
    d->known = promises; /* what has changed since rings when it is watched */
    hd_early_hand_begin(d);
    hd_duty_name(d);
    if (*ret->root && mount_root(ret, err))
        return -1;
    d->begun_ms = hd_io_now_ms(); /* from here on the guest waits for it */
    if (!*ret->root)
        return 0;
    hd_early_hand_follow(d, ROOT);
    *ret_ramdisk = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return move_to_root(err);
}

int hd_early_run(char **argv, struct hd_err *err)
{
    hd_autofd int ramdisk = -1;
    struct hd_early e;
    struct hd_duty d;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files))
        return hd_fail_errno(err, HD_E_FAILED, "read the limit of open files");
    if (mount_all(err))
        return -1;
    speak_to("/dev/kmsg", false);
    hd_modules_load(HD_MODULES_ROOT);
    if (hd_duty_open(&d, err) || go_to_root(&d, &e, &ramdisk, err))
        return -1;
    hd_duty_begin(&d);
    hd_duty_report(&d, "ready");
    leave(hd_steal_fd(&ramdisk));
    if (!*e.root && !*e.init)
        return hd_duty_go_on(&d, err);
    if (hd_duty_go_on_behind(&d, err))
        return -1;
    if (!*e.init)
        strcpy(e.init, "/sbin/init");
    hd_duty_fini(&d);
    speak_to("/dev/console", true);
    /* The agent needs more of them than programs that use select(2) can bear.
     */
    (void)setrlimit(RLIMIT_NOFILE, &files);
    argv[0] = e.init;
    execv(e.init, argv);
    return hd_fail_errno(err, HD_E_FAILED, "run %s", e.init);
}
