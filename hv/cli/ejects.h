/* SPDX-License-Identifier: MIT */
/* The ejects of many stores, side by side: who is to be asked, and what came of
 * it. */
#ifndef HD_CLI_EJECTS_H
#define HD_CLI_EJECTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* So many are waited for, each on a connection of its own: half of what hotdomd
 * has (HD_CONTROL_CONNS).  The others are only begun, and are waited for until
 * they are not listed any more. */
#define HD_EJECTS 32

struct hd_client;

struct hd_eject {
    char name[256];           /* as the store is called; empty: a free place */
    struct hd_client *client; /* owned; NULL: it failed, and was told */
};

/* Zero is none. */
struct hd_ejects {
    struct hd_eject of[HD_EJECTS];
    struct hd_err worst; /* the last failure */
};

/* Begins those of List's `reply` that nobody has begun, however many they are.
 * Blocks for as long as hotdomd takes to answer. */
int hd_ejects_begin(struct hd_ejects *ejects, struct json_object *reply,
                    struct hd_err *err);
/* Blocks until one that is waited for has come out, or `until_ms`; prints how
 * each has. */
void hd_ejects_hear(struct hd_ejects *ejects, uint64_t until_ms);
/* Waits for none any more; who failed stays so. */
void hd_ejects_hang_up(struct hd_ejects *ejects);

/* ---- pure; `store` is one of List's */

enum hd_ejects_step {
    HD_EJECTS_NONE, /* it is on its way, or has failed */
    HD_EJECTS_WAIT, /* to be begun, and there is a place to wait in */
    HD_EJECTS_ASK,  /* to be begun, and no such place */
};

enum hd_ejects_step hd_ejects_next(const struct hd_ejects *ejects,
                                   struct json_object *store);
/* Somebody has begun its eject: its guests are being asked. */
bool hd_ejects_is_begun(struct json_object *store);
/* How many of `reply`, and of those that are waited for, are on their way, or
 * will be asked again because they are read or started just now; and the first
 * one's name, borrowed. */
size_t hd_ejects_left(const struct hd_ejects *ejects, struct json_object *reply,
                      const char **ret_name);
/* NULL: all are taken. */
struct hd_eject *hd_ejects_place(struct hd_ejects *ejects);

#endif
