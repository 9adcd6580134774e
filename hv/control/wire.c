/* SPDX-License-Identifier: MIT */
/* The control socket's messages (DESIGN section 7), both ends; no sockets. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../plan/json_read.h"

#define DEPTH 8 /* of what we say or hear; 3 are in use */

int hd_frame_add(struct hd_frame *frame, const char *bytes, size_t len,
                 struct hd_err *err)
{
    size_t need = frame->used + len;

    if (need > frame->max)
        return hd_fail(err, HD_E_USAGE, "the message is longer than %zu bytes",
                       frame->max);
    if (need > frame->room) {
        size_t room = need < 4096 ? 4096 : need * 2;
        char *grown = malloc(room);

        if (!grown)
            return hd_fail_errno(err, HD_E_FAILED, "take a message");
        /* Not realloc: the old bytes may hold a password. */
        if (frame->used) {
            memcpy(grown, frame->buf, frame->used);
            explicit_bzero(frame->buf, frame->used);
        }
        free(frame->buf);
        frame->buf = grown;
        frame->room = room;
    }
    memcpy(frame->buf + frame->used, bytes, len);
    frame->used = need;
    return 0;
}

const char *hd_frame_first(const struct hd_frame *frame)
{
    if (!frame->used || !memchr(frame->buf, '\0', frame->used))
        return NULL;
    return frame->buf;
}

void hd_frame_drop(struct hd_frame *frame)
{
    const char *first = hd_frame_first(frame);
    size_t len = first ? strlen(first) + 1 : frame->used;
    size_t left = frame->used - len;

    if (!frame->buf)
        return;
    memmove(frame->buf, frame->buf + len, left);
    explicit_bzero(frame->buf + left, frame->used - left);
    frame->used = left;
}

void hd_frame_clear(struct hd_frame *frame)
{
    if (frame->buf)
        explicit_bzero(frame->buf, frame->used);
    free(frame->buf);
    frame->buf = NULL;
    frame->used = frame->room = 0;
}

/* `json_type_null`, and `*ret` NULL, when it is absent. */
static int member(struct json_object *object, const char *key,
                  enum json_type type, struct json_object **ret,
                  struct hd_err *err)
{
    struct json_object *value = NULL;

    if (object)
        json_object_object_get_ex(object, key, &value);
    if (value && !json_object_is_type(value, type))
        return hd_fail(err, HD_E_USAGE, "\"%s\" must be of type %s", key,
                       json_type_to_name(type));
    *ret = value;
    return 0;
}

int hd_request_parse(const char *text, struct hd_request *ret,
                     struct hd_err *err)
{
    const size_t prefix = strlen(HD_WIRE_PREFIX);
    struct hd_request req = {.root =
                                 hd_json_read(text, strlen(text), DEPTH,
                                              HD_E_USAGE, "the message", err)};
    struct json_object *method, *more;
    int rc = -1;

    if (!req.root)
        return -1;
    if (!member(req.root, "method", json_type_string, &method, err) &&
        !member(req.root, "parameters", json_type_object, &req.parameters,
                err) &&
        !member(req.root, "more", json_type_boolean, &more, err))
        rc = 0;
    req.more = rc == 0 && json_object_get_boolean(more);
    req.method = rc == 0 && method ? json_object_get_string(method) : "";
    if (rc == 0 && strncmp(req.method, HD_WIRE_PREFIX, prefix))
        rc = hd_fail(err, HD_E_USAGE,
                     "\"%.64s\" is no method of " HD_WIRE_PREFIX "*",
                     req.method);
    if (rc) {
        hd_request_fini(&req);
        return -1;
    }
    req.method += prefix;
    *ret = req;
    return 0;
}

static void wipe(struct json_object *parameters, const char *key)
{
    struct json_object *secret = NULL;

    if (parameters)
        json_object_object_get_ex(parameters, key, &secret);
    if (json_object_is_type(secret, json_type_string))
        explicit_bzero((char *)json_object_get_string(secret),
                       (size_t)json_object_get_string_len(secret));
}

void hd_request_fini(struct hd_request *request)
{
    wipe(request->parameters, "password");
    wipe(request->parameters, "new_password");
    json_object_put(request->root);
    *request = (struct hd_request){0};
}

int hd_request_string(const struct hd_request *request, const char *key,
                      size_t max, const char **ret, struct hd_err *err)
{
    struct json_object *value;
    const char *text;
    size_t len;

    if (member(request->parameters, key, json_type_string, &value, err))
        return -1;
    if (!value) {
        *ret = NULL;
        return 0;
    }
    text = json_object_get_string(value);
    len = (size_t)json_object_get_string_len(value);
    if (len > max)
        return hd_fail(err, HD_E_USAGE, "\"%s\" is longer than %zu bytes", key,
                       max);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return hd_fail(err, HD_E_USAGE, "\"%s\" holds a control character",
                           key);
    *ret = text;
    return 0;
}

int hd_request_bool(const struct hd_request *request, const char *key,
                    bool *ret, struct hd_err *err)
{
    struct json_object *value;

    if (member(request->parameters, key, json_type_boolean, &value, err))
        return -1;
    *ret = json_object_get_boolean(value);
    return 0;
}

int hd_request_number(const struct hd_request *request, const char *key,
                      uint64_t *ret, struct hd_err *err)
{
    struct json_object *value;

    if (member(request->parameters, key, json_type_int, &value, err))
        return -1;
    if (value && json_object_get_int64(value) < 0)
        return hd_fail(err, HD_E_USAGE, "%s is below 0", key);
    *ret = value ? (uint64_t)json_object_get_int64(value) : 0;
    return 0;
}

int hd_request_only(const struct hd_request *request, const char *const *keys,
                    struct hd_err *err)
{
    if (!request->parameters)
        return 0;
    json_object_object_foreach(request->parameters, key, value)
    {
        size_t i = 0;

        (void)value;
        while (keys[i] && strcmp(keys[i], key))
            i++;
        if (!keys[i])
            return hd_fail(err, HD_E_USAGE, "%s takes no parameter \"%.64s\"",
                           request->method, key);
    }
    return 0;
}

struct json_object *hd_reply_ok(struct json_object *parameters, bool continues)
{
    struct json_object *reply = json_object_new_object();

    json_object_object_add(reply, "parameters", parameters);
    if (continues)
        json_object_object_add(reply, "continues",
                               json_object_new_boolean(true));
    return reply;
}

struct json_object *hd_reply_error(const struct hd_err *why)
{
    struct json_object *reply = json_object_new_object();
    struct json_object *parameters = json_object_new_object();

    json_object_object_add(parameters, "reason",
                           json_object_new_string(hd_err_reason(why->code)));
    json_object_object_add(parameters, "message",
                           json_object_new_string(why->msg));
    json_object_object_add(reply, "error",
                           json_object_new_string(HD_WIRE_ERROR));
    json_object_object_add(reply, "parameters", parameters);
    return reply;
}

int hd_reply_read(struct json_object *reply,
                  struct json_object **ret_parameters, bool *ret_continues,
                  struct hd_err *err)
{
    struct json_object *error, *parameters, *continues, *reason, *message;

    if (member(reply, "error", json_type_string, &error, err) ||
        member(reply, "parameters", json_type_object, &parameters, err) ||
        member(reply, "continues", json_type_boolean, &continues, err))
        return hd_wrap(err, "hotdomd's reply");
    if (error) {
        if (member(parameters, "reason", json_type_string, &reason, err) ||
            member(parameters, "message", json_type_string, &message, err))
            return hd_wrap(err, "hotdomd's reply");
        return hd_fail(err,
                       (enum hd_code)hd_err_code(
                           reason ? json_object_get_string(reason) : ""),
                       "%s",
                       message ? json_object_get_string(message)
                               : json_object_get_string(error));
    }
    *ret_parameters = parameters;
    *ret_continues = json_object_get_boolean(continues);
    return 0;
}
