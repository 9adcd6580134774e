/* SPDX-License-Identifier: MIT */
/* hotdom pack: asks for passwords, shows progress; hv/store does the work. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "../store/pack.h"
#include "cmd.h"
#include "password.h"
#include "progress.h"

struct packing {
    struct hd_progress progress;
    int password_fd; /* -1: the terminal */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
    (void)sig;
    interrupted = 1;
}

static int ask(void *ctx, const char *user, struct hd_secret **ret,
               struct hd_err *err)
{
    const struct packing *p = ctx;
    char prompt[64];

    snprintf(prompt, sizeof(prompt), "New password for user %s", user);
    return hd_password_new(p->password_fd, prompt, ret, err);
}

static int show(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    struct packing *p = ctx;

    hd_progress_show(&p->progress, phase, done, total);
    return interrupted;
}

static int parse(int argc, char **argv, struct hd_pack *in, int *password_fd,
                 bool *quiet, struct hd_err *err)
{
    static const struct option options[] = {
        {"manifest", required_argument, NULL, 'm'},
        {"key", required_argument, NULL, 'k'},
        {"output", required_argument, NULL, 'o'},
        {"force", no_argument, NULL, 'f'},
        {"password-fd", required_argument, NULL, 'p'},
        {"quiet", no_argument, NULL, 'q'},
        {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "o:q", options, NULL)) != -1) {
        if (c == 'm')
            in->manifest = optarg;
        else if (c == 'k')
            in->key = optarg;
        else if (c == 'o')
            in->output = optarg;
        else if (c == 'f')
            in->force = true;
        else if (c == 'q')
            *quiet = true;
        else if (c != 'p')
            return hd_fail(err, HD_E_USAGE, "unknown or incomplete option %s",
                           argv[optind - 1]);
        else if (hd_password_fd(optarg, password_fd, err))
            return -1;
    }
    if (optind < argc)
        return hd_fail(err, HD_E_USAGE, "unexpected argument %s", argv[optind]);
    if (!in->manifest || !in->key || !in->output)
        return hd_fail(err, HD_E_USAGE,
                       "--manifest, --key and -o are all needed");
    return 0;
}

static void print_packed(const struct hd_packed *packed, const char *output)
{
    char id[HD_UUID_SIZE], signer[HD_SIGNER_TEXT], size[HD_PROGRESS_SIZE];

    hd_uuid_format(&packed->store.id, id);
    hd_signer_format(&packed->signer, signer);
    printf("store %s on %s\n  id      %s\n  signer  %s\n  size    %s\n",
           packed->store.name, output, id, signer,
           hd_progress_size(packed->size, size));
}

int hd_cmd_pack(int argc, char **argv, struct hd_err *err)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct packing packing = {.password_fd = -1};
    struct hd_pack in = {
        .ops = {.password = ask, .progress = show, .ctx = &packing}};
    struct hd_packed packed;
    bool quiet = false;
    int rc;

    if (parse(argc, argv, &in, &packing.password_fd, &quiet, err))
        return -1;
    hd_progress_init(&packing.progress, stderr, quiet);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    rc = hd_pack(&in, &packed, err);
    hd_progress_fini(&packing.progress);
    if (rc)
        return -1;
    print_packed(&packed, in.output);
    return 0;
}
