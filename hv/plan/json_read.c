/* SPDX-License-Identifier: MIT */
/* Reads JSON text strictly; never takes a part of it. */
#include "json_read.h"

struct json_object *hd_json_read(const char *text, size_t len, int depth,
                                 enum hd_code code, const char *what,
                                 struct hd_err *err)
{
    struct json_tokener *tok = json_tokener_new_ex(depth);
    struct json_object *root;
    enum json_tokener_error why;

    if (!tok) {
        hd_fail_errno(err, HD_E_FAILED, "read JSON");
        return NULL;
    }
    json_tokener_set_flags(tok,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tok, text, (int)len + 1);
    why = json_tokener_get_error(tok);
    if (why == json_tokener_success && json_tokener_get_parse_end(tok) < len)
        why = json_tokener_error_parse_unexpected;
    json_tokener_free(tok);
    if (why == json_tokener_success &&
        json_object_is_type(root, json_type_object))
        return root;
    json_object_put(root);
    hd_fail(err, code, "%s is no JSON object: %s", what,
            why == json_tokener_success ? "another type"
                                        : json_tokener_error_desc(why));
    return NULL;
}
