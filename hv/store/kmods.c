/* SPDX-License-Identifier: MIT */
/* Chooses a ramdisk's modules from depmod's lists; reads no module. */
#include "kmods.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"

/* The alias of crc32c, which ext4 of Linux before 6.15 asks modprobe(8) for,
 * leads to more than one; this one runs everywhere. */
static const struct {
    const char *name;
    enum hd_kmods_use use;
    bool needed;
} wanted[] = {
    {"xen-blkfront", HD_KMODS_ROOT, true},
    {"xen-netfront", HD_KMODS_ROOT, true},
    {"crc32c_generic", HD_KMODS_ROOT, false},
    {"ext4", HD_KMODS_ROOT, true},
    {"9pnet_xen", HD_KMODS_VIEW, true},
    {"9p", HD_KMODS_VIEW, true},
    {"overlay", HD_KMODS_VIEW, true},
    {"squashfs", HD_KMODS_MORE, false},
    {"erofs", HD_KMODS_MORE, false},
};

/* "-" and "_" are the same in a module's name. */
static bool is_named(const char *path, size_t len, const char *name)
{
    const char *base = memrchr(path, '/', len);
    size_t n = strlen(name);

    base = base ? base + 1 : path;
    len -= (size_t)(base - path);
    if (len < n + 3 || memcmp(base + n, ".ko", 3) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (base[i] != name[i] && !(strchr("-_", base[i]) && base[i] &&
                                    strchr("-_", name[i]) && name[i]))
            return false;
    return true;
}

/* The line of that module, "PATH: PATH PATH..." or "PATH"; NULL: none. */
static const char *find(const char *text, const char *name)
{
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        if (is_named(text, strcspn(text, ":\n"), name))
            return text;
    return NULL;
}

static bool has(const struct hd_kmods *k, const char *path, size_t len)
{
    for (size_t i = 0; i < k->n; i++)
        if (strlen(k->paths[i]) == len && !memcmp(k->paths[i], path, len))
            return true;
    return false;
}

static int add(struct hd_kmods *k, const char *path, size_t len,
               struct hd_err *err)
{
    if (has(k, path, len))
        return 0;
    if (len < 3 || memcmp(path + len - 3, ".ko", 3) != 0)
        return hd_fail(err, HD_E_FAILED,
                       "the module %.*s is compressed; unpack the modules and "
                       "run depmod on them",
                       (int)(len < 200 ? len : 200), path);
    if (k->n == HD_KMODS || len >= HD_KMODS_PATH || *path == '/' ||
        memmem(path, len, "..", 2))
        return hd_fail(err, HD_E_FAILED, "modules.dep has an odd line");
    snprintf(k->paths[k->n++], HD_KMODS_PATH, "%.*s", (int)len, path);
    return 0;
}

/* depmod lists what a module needs with the first to be loaded last. */
static int add_line(struct hd_kmods *k, const char *line, struct hd_err *err)
{
    size_t len = strcspn(line, "\n"), self = strcspn(line, ":\n");
    const char *end = line + len;

    while (end > line + self + 1) {
        const char *space = memrchr(line, ' ', (size_t)(end - line));
        const char *word = space ? space + 1 : line + self + 1;

        if (word < end && add(k, word, (size_t)(end - word), err))
            return -1;
        if (!space)
            break;
        end = space;
    }
    return add(k, line, self, err);
}

int hd_kmods_choose(const char *dep, const char *builtin, enum hd_kmods_use use,
                    struct hd_kmods *ret, struct hd_err *err)
{
    hd_autofree struct hd_kmods *k = calloc(1, sizeof(*k));

    if (!k)
        return hd_fail_errno(err, HD_E_FAILED, "choose modules");
    for (size_t i = 0; i < HD_ARRAY_LEN(wanted); i++) {
        const char *line;

        if (wanted[i].use != use)
            continue;
        line = find(dep, wanted[i].name);
        if (line && add_line(k, line, err))
            return -1;
        if (!line && wanted[i].needed && !find(builtin, wanted[i].name))
            return hd_fail(err, HD_E_BAD_KERNEL,
                           "the kernel has no module %s, nor has it that "
                           "built in",
                           wanted[i].name);
    }
    *ret = *k;
    return 0;
}
