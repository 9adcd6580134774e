/* SPDX-License-Identifier: MIT */
/* hotdom pack: asks for passwords, shows progress; hv/store does the work. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../store/pack.h"
#include "../store/yaml_scalar.h"
#include "cmd.h"
#include "packed.h"
#include "password.h"
#include "work.h"

static int ask(void *ctx, const char *user, struct hd_secret **ret,
               struct hd_err *err)
{
    const struct hd_work *p = ctx;
    char prompt[64];

    snprintf(prompt, sizeof(prompt), "New password for user %s", user);
    return hd_password_new(p->password_fd, prompt, ret, err);
}

/* Bounds of what a person may ask for: less is no protection and libcryptsetup
 * refuses fewer than 4 passes; more is refused by every host. */
static const struct hd_field kdf_memory = {.key = "memory",
                                           .type = HD_T_SIZE,
                                           .size = sizeof(uint64_t),
                                           .min = 8u << 20,
                                           .max = (uint64_t)HD_LUKS_MEMORY_MAX
                                                  << 10};
static const struct hd_field kdf_time = {.key = "time",
                                         .type = HD_T_UINT,
                                         .size = sizeof(uint64_t),
                                         .min = 4,
                                         .max = HD_LUKS_TIME_MAX};

static int parse_kdf_memory(const char *text, uint32_t *ret_kib,
                            struct hd_err *err)
{
    uint64_t bytes;

    if (hd_scalar_parse(&kdf_memory, text, strlen(text), HD_E_USAGE, &bytes,
                        NULL))
        return hd_fail(err, HD_E_USAGE,
                       "--kdf-memory is a size from 8M to 2G, not \"%s\"",
                       text);
    *ret_kib = (uint32_t)(bytes >> 10);
    return 0;
}

static int parse_kdf_time(const char *text, uint32_t *ret, struct hd_err *err)
{
    uint64_t passes;

    if (hd_scalar_parse(&kdf_time, text, strlen(text), HD_E_USAGE, &passes,
                        NULL))
        return hd_fail(err, HD_E_USAGE,
                       "--kdf-time is a number of passes from 4 to %u, not "
                       "\"%s\"",
                       HD_LUKS_TIME_MAX, text);
    *ret = (uint32_t)passes;
    return 0;
}

static int parse_value(int c, struct hd_pack *in, int *password_fd,
                       struct hd_err *err)
{
    if (c == 'r')
        return strcmp(optarg, "auto")
                   ? hd_fail(err, HD_E_USAGE,
                             "--ramdisk is auto, not \"%s\"; a ramdisk of "
                             "your own is named in the manifest",
                             optarg)
                   : 0;
    if (c == 'M')
        return parse_kdf_memory(optarg, &in->cost.memory_kib, err);
    if (c == 'T')
        return parse_kdf_time(optarg, &in->cost.time, err);
    return hd_password_fd(optarg, password_fd, err);
}

static int parse(int argc, char **argv, struct hd_pack *in, int *password_fd,
                 bool *quiet, struct hd_err *err)
{
    static const struct option options[] = {
        {"manifest", required_argument, NULL, 'm'},
        {"key", required_argument, NULL, 'k'},
        {"output", required_argument, NULL, 'o'},
        {"force", no_argument, NULL, 'f'},
        {"kdf-memory", required_argument, NULL, 'M'},
        {"kdf-time", required_argument, NULL, 'T'},
        {"no-recovery-key", no_argument, NULL, 'R'},
        {"ramdisk", required_argument, NULL, 'r'},
        {"modules", required_argument, NULL, 'd'},
        {"password-fd", required_argument, NULL, 'p'},
        {"quiet", no_argument, NULL, 'q'},
        {0},
    };
    bool ramdisk = false;
    int c;

    while ((c = getopt_long(argc, argv, "o:q", options, NULL)) != -1) {
        ramdisk |= c == 'r';
        if (c == 'm')
            in->manifest = optarg;
        else if (c == 'k')
            in->key = optarg;
        else if (c == 'o')
            in->output = optarg;
        else if (c == 'd')
            in->modules = optarg;
        else if (c == 'f')
            in->force = true;
        else if (c == 'q')
            *quiet = true;
        else if (c == 'R')
            in->no_recovery_key = true;
        else if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown or incomplete option %s",
                           argv[optind - 1]);
        else if (parse_value(c, in, password_fd, err))
            return -1;
    }
    if (optind < argc)
        return hd_fail(err, HD_E_USAGE, "unexpected argument %s", argv[optind]);
    if (!in->manifest || !in->key || !in->output)
        return hd_fail(err, HD_E_USAGE,
                       "--manifest, --key and -o are all needed");
    if (ramdisk != (in->modules != NULL))
        return hd_fail(err, HD_E_USAGE,
                       "--ramdisk auto and --modules, the folder of the "
                       "guests' kernel, go together");
    return 0;
}

int hd_cmd_pack(int argc, char **argv, struct hd_err *err)
{
    struct hd_work work = {.password_fd = -1};
    struct hd_pack in = {.cost = hd_luks_default_cost,
                         .ops = {.password = ask,
                                 .progress = hd_work_show,
                                 .ctx = &work,
                                 .interrupted = "nothing was packed"}};
    struct hd_packed packed = {0};
    bool quiet = false;
    int rc;

    if (parse(argc, argv, &in, &work.password_fd, &quiet, err))
        return -1;
    hd_work_begin(&work, quiet);
    rc = hd_pack(&in, &packed, err);
    hd_work_end(&work);
    if (rc)
        return -1;
    rc = hd_packed_print(&packed, in.output, err);
    if (packed.recovery)
        hd_secret_free(packed.recovery);
    return rc;
}
