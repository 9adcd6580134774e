/* SPDX-License-Identifier: MIT */
/* The command line's end of hotdomd's socket; prints nothing. */
#ifndef HD_CLI_CLIENT_H
#define HD_CLI_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/* How long an answer may take that hotdomd has at hand. */
#define HD_CLIENT_QUICK_MS 10000

struct hd_client; /* one connection, one call at a time */

/* HD_E_NO_XEN or HD_E_NO_DAEMON, with what to do about it. */
int hd_client_open(struct hd_client **ret, struct hd_err *err);
void hd_client_free(struct hd_client *client);
/* For poll(2): readable when a reply, or a part of it, is there. */
int hd_client_fd(const struct hd_client *client);
HD_DEFINE_AUTO(hd_client)

/* `method` without the prefix; `parameters` is taken and may be NULL; `more`
 * asks for several replies. */
int hd_client_send(struct hd_client *client, const char *method,
                   struct json_object *parameters, bool more,
                   struct hd_err *err);
/* Blocks for the next reply until `deadline_ms`; an error that it holds is
 * ours.  `*ret` (owned by the client until the next one) holds its parameters;
 * `*ret_continues` says whether another one follows. */
int hd_client_receive(struct hd_client *client, uint64_t deadline_ms,
                      struct json_object **ret, bool *ret_continues,
                      struct hd_err *err);

/* One quick call with one reply: open, send, receive.  The caller puts
 * `*ret`; `ret` may be NULL. */
int hd_client_call(const char *method, struct json_object *parameters,
                   struct json_object **ret, struct hd_err *err);
/* The same of one that takes longer. */
int hd_client_call_within(const char *method, struct json_object *parameters,
                          uint64_t within_ms, struct json_object **ret,
                          struct hd_err *err);

/* `reply` is borrowed. */
typedef void hd_client_fn(struct json_object *reply, bool json);
/* One call with many replies: `fn` has each but the last, with `json` as it is.
 * Each comes quickly, or with `until_interrupted` whenever it comes.  While it
 * waits, the program ends with SIGPIPE when nobody reads stdout any more:
 * `hotdom events --follow | grep -m 1 ...` does not hang. */
int hd_client_each(const char *method, struct json_object *parameters,
                   bool until_interrupted, hd_client_fn *fn, bool json,
                   struct hd_err *err);

/* Strings and numbers of replies; "" and 0 for what is not there. */
const char *hd_client_text(struct json_object *object, const char *key);
int64_t hd_client_number(struct json_object *object, const char *key);
double hd_client_seconds(struct json_object *object, const char *key);

#endif
