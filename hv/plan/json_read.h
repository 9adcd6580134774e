/* SPDX-License-Identifier: MIT */
/* JSON text from elsewhere, read strictly. */
#ifndef HD_PLAN_JSON_READ_H
#define HD_PLAN_JSON_READ_H

#include <json-c/json.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"

/* One object and nothing behind it, of UTF-8, at most `depth` deep; `len` bytes
 * of `text`, NUL-terminated behind them.  The caller puts it.  NULL with `code`
 * and "WHAT is no JSON object: ...". */
struct json_object *hd_json_read(const char *text, size_t len, int depth,
                                 enum hd_code code, const char *what,
                                 struct hd_err *err);

#endif
