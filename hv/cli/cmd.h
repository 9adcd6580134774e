/* SPDX-License-Identifier: MIT */
/* What a command of `hotdom` is: one file cmd_NAME.c, one row in hotdom.c. */
#ifndef HD_CLI_CMD_H
#define HD_CLI_CMD_H

#include <stdbool.h>

#include "../../pv-drivers/base/err.h"

/*
 * argv[0] is the command's name; getopt_long(3) is reset for it.  Prints its
 * result on stdout; returns 0, or -1 with `err` filled in, which main prints
 * once ("hotdom COMMAND: MESSAGE") and turns into the exit status.  `--help` is
 * handled by main, from the row.
 */
typedef int hd_cmd_fn(int argc, char **argv, struct hd_err *err);

struct hd_cmd {
    const char *name;
    const char *usage; /* behind the name: "STORE [-u USER]" */
    const char *brief; /* one line for the list of commands */
    const char *help;  /* options, one a line, two spaces in front */
    hd_cmd_fn *run;
    hd_cmd_fn *dry_run; /* with -N in front; NULL: it cannot */
};

hd_cmd_fn hd_cmd_attach, hd_cmd_block_attach, hd_cmd_block_detach, hd_cmd_clone,
    hd_cmd_console, hd_cmd_destroy, hd_cmd_doctor, hd_cmd_dump, hd_cmd_eject,
    hd_cmd_events, hd_cmd_explain, hd_cmd_info, hd_cmd_inspect, hd_cmd_keygen,
    hd_cmd_list, hd_cmd_metrics, hd_cmd_network_attach, hd_cmd_network_detach,
    hd_cmd_pack, hd_cmd_passwd, hd_cmd_pause, hd_cmd_plan, hd_cmd_policy,
    hd_cmd_reboot, hd_cmd_registry, hd_cmd_repair, hd_cmd_repair_dry,
    hd_cmd_revert, hd_cmd_shutdown, hd_cmd_table, hd_cmd_top, hd_cmd_trust,
    hd_cmd_unlock, hd_cmd_unpause, hd_cmd_update, hd_cmd_user, hd_cmd_verify,
    hd_cmd_verify_host;

#endif
