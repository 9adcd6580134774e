/* SPDX-License-Identifier: MIT */
/* Commands of `hotdom` against a hotdomd that tests play: the linker sends
 * their calls, and their pauses, here (--wrap). */
#ifndef HD_TEST_CLI_KIT_H
#define HD_TEST_CLI_KIT_H

#include "../../hv/cli/cmd.h"
#include "unit.h"

/* "Method {parameters}" as it is to come, and the reply's parameters. */
struct cli_kit_turn {
    const char *asked, *answer;
};

/* What the last command has printed. */
extern char cli_kit_printed[4096];

/* Runs it with these words, the first of them its name, up to NULL.  All turns
 * are to be taken, in their order; who asks more gets HD_E_TIMEOUT. */
int cli_kit_run(hd_cmd_fn *cmd, const char *const *words,
                const struct cli_kit_turn *turns, size_t n, struct hd_err *err);

#define CHECK_PRINTS(text) CU_ASSERT_STRING_EQUAL(cli_kit_printed, text)

#endif
