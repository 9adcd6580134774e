/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of a guest's report.  An input is what xenstore holds. */
#include "fuzz.h"

#include "../../hv/domain/agent.h"

static void must_be_shown(const char *text)
{
    for (; *text; text++)
        MUST(*text >= ' ' && *text <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hd_agent_report r;
    struct hd_err err = {0};
    char text[2 * HD_AGENT_TEXT];
    size_t n = len < sizeof(text) ? len : sizeof(text) - 1;

    memcpy(text, data, n);
    text[n] = '\0';
    if (hd_agent_parse(text, &r, &err)) {
        must_be_shown(err.msg);
        return 0;
    }
    must_be_shown(r.os);
    must_be_shown(r.why);
    must_be_shown(r.version);
    MUST(r.n_addresses <= HD_AGENT_ADDRESSES);
    for (uint32_t i = 0; i < r.n_addresses; i++)
        must_be_shown(r.addresses[i]);
    return 0;
}
