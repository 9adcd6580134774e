/* SPDX-License-Identifier: MIT */
/* hotdom clone: asks for a user's password, shows progress; hv/store does the
 * work. */
#include <getopt.h>
#include <stdio.h>

#include "../store/clone.h"
#include "cmd.h"
#include "open_store.h"
#include "packed.h"
#include "password.h"
#include "work.h"

struct arguments {
    const char *store;
    struct hd_clone in;
    struct hd_work work;
    bool quiet;
};

static int ask(void *ctx, const char *user, struct hd_secret **ret,
               struct hd_err *err)
{
    const struct hd_work *work = ctx;
    char prompt[64];

    snprintf(prompt, sizeof(prompt), "Password of user %s", user);
    return hd_password_read(work->password_fd, prompt, ret, err);
}

static int take(struct arguments *a, int c, const char *option,
                struct hd_err *err)
{
    switch (c) {
    case 'o':
        a->in.pack.output = optarg;
        return 0;
    case 'k':
        a->in.pack.key = optarg;
        return 0;
    case 'u':
        a->in.user = optarg;
        return 0;
    case 'f':
        a->in.pack.force = true;
        return 0;
    case 'R':
        a->in.pack.no_recovery_key = true;
        return 0;
    case 'r':
        a->in.resign = true;
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    case 'p':
        return hd_password_fd(optarg, &a->work.password_fd, err);
    default:
        return hd_fail(err, HD_E_USAGE, "unknown or incomplete option %s",
                       option);
    }
}

static int parse(int argc, char **argv, struct arguments *a, struct hd_err *err)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"key", required_argument, NULL, 'k'},
        {"user", required_argument, NULL, 'u'},
        {"force", no_argument, NULL, 'f'},
        {"no-recovery-key", no_argument, NULL, 'R'},
        {"password-fd", required_argument, NULL, 'p'},
        {"resign", no_argument, NULL, 'r'},
        {"quiet", no_argument, NULL, 'q'},
        {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "o:u:q", options, NULL)) != -1)
        if (take(a, c, argv[optind - 1], err))
            return -1;
    if (optind != argc - 1)
        return hd_fail(err, HD_E_USAGE,
                       "name one store: an image, a device or a name");
    a->store = argv[optind];
    if (!a->in.pack.output || !a->in.pack.key)
        return hd_fail(err, HD_E_USAGE, "-o and --key are both needed");
    return 0;
}

/* A keyslot costs what it cost in the source: the same hosts open both. */
static void fill_in(struct arguments *a, const struct hd_open_store *o)
{
    const struct hd_luks_facts *luks = &o->answer->luks;

    a->in.medium = o->medium;
    a->in.store = o->answer;
    a->in.headers = o->headers;
    a->in.trusted = *o->trusted;
    a->in.pack.cost =
        (struct hd_luks_cost){luks->memory_kib, luks->time, luks->lanes};
    a->in.pack.ops = (struct hd_pack_ops){.password = ask,
                                          .progress = hd_work_show,
                                          .ctx = &a->work,
                                          .interrupted = "nothing was cloned"};
}

int hd_cmd_clone(int argc, char **argv, struct hd_err *err)
{
    struct arguments a = {.work = {.password_fd = -1}};
    hd_auto(hd_open_store) o = NULL;
    hd_auto(hd_secret) recovery = NULL;
    struct hd_packed packed = {0};
    int rc;

    if (parse(argc, argv, &a, err) || hd_open_store(a.store, &o, err) ||
        hd_open_store_idle(o, err))
        return -1;
    fill_in(&a, o);
    hd_work_begin(&a.work, a.quiet);
    rc = hd_clone(&a.in, &packed, err);
    hd_work_end(&a.work);
    recovery = packed.recovery;
    return rc ? -1 : hd_packed_print(&packed, a.in.pack.output, err);
}
