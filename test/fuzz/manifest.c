/* SPDX-License-Identifier: MIT */
/* Fuzzes the YAML reader with the manifest's tables.  An input is the text. */
#include "fuzz.h"

#include "../../hv/store/manifest.h"
#include "../../pv-drivers/base/mem.h"

/* What is accepted passes its own checks, and is the same when it was written
 * and read again. */
static void check_result(const struct hd_manifest *m, unsigned which)
{
    hd_autofree struct hd_manifest *back = NULL;
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    size_t len;

    MUST(!hd_manifest_check(m, which, &err));
    MUST(!hd_yaml_write(&hd_manifest_table, which, m, &text, &len, &err));
    MUST(!hd_manifest_parse(text, len, which, &back, &err));
    MUST(!memcmp(m, back, sizeof(*m)));
}

static void check_refusal(const struct hd_err *err)
{
    MUST(err->code == HD_E_BAD_MANIFEST);
    MUST(err->msg[0] && strnlen(err->msg, sizeof(err->msg)) < sizeof(err->msg));
    for (const char *c = err->msg; *c; c++)
        MUST((unsigned char)*c >= ' ' && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    /* Only the form on a store lists its files. */
    unsigned which = memmem(data, len, "files:", 6) ? HD_F_SIGNED : HD_F_SOURCE;
    hd_autofree struct hd_manifest *m = NULL;
    const char *text = (const char *)data;
    struct hd_err err = {0};

    if (!hd_manifest_parse(text, len, which, &m, &err))
        check_result(m, which);
    else
        check_refusal(&err);
    return 0;
}
