/* SPDX-License-Identifier: MIT */
/* hotdom-guest: the agent inside a guest.  It runs in no host and knows none of
 * its passwords or keys. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/log.h"
#include "../pv-drivers/base/version.h"
#include "duty.h"
#include "duty_report.h"
#include "early.h"
#include "paths.h"
#include "registry_cmd.h"
#include "table.h"

struct command {
    const char *name, *args, *help;
    int (*run)(int argc, char **argv, struct hd_err *err);
};

static int cmd_init(int argc, char **argv, struct hd_err *err);
static int cmd_start(int argc, char **argv, struct hd_err *err);
static int cmd_status(int argc, char **argv, struct hd_err *err);

static const struct command commands[] = {
    {"init", "", "be the first process of a ramdisk", cmd_init},
    {"start", "", "do what the host says, and stay behind", cmd_start},
    {"status", "[--json]", "what the host says and is told", cmd_status},
    {"registry", "VERB ...", "look at the registry and change it",
     hd_registry_cmd},
};

/* ---- init */

static int cmd_init(int argc, char **argv, struct hd_err *err)
{
    (void)argc;
    if (getpid() != 1)
        return hd_fail(err, HD_E_USAGE,
                       "init is for the first process; you mean start");
    (void)hd_early_run(argv, err);
    hd_log(HD_LOG_ERROR, "%s; the guest ends", err->msg);
    sync();
    sleep(2); /* somebody may read the console */
    return reboot(RB_POWER_OFF);
}

/* What the kernel runs when the host asks for the end, where there is no other
 * init than this. */
static int end(int how)
{
    sync();
    return reboot(how);
}

/* ---- start */

static int cmd_start(int argc, char **argv, struct hd_err *err)
{
    struct hd_duty d;

    (void)argv;
    if (argc > 1)
        return hd_fail(err, HD_E_USAGE, "start takes no argument");
    if (hd_duty_open(&d, err)) {
        if (err->code != HD_E_BUSY)
            return -1;
        hd_log(HD_LOG_INFO, "%s", err->msg);
        return 0;
    }
    hd_duty_begin(&d);
    hd_duty_report(&d, "ready");
    return hd_duty_go_on_behind(&d, err);
}

/* ---- status */

static bool agent_runs(void)
{
    hd_autofd int fd = open(HD_GUEST_LOCK, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB);
}

/* Of printable text: what JSON would take for its own. */
static void print_json_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < ' ' || c > '~')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print(const char *key, const char *value, bool json, bool last)
{
    if (json) {
        printf("  \"%s\": ", key);
        print_json_text(value);
        puts(last ? "" : ",");
        return;
    }
    printf("%s:", key);
    for (; *value; value++)
        if (*value == '\n' && value[1])
            printf("\n\t");
        else if (*value != '\n')
            putchar((unsigned char)*value < ' ' ? '?' : *value);
    putchar('\n');
}

static int cmd_status(int argc, char **argv, struct hd_err *err)
{
    char report[HD_BEAT_SIZE] = "";
    hd_autofree char *table = NULL;
    bool json = argc == 2 && !strcmp(argv[1], "--json");
    hd_auto(hd_xsdev) x = NULL;

    if (argc > 1 && !json)
        return hd_fail(err, HD_E_USAGE, "status takes --json alone");
    if (hd_xsdev_open(&x, err) || hd_table_read(x, &table, err) ||
        hd_xsdev_read(x, HD_BEAT_NODE, report, sizeof(report), err) < 0)
        return -1;
    fputs(json ? "{\n" : "", stdout);
    print("agent", agent_runs() ? "running" : "not running", json, false);
    print("report", report, json, false);
    print("tables", table, json, true);
    fputs(json ? "}\n" : "", stdout);
    return 0;
}

/* ---- main */

static void usage(FILE *out)
{
    fputs("usage: hotdom-guest COMMAND\n\n"
          "The agent inside a guest of hotdom; see hotdom-guest(8).\n\n",
          out);
    for (size_t i = 0; i < HD_ARRAY_LEN(commands); i++)
        fprintf(out, "  %-8s %-10s %s\n", commands[i].name, commands[i].args,
                commands[i].help);
    fputs("\n  --version            which one this is\n"
          "  --help               this text\n",
          out);
}

static int run(int argc, char **argv, struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(commands); i++)
        if (!strcmp(commands[i].name, argv[0])) {
            if (argc == 2 && !strcmp(argv[1], "--help")) {
                usage(stdout);
                return 0;
            }
            return commands[i].run(argc, argv, err);
        }
    return hd_fail(err, HD_E_USAGE, "there is no command %.32s; see --help",
                   argv[0]);
}

int main(int argc, char **argv)
{
    const char *me =
        strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    struct hd_err err = {0};
    int rc;

    hd_log_init("hotdom-guest", HD_LOG_INFO);
    if (!strcmp(me, "poweroff"))
        return end(RB_POWER_OFF) ? 1 : 0;
    if (!strcmp(me, "reboot"))
        return end(RB_AUTOBOOT) ? 1 : 0;
    if (!strcmp(me, "init"))
        return cmd_init(argc, argv, &err) ? 1 : 0;
    if (argc < 2 || !strcmp(argv[1], "--help")) {
        usage(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("hotdom-guest " HD_VERSION);
        return 0;
    }
    rc = run(argc - 1, argv + 1, &err);
    if (rc)
        fprintf(stderr, "hotdom-guest: %s\n", err.msg);
    return rc ? hd_err_status(err.code) : 0;
}
