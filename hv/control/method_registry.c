/* SPDX-License-Identifier: MIT */
/* The method that looks at a running guest's registry and changes it; does not
 * wait for the guest. */
#include "method_registry.h"

#include <string.h>

#include "../../pv-drivers/base/regcall.h"
#include "../daemon/daemon.h"
#include "../daemon/inquiry.h"
#include "named.h"
#include "registry_json.h"

static int take_key(const struct hd_request *req, const char *name,
                    char ret[HD_KEY_SIZE], struct hd_err *err)
{
    const char *key;

    if (hd_request_string(req, name, HD_KEY_SIZE - 1, &key, err))
        return -1;
    if (key && *key && !hd_key_is_valid(key))
        return hd_fail(err, HD_E_USAGE, "%s: \"%.64s\" is no key", name, key);
    strcpy(ret, key ? key : "");
    return 0;
}

static int take_call(const struct hd_request *req, struct hd_regcall *ret,
                     struct hd_err *err)
{
    const char *op;

    if (hd_request_string(req, "op", 16, &op, err) ||
        take_key(req, "key", ret->key, err) ||
        take_key(req, "from", ret->from, err) ||
        hd_request_number(req, "since", &ret->since, err))
        return -1;
    return op && hd_regcall_op_find(op, &ret->op)
               ? 0
               : hd_fail(err, HD_E_USAGE,
                         "op is ls, get, set, replace, export or changes");
}

/* The question's bytes in `ret`, which is the caller's also when it fails. */
static int ask(const struct hd_request *req, struct hd_entries *ret,
               enum hd_regcall_op *ret_op, struct hd_err *err)
{
    struct hd_entries entries = {.max = HD_REGCALL_ASK_MAX};
    struct json_object *map = NULL;
    struct hd_regcall call = {0};
    int rc = take_call(req, &call, err);

    if (!rc && req->parameters &&
        json_object_object_get_ex(req->parameters, "entries", &map))
        rc = hd_registry_from_json(map, &entries, err);
    call.entries = entries.data;
    call.len = entries.used;
    if (!rc)
        rc = hd_regcall_format(&call, ret, err);
    hd_entries_fini(&entries);
    *ret_op = call.op;
    return rc;
}

int hd_method_registry(struct hd_daemon *d, struct hd_conn *conn,
                       const struct hd_request *req, struct hd_err *err)
{
    struct hd_entries question = {.max = HD_REGCALL_ASK_MAX};
    struct hd_guest_life *guest;
    struct hd_store *store;
    enum hd_regcall_op op;
    int rc = hd_named_request(&d->stores, req, &store, &guest, err) ||
             ask(req, &question, &op, err) ||
             hd_inquiry_begin(store, guest, &question, op, conn, err);

    hd_entries_fini(&question);
    return rc ? -1 : 0;
}
