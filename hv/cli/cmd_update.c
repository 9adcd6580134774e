/* SPDX-License-Identifier: MIT */
/* hotdom update and hotdom revert: a guest's image, and the way back;
 * hv/store does the work. */
#include <getopt.h>
#include <stdio.h>

#include "../../pv-drivers/base/paths.h"
#include "../host/seen.h"
#include "../store/update.h"
#include "cmd.h"
#include "open_store.h"
#include "work.h"

struct arguments {
    const char *store;
    struct hd_update in;
    bool quiet;
};

static int take(struct arguments *a, int c)
{
    switch (c) {
    case 'g':
        a->in.guest = optarg;
        return 0;
    case 'v':
        a->in.volume = optarg;
        return 0;
    case 'i':
        a->in.image = optarg;
        return 0;
    case 'k':
        a->in.key = optarg;
        return 0;
    case 'r':
        a->in.resign = true;
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    default:
        return -1;
    }
}

static int parse(int argc, char **argv, struct arguments *a, struct hd_err *err)
{
    static const struct option options[] = {
        {"guest", required_argument, NULL, 'g'},
        {"volume", required_argument, NULL, 'v'},
        {"image", required_argument, NULL, 'i'},
        {"key", required_argument, NULL, 'k'},
        {"resign", no_argument, NULL, 'r'},
        {"quiet", no_argument, NULL, 'q'},
        {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "q", options, NULL)) != -1)
        if (take(a, c))
            return hd_fail(err, HD_E_USAGE, "unknown or incomplete option %s",
                           argv[optind - 1]);
    if (optind != argc - 1)
        return hd_fail(err, HD_E_USAGE,
                       "name one store: an image, a device or a name");
    a->store = argv[optind];
    if (!a->in.guest || !a->in.key)
        return hd_fail(err, HD_E_USAGE, "--guest and --key are both needed");
    return 0;
}

typedef int change_fn(const struct hd_update *, struct hd_updated *,
                      struct hd_err *);

static int change(struct arguments *a, change_fn *fn, struct hd_updated *ret,
                  struct hd_err *err)
{
    hd_auto(hd_open_store) o = NULL;
    struct hd_work work = {.password_fd = -1};
    struct hd_seen seen = {0};
    int rc;

    if (hd_open_store_change(a->store, &o, err))
        return -1;
    a->in.seen =
        !hd_seen_load(HD_SEEN_DIR, &o->answer->manifest.store.id, &seen, NULL);
    a->in.booted = seen.booted;
    a->in.target = &o->target;
    a->in.store = o->answer;
    a->in.ops = (struct hd_pack_ops){.progress = hd_work_show,
                                     .ctx = &work,
                                     .interrupted = "the store is as it was"};
    hd_work_begin(&work, a->quiet);
    rc = fn(&a->in, ret, err);
    hd_work_end(&work);
    return rc;
}

static void print_updated(const struct arguments *a,
                          const struct hd_updated *out)
{
    printf("store %s, generation %llu\n  %s boots from %s\n", out->store.name,
           (unsigned long long)out->store.generation, a->in.guest, out->volume);
    if (*out->replaces)
        printf("  hotdom revert goes back to %s\n", out->replaces);
}

int hd_cmd_update(int argc, char **argv, struct hd_err *err)
{
    struct arguments a = {.store = NULL};
    struct hd_updated out;

    if (parse(argc, argv, &a, err))
        return -1;
    if (!a.in.image)
        return hd_fail(err, HD_E_USAGE, "--image is needed");
    if (change(&a, hd_update, &out, err))
        return -1;
    print_updated(&a, &out);
    return 0;
}

int hd_cmd_revert(int argc, char **argv, struct hd_err *err)
{
    struct arguments a = {.store = NULL};
    struct hd_updated out;

    if (parse(argc, argv, &a, err))
        return -1;
    if (a.in.image)
        return hd_fail(err, HD_E_USAGE, "--image is for hotdom update");
    if (change(&a, hd_revert, &out, err))
        return -1;
    print_updated(&a, &out);
    return 0;
}
