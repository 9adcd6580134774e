/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of the host's policy.  An input is the text. */
#include "fuzz.h"

#include "../../hv/host/policy.h"
#include "../../pv-drivers/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct hd_policy policy, back;
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    size_t n;

    if (hd_policy_parse((const char *)data, len, &policy, &err)) {
        for (const char *c = err.msg; *c; c++)
            MUST((unsigned char)*c >= ' ' && *c != 0x7f);
        return 0;
    }
    /* What is accepted is the same when it was written and read again. */
    MUST(!hd_yaml_check(&hd_policy_table, 0, &policy, HD_E_FAILED, &err));
    MUST(!hd_yaml_write(&hd_policy_table, 0, &policy, &text, &n, &err));
    MUST(!hd_policy_parse(text, n, &back, &err));
    MUST(!memcmp(&policy, &back, sizeof(policy)));
    return 0;
}
