/* SPDX-License-Identifier: MIT */
/* What the program `hotdom` leaves to `hotdom-whole`: the commands that do more
 * than ask hotdomd need many libraries, and to load those takes longer than the
 * answer of the others.  Both programs have one source, hotdom.c; in the one
 * that has all of its commands none of these is NULL. */
#ifndef HD_CLI_WHOLE_H
#define HD_CLI_WHOLE_H

#include "cmd.h"

#pragma weak hd_cmd_clone
#pragma weak hd_cmd_doctor
#pragma weak hd_cmd_dump
#pragma weak hd_cmd_explain
#pragma weak hd_cmd_info
#pragma weak hd_cmd_inspect
#pragma weak hd_cmd_keygen
#pragma weak hd_cmd_metrics
#pragma weak hd_cmd_pack
#pragma weak hd_cmd_passwd
#pragma weak hd_cmd_plan
#pragma weak hd_cmd_policy
#pragma weak hd_cmd_repair
#pragma weak hd_cmd_repair_dry
#pragma weak hd_cmd_revert
#pragma weak hd_cmd_top
#pragma weak hd_cmd_trust
#pragma weak hd_cmd_update
#pragma weak hd_cmd_user
#pragma weak hd_cmd_verify
#pragma weak hd_cmd_verify_host

#endif
