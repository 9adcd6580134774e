/* SPDX-License-Identifier: MIT */
/* What came to this host and what went since the last look; never changes it.
 */
#include "changes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan.h"
#include "sysfs.h"

struct hd_changes {
    int root;
    struct hd_inventory *last;
};

struct told {
    hd_changes_fn *fn;
    void *ctx;
    uint32_t n;
};

/* One of the inventory's lists.  What is not `same` went and came. */
struct kind {
    size_t size;
    const void *(*list)(const struct hd_inventory *inv, uint32_t *ret_n);
    bool (*same)(const void *a, const void *b);
    void (*name)(const void *item, char *ret, size_t size);
    bool (*ours)(const void *item);
    /* What is new of the same one, or NULL. */
    const char *(*news)(const void *before, const void *after);
};

static void tell(struct told *told, const char *name, const char *what)
{
    char text[200];

    if (told->n++ >= HD_CHANGES_TOLD)
        return;
    snprintf(text, sizeof(text), "%s %s", name, what);
    hd_sysfs_clean(text);
    told->fn(told->ctx, text);
}

/* ---- links */

static const void *links(const struct hd_inventory *inv, uint32_t *ret_n)
{
    *ret_n = inv->n_links;
    return inv->links;
}

static bool same_link(const void *a, const void *b)
{
    const struct hd_host_link *x = a, *y = b;

    return x->kind == y->kind && !strcmp(x->name, y->name);
}

static void name_link(const void *item, char *ret, size_t size)
{
    const struct hd_host_link *l = item;

    snprintf(ret, size, "%s %s",
             l->kind == HD_LINK_OTHER ? "network interface"
                                      : hd_host_link_kind(l->kind),
             l->name);
}

/* hv/plan names them: "hd", eight digits of the store's id, the guest's number
 * and, of one with a port, "u" and the wish's. */
static bool is_our_bridge(const void *item)
{
    const struct hd_host_link *l = item;

    return l->kind == HD_LINK_BRIDGE && !strncmp(l->name, "hd", 2) &&
           strlen(l->name) > 10 &&
           !l->name[2 + strspn(l->name + 2, "0123456789abcdefu")];
}

static const char *link_news(const void *before, const void *after)
{
    const struct hd_host_link *x = before, *y = after;

    if (x->up == y->up)
        return NULL;
    return y->up ? "is up" : "is down";
}

/* ---- disks and USB devices */

static const void *disks(const struct hd_inventory *inv, uint32_t *ret_n)
{
    *ret_n = inv->n_disks;
    return inv->disks;
}

static bool same_disk(const void *a, const void *b)
{
    const struct hd_host_disk *x = a, *y = b;

    return !strcmp(x->name, y->name) && x->size == y->size &&
           !strcmp(x->model, y->model);
}

static void name_disk(const void *item, char *ret, size_t size)
{
    const struct hd_host_disk *d = item;

    snprintf(ret, size, "disk %s%s%s%s", d->name, *d->model ? " (" : "",
             d->model, *d->model ? ")" : "");
}

static const void *usb(const struct hd_inventory *inv, uint32_t *ret_n)
{
    *ret_n = inv->n_usb;
    return inv->usb;
}

static bool same_usb(const void *a, const void *b)
{
    const struct hd_host_usb *x = a, *y = b;

    return !strcmp(x->address, y->address) && x->vendor == y->vendor &&
           x->product == y->product;
}

static void name_usb(const void *item, char *ret, size_t size)
{
    const struct hd_host_usb *u = item;

    snprintf(ret, size, "USB device %s%s%s%s", u->address, *u->name ? " (" : "",
             u->name, *u->name ? ")" : "");
}

static const struct kind kinds[] = {
    {sizeof(struct hd_host_link), links, same_link, name_link, is_our_bridge,
     link_news},
    {sizeof(struct hd_host_disk), disks, same_disk, name_disk, NULL, NULL},
    {sizeof(struct hd_host_usb), usb, same_usb, name_usb, NULL, NULL},
};

/* ---- the comparison */

static const void *find(const struct kind *kind, const void *list, uint32_t n,
                        const void *item)
{
    for (uint32_t i = 0; i < n; i++)
        if (kind->same((const char *)list + i * kind->size, item))
            return (const char *)list + i * kind->size;
    return NULL;
}

/* What of `from` is not in `to`; with `news` also what is new of the others. */
static void compare(const struct kind *kind, const struct hd_inventory *from,
                    const struct hd_inventory *to, const char *what, bool news,
                    struct told *told)
{
    uint32_t n, n_to;
    const char *list = kind->list(from, &n);
    const void *others = kind->list(to, &n_to);

    for (uint32_t i = 0; i < n; i++) {
        const void *item = list + i * kind->size;
        const void *other = find(kind, others, n_to, item);
        const char *text = what;
        char name[128];

        if (other)
            text = news && kind->news ? kind->news(other, item) : NULL;
        if (!text || (kind->ours && kind->ours(item)))
            continue;
        kind->name(item, name, sizeof(name));
        tell(told, name, text);
    }
}

void hd_changes_between(const struct hd_inventory *before,
                        const struct hd_inventory *after, hd_changes_fn *fn,
                        void *ctx)
{
    struct told told = {fn, ctx, 0};
    char text[64];

    for (size_t i = 0; i < HD_ARRAY_LEN(kinds); i++)
        compare(&kinds[i], before, after, "has gone", false, &told);
    for (size_t i = 0; i < HD_ARRAY_LEN(kinds); i++)
        compare(&kinds[i], after, before, "has come", true, &told);
    if (told.n > HD_CHANGES_TOLD) {
        snprintf(text, sizeof(text), "%u more devices have come or gone",
                 told.n - HD_CHANGES_TOLD);
        fn(ctx, text);
    }
}

static struct hd_inventory *look(int root, struct hd_err *err)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));

    if (!inv) {
        hd_fail_errno(err, HD_E_FAILED, "scan the host");
        return NULL;
    }
    if (hd_scan_links(inv, root, err))
        return NULL;
    hd_scan_disks(inv, root);
    hd_scan_usb(inv, root);
    return hd_steal(&inv);
}

int hd_changes_new(struct hd_changes **ret, struct hd_err *err)
{
    hd_auto(hd_changes) changes = calloc(1, sizeof(*changes));

    if (!changes)
        return hd_fail_errno(err, HD_E_FAILED, "scan the host");
    changes->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (changes->root < 0)
        return hd_fail_errno(err, HD_E_FAILED, "scan the host");
    changes->last = look(changes->root, err);
    if (!changes->last)
        return -1;
    *ret = hd_steal(&changes);
    return 0;
}

void hd_changes_free(struct hd_changes *changes)
{
    if (changes->root >= 0)
        close(changes->root);
    free(changes->last);
    free(changes);
}

int hd_changes_look(struct hd_changes *changes, hd_changes_fn *fn, void *ctx,
                    struct hd_err *err)
{
    struct hd_inventory *now = look(changes->root, err);

    if (!now)
        return -1;
    hd_changes_between(changes->last, now, fn, ctx);
    free(changes->last);
    changes->last = now;
    return 0;
}
