/* SPDX-License-Identifier: MIT */
/* Fuzzes what dom0 believes of a guest's registry, and what the guest believes
 * of a host and of a file that is imported: pieces, answers, requests, JSON. */
#include "fuzz.h"

#include "../../dom-guest/entry_json.h"
#include "../../hv/control/registry_json.h"
#include "../../pv-drivers/bus/piece.h"

static void must_be_shown(const char *text)
{
    for (; *text; text++)
        MUST(*text >= ' ' && *text <= '~');
}

static void check_answer(char *text, size_t len)
{
    struct hd_entries bytes = {.data = text, .used = len, .max = len};
    struct json_object *o = NULL;
    struct hd_err err = {0};

    if (hd_registry_read_answer(&bytes, &o, &err))
        must_be_shown(err.msg);
    else
        json_object_put(o);
}

static void check_request(const char *text, size_t len)
{
    struct hd_regcall call;

    if (hd_regcall_parse(text, len, &call, NULL))
        return;
    MUST(!*call.key || hd_key_is_valid(call.key));
    MUST(call.entries + call.len == text + len);
}

/* What was read is written, and read again as the same. */
static void check_json(const char *text, size_t len)
{
    struct hd_entries e = {.max = 1 << 20};
    struct hd_entry one;
    size_t left;
    const char *at;

    if (!hd_entry_json_parse(text, len, &e, NULL)) {
        at = e.data;
        left = e.used;
        while (e.used && hd_entries_next(&at, &left, &one, NULL) > 0)
            MUST(one.value.type == HD_VALUE_NONE ||
                 hd_value_is_valid(&one.value));
        MUST(!e.used || !left);
    }
    hd_entries_fini(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = malloc(len + 1);
    struct hd_piece piece;

    MUST(text);
    memcpy(text, data, len);
    text[len] = '\0';
    if (hd_piece_parse(text, &piece))
        MUST(piece.len <= HD_PIECE_DATA);
    check_answer(text, len);
    check_request(text, len);
    check_json(text, len);
    free(text);
    return 0;
}
