/* SPDX-License-Identifier: MIT */
/* Tests hv/store/text: hostile text in a message of ours. */
#include <string.h>

#include "../../hv/store/text.h"
#include "unit.h"

/* Characters of four bytes may stand anywhere around the cut. */
static void a_quoted_text_stays_in_its_buffer_wherever_it_is_cut(void)
{
    for (size_t before = 0; before < 45; before++) {
        char text[64] = "", buf[HD_TEXT_QUOTED + 16];

        memset(text, 'a', before);
        strcpy(text + before, "\xf3\x98\x8a\x9a\xf3\x98\x8a\x9a"
                              "bcd");
        memset(buf, '#', sizeof(buf));
        hd_text_quote(buf, text, strlen(text));
        CU_ASSERT_PTR_NOT_NULL_FATAL(memchr(buf, '\0', HD_TEXT_QUOTED));
        for (size_t i = HD_TEXT_QUOTED; i < sizeof(buf); i++)
            CU_ASSERT_EQUAL(buf[i], '#');
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_quoted_text_stays_in_its_buffer_wherever_it_is_cut),
};

HD_SUITE("store/text", tests);
