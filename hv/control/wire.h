/* SPDX-License-Identifier: MIT */
/* The control socket's messages (DESIGN section 7), both ends; no sockets. */
#ifndef HD_CONTROL_WIRE_H
#define HD_CONTROL_WIRE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"

/* The Varlink wire shape: JSON objects, each ended by a NUL byte. */
#define HD_WIRE_PREFIX      "io.hotdom."
#define HD_WIRE_ERROR       "io.hotdom.Error"
#define HD_WIRE_REQUEST_MAX (64 << 10) /* bytes, with the NUL */
#define HD_WIRE_REPLY_MAX   (16 << 20)

/* Bytes as they come in; its owner clears it. Zeroed memory is an empty one
 * but for `max`. */
struct hd_frame {
    char *buf;
    size_t used, room, max;
};

/* HD_E_USAGE when a message grows beyond `max`. */
int hd_frame_add(struct hd_frame *frame, const char *bytes, size_t len,
                 struct hd_err *err);
/* The first whole message, NUL-terminated, or NULL; borrowed. */
const char *hd_frame_first(const struct hd_frame *frame);
/* Wipes that message and takes it out. */
void hd_frame_drop(struct hd_frame *frame);
void hd_frame_clear(struct hd_frame *frame);

struct hd_request {
    struct json_object *root;       /* owned */
    const char *method;             /* without the prefix */
    struct json_object *parameters; /* an object, or NULL */
    bool more;
};

/* HD_E_USAGE for what is no such object; names no more of it than 64 bytes. */
int hd_request_parse(const char *text, struct hd_request *ret,
                     struct hd_err *err);
/* Wipes the parameters "password" and "new_password", too. */
void hd_request_fini(struct hd_request *request);
/* A string without NUL or control characters, at most `max` bytes; NULL when
 * it is absent. */
int hd_request_string(const struct hd_request *request, const char *key,
                      size_t max, const char **ret, struct hd_err *err);
int hd_request_bool(const struct hd_request *request, const char *key,
                    bool *ret, struct hd_err *err);
/* A whole number, not below 0; 0 when it is absent. */
int hd_request_number(const struct hd_request *request, const char *key,
                      uint64_t *ret, struct hd_err *err);
/* Refuses parameters that `keys` (NULL-terminated) does not name. */
int hd_request_only(const struct hd_request *request, const char *const *keys,
                    struct hd_err *err);

/* {"parameters": ...}; takes `parameters`. */
struct json_object *hd_reply_ok(struct json_object *parameters, bool continues);
struct json_object *hd_reply_error(const struct hd_err *why);
/* The client's side: 0 with borrowed `*ret_parameters`, or the error that the
 * reply holds. */
int hd_reply_read(struct json_object *reply,
                  struct json_object **ret_parameters, bool *ret_continues,
                  struct hd_err *err);

#endif
