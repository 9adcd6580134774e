/* SPDX-License-Identifier: MIT */
/* hotdom trust: keeps the trusted signers; never changes a store. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/trust.h"
#include "client.h"
#include "cmd.h"
#include "follow.h"
#include "show_json.h"

static int print_list(bool json, struct hd_err *err)
{
    hd_autofree struct hd_trusted *list = NULL;
    hd_autofree char *skipped = NULL;
    struct json_object *array = json_object_new_array();
    char text[HD_SIGNER_TEXT];
    size_t n;

    if (hd_trust_list(HD_TRUSTED_DIR, &list, &n, &skipped, err)) {
        json_object_put(array);
        return -1;
    }
    if (skipped)
        fprintf(stderr, "hotdom trust: left out: %s\n", skipped);
    if (!json)
        printf("%-16s  %s\n", "NAME", "KEY");
    for (size_t i = 0; i < n; i++) {
        struct json_object *o = json_object_new_object();

        hd_signer_format(&list[i].signer, text);
        json_object_object_add(o, "name", json_object_new_string(list[i].name));
        json_object_object_add(o, "key", json_object_new_string(text));
        json_object_array_add(array, o);
        if (!json)
            printf("%-16s  %s\n", list[i].name, text);
    }
    if (json)
        hd_show_json(array);
    json_object_put(array);
    return 0;
}

/* KEY is the text form, or the file that keygen wrote. */
static int read_key(const char *key, struct hd_signer *ret, struct hd_err *err)
{
    hd_autofree char *pem = NULL;
    size_t len;

    if (!strncmp(key, "ed25519:", 8))
        return hd_signer_parse(key, ret, err);
    if (hd_io_read_file(key, HD_SIGNER_PEM, &pem, &len, err) ||
        hd_signer_parse_pem(pem, len, ret, err))
        return hd_wrap(err, "%s is no Ed25519 public key", key);
    return 0;
}

static int add(const char *name, const char *key, struct hd_err *err)
{
    struct hd_signer signer;

    if (read_key(key, &signer, err) ||
        hd_trust_add(HD_TRUSTED_DIR, name, &signer, err))
        return -1;
    printf("stores signed by %s are accepted from now on\n", name);
    /* A store that waits for this decision is looked at again; with no daemon
     * there is none. */
    hd_client_call("Rescan", NULL, NULL, NULL);
    return 0;
}

static int rm(const char *name, struct hd_err *err)
{
    if (hd_trust_rm(HD_TRUSTED_DIR, name, err))
        return -1;
    printf("stores signed by %s are refused from now on\n", name);
    return 0;
}

/* hotdomd keeps the record, and reads a refused store again. */
static int reset(const char *store, struct hd_err *err)
{
    struct json_object *reply, *now;

    if (hd_follow_call("TrustReset", hd_follow_store("store", store), &reply,
                       err))
        return -1;
    now = json_object_object_get(reply, "store");
    printf("%s: %s; what was seen of it before is forgotten\n",
           hd_client_text(now, "store"), hd_client_text(now, "state"));
    json_object_put(reply);
    return 0;
}

int hd_cmd_trust(int argc, char **argv, struct hd_err *err)
{
    const char *verb = argc > 1 ? argv[1] : "";

    if (!strcmp(verb, "list") && argc == 2)
        return print_list(false, err);
    if (!strcmp(verb, "list") && argc == 3 && !strcmp(argv[2], "--json"))
        return print_list(true, err);
    if (!strcmp(verb, "add") && argc == 4)
        return add(argv[2], argv[3], err);
    if (!strcmp(verb, "rm") && argc == 3)
        return rm(argv[2], err);
    if (!strcmp(verb, "reset") && argc == 3)
        return reset(argv[2], err);
    return hd_fail(err, HD_E_USAGE,
                   "say list, add NAME KEY, rm NAME, or reset STORE");
}
