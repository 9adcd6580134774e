/* SPDX-License-Identifier: MIT */
/* Fuzzes the control socket's messages, both ends (hv/control/wire).  An input
 * is the length of the pieces they arrive in, and the bytes. */
#include "fuzz.h"

#include "../../hv/control/wire.h"

static void take_apart(const struct hd_request *req)
{
    static const char *const keys[] = {"store", "user", "password", "follow",
                                       NULL};
    struct hd_err err = {0};
    const char *text = NULL;
    bool flag;

    for (size_t i = 0; keys[i]; i++) {
        if (hd_request_string(req, keys[i], 256, &text, &err) || !text)
            continue;
        MUST(strlen(text) <= 256);
        for (const char *c = text; *c; c++)
            MUST((unsigned char)*c >= ' ' && *c != 0x7f);
    }
    (void)hd_request_bool(req, "follow", &flag, &err);
    if (hd_request_only(req, keys, &err))
        MUST(strnlen(err.msg, sizeof(err.msg)) < sizeof(err.msg));
}

static void as_request(const char *text)
{
    struct hd_request req = {0};
    struct hd_err err = {0};

    if (hd_request_parse(text, &req, &err)) {
        MUST(err.code == HD_E_USAGE && !req.root);
        return;
    }
    MUST(req.root && req.method);
    take_apart(&req);
    hd_request_fini(&req);
    MUST(!req.root);
}

static void as_reply(const char *text)
{
    struct json_object *reply = json_tokener_parse(text), *parameters = NULL;
    struct hd_err err = {0};
    bool continues;

    if (reply && json_object_is_type(reply, json_type_object) &&
        hd_reply_read(reply, &parameters, &continues, &err))
        MUST(err.code > HD_OK && err.code < HD_CODE_COUNT);
    json_object_put(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hd_frame frame = {.max = 4096};
    struct fuzz_input in = {data, len};
    size_t piece = fuzz_byte(&in) + 1u;

    while (in.left) {
        size_t n = in.left < piece ? in.left : piece;
        const char *first;

        if (hd_frame_add(&frame, (const char *)in.at, n, NULL))
            break;
        in.at += n;
        in.left -= n;
        while ((first = hd_frame_first(&frame))) {
            as_request(first);
            as_reply(first);
            hd_frame_drop(&frame);
        }
        MUST(frame.used <= frame.max);
    }
    hd_frame_clear(&frame);
    return 0;
}
