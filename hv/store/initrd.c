/* SPDX-License-Identifier: MIT */
/* Makes ramdisks in memory; writes no file and runs no program. */
#include "initrd.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "kmods.h"

#define FILE_MAX (16u << 20)
#define ROOM     (4096u) /* what an entry takes beside its bytes, and more */

/* What the ramdisk holds, before it is packed. */
struct piece {
    char path[HD_KMODS_PATH + 16];
    mode_t mode; /* with its type */
    char *data;  /* owned; of a link where it leads */
    size_t len;
};

#define PIECES (HD_KMODS + 32)

struct initrd {
    size_t n;
    struct piece pieces[PIECES];
};

static void initrd_free(struct initrd *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->pieces[i].data);
    free(r);
}
HD_DEFINE_AUTO(initrd)

static void writer_freep(struct archive **a)
{
    archive_write_free(*a);
}

static void entry_freep(struct archive_entry **e)
{
    archive_entry_free(*e);
}

#define autowriter __attribute__((cleanup(writer_freep))) struct archive
#define autoentry  __attribute__((cleanup(entry_freep))) struct archive_entry

/* ---- pieces */

static int put(struct initrd *r, const char *path, mode_t mode,
               const char *data, size_t len, struct hd_err *err)
{
    struct piece *p = &r->pieces[r->n];

    if (r->n == PIECES)
        return hd_fail(err, HD_E_FAILED, "the ramdisk has too many files");
    p->data = malloc(len + 1);
    if (!p->data)
        return hd_fail_errno(err, HD_E_FAILED, "make a ramdisk");
    memcpy(p->data, data, len);
    p->data[len] = '\0';
    p->len = len;
    p->mode = mode;
    snprintf(p->path, sizeof(p->path), "%s", path);
    r->n++;
    return 0;
}

static int put_file(struct initrd *r, const char *path, const char *from,
                    mode_t mode, struct hd_err *err)
{
    hd_autofree char *data = NULL;
    size_t len = 0;

    if (hd_io_read_file(from, FILE_MAX, &data, &len, err))
        return -1;
    return put(r, path, S_IFREG | mode, data, len, err);
}

static int put_folders(struct initrd *r, struct hd_err *err)
{
    static const char *const folders[] = {"dev", "etc",        "proc", "root",
                                          "run", "sbin",       "sys",  "tmp",
                                          "lib", "lib/modules"};

    for (size_t i = 0; i < HD_ARRAY_LEN(folders); i++)
        if (put(r, folders[i], S_IFDIR | 0755, "", 0, err))
            return -1;
    return 0;
}

/* Where the agent stays the first process, the kernel runs these when the host
 * asks for an end. */
static int put_agent(struct initrd *r, const char *agent, struct hd_err *err)
{
    static const char *const links[] = {"sbin/poweroff", "sbin/reboot",
                                        "sbin/hotdom-guest"};

    if (put_file(r, "init", agent, 0755, err))
        return hd_wrap(err, "the agent");
    for (size_t i = 0; i < HD_ARRAY_LEN(links); i++)
        if (put(r, links[i], S_IFLNK | 0777, "../init", 7, err))
            return -1;
    return 0;
}

static bool has(const struct initrd *r, const char *path)
{
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->pieces[i].path, path))
            return true;
    return false;
}

/* Flat: the order for each use is in a file of its own, which
 * dom-guest/modules.c reads. */
static int put_modules(struct initrd *r, const char *folder,
                       const struct hd_kmods *k, const char *list,
                       struct hd_err *err)
{
    char order[HD_KMODS * (HD_KMODS_PATH + 16)] = "";

    for (size_t i = 0; i < k->n; i++) {
        char from[PATH_MAX + HD_KMODS_PATH], to[HD_KMODS_PATH + 16];

        snprintf(from, sizeof(from), "%s/%s", folder, k->paths[i]);
        snprintf(to, sizeof(to), "lib/modules/%s",
                 strrchr(k->paths[i], '/') ? strrchr(k->paths[i], '/') + 1
                                           : k->paths[i]);
        snprintf(order + strlen(order), sizeof(order) - strlen(order), "/%s\n",
                 to);
        if (!has(r, to) && put_file(r, to, from, 0644, err))
            return hd_wrap(err, "module %s", k->paths[i]);
    }
    return put(r, list, S_IFREG | 0644, order, strlen(order), err);
}

static int put_uses(struct initrd *r, const char *folder, const char *dep,
                    const char *builtin, struct hd_err *err)
{
    static const char *const lists[HD_KMODS_USES] = {
        [HD_KMODS_ROOT] = "modules.root",
        [HD_KMODS_VIEW] = "modules.view",
        [HD_KMODS_MORE] = "modules.more",
    };
    hd_autofree struct hd_kmods *k = calloc(1, sizeof(*k));

    if (!k)
        return hd_fail_errno(err, HD_E_FAILED, "make a ramdisk");
    for (int use = 0; use < HD_KMODS_USES; use++)
        if (hd_kmods_choose(dep, builtin, use, k, err) ||
            put_modules(r, folder, k, lists[use], err))
            return -1;
    return 0;
}

static int put_all_modules(struct initrd *r, const char *folder,
                           struct hd_err *err)
{
    hd_autofree char *dep = NULL, *builtin = NULL;
    char path[PATH_MAX];

    if (strlen(folder) >= sizeof(path) - 32)
        return hd_fail(err, HD_E_USAGE, "the path of the modules is too long");
    snprintf(path, sizeof(path), "%s/modules.dep", folder);
    if (hd_io_read_file(path, HD_KMODS_TEXT, &dep, NULL, err))
        return hd_wrap(err,
                       "the modules (give the folder of the guest's kernel, as "
                       "/lib/modules/VERSION)");
    snprintf(path, sizeof(path), "%s/modules.builtin", folder);
    if (hd_io_read_file(path, HD_KMODS_TEXT, &builtin, NULL, err))
        return hd_wrap(err, "the modules");
    return put_uses(r, folder, dep, builtin, err);
}

/* ---- packed */

static int pack_one(struct archive *a, const struct piece *p,
                    struct hd_err *err)
{
    autoentry *e = archive_entry_new();

    if (!e)
        return hd_fail_errno(err, HD_E_FAILED, "make a ramdisk");
    archive_entry_set_pathname(e, p->path);
    archive_entry_set_mode(e, p->mode);
    archive_entry_set_mtime(e, 0, 0);
    archive_entry_set_nlink(e, 1);
    archive_entry_set_size(e, S_ISREG(p->mode) ? (la_int64_t)p->len : 0);
    if (S_ISLNK(p->mode))
        archive_entry_set_symlink(e, p->data);
    if (archive_write_header(a, e) != ARCHIVE_OK ||
        (S_ISREG(p->mode) &&
         archive_write_data(a, p->data, p->len) != (la_ssize_t)p->len))
        return hd_fail(err, HD_E_FAILED, "pack %s: %s", p->path,
                       archive_error_string(a));
    return 0;
}

static int pack(const struct initrd *r, void **ret, size_t *ret_len,
                struct hd_err *err)
{
    hd_autofree char *buf = NULL; /* outlives the writer, which flushes */
    autowriter *a = archive_write_new();
    size_t room = ROOM, used = 0;

    for (size_t i = 0; i < r->n; i++)
        room += ROOM + r->pieces[i].len + r->pieces[i].len / 128;
    buf = malloc(room);
    if (!a || !buf)
        return hd_fail_errno(err, HD_E_FAILED, "make a ramdisk");
    if (archive_write_set_format_cpio_newc(a) != ARCHIVE_OK ||
        archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
        archive_write_set_filter_option(a, "zstd", "compression-level", "9") !=
            ARCHIVE_OK ||
        archive_write_open_memory(a, buf, room, &used) != ARCHIVE_OK)
        return hd_fail(err, HD_E_FAILED, "make a ramdisk: %s",
                       archive_error_string(a));
    for (size_t i = 0; i < r->n; i++)
        if (pack_one(a, &r->pieces[i], err))
            return -1;
    if (archive_write_close(a) != ARCHIVE_OK)
        return hd_fail(err, HD_E_FAILED, "make a ramdisk: %s",
                       archive_error_string(a));
    *ret = hd_steal(&buf);
    *ret_len = used;
    return 0;
}

int hd_initrd_make(const char *modules, const char *agent, void **ret,
                   size_t *ret_len, struct hd_err *err)
{
    hd_auto(initrd) r = calloc(1, sizeof(*r));

    if (!r)
        return hd_fail_errno(err, HD_E_FAILED, "make a ramdisk");
    if (put_folders(r, err) || put_agent(r, agent, err) ||
        put_all_modules(r, modules, err))
        return -1;
    return pack(r, ret, ret_len, err);
}
