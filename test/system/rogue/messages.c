/* SPDX-License-Identifier: MIT */
/* Messages that are none, or none of this protocol. */
#include <errno.h>
#include <string.h>

#include "attack.h"
#include "client.h"

static int a_size(uint32_t size)
{
    uint8_t message[11] = {size & 255, size >> 8 & 255, size >> 16 & 255,
                           size >> 24, CLUNK,           ROGUE_TAG};

    return rogue_ask_raw(message, sizeof(message));
}

static int no_size(void)
{
    return a_size(0);
}

static int a_size_below_a_header(void)
{
    return a_size(HD_9P_HEADER - 1);
}

static int a_size_above_a_message(void)
{
    return a_size(HD_9P_MSIZE + 1);
}

static int the_largest_size(void)
{
    return a_size(UINT32_MAX);
}

static int half_a_message_and_later_the_rest(void)
{
    rogue_begin(CLUNK), rogue_put(0, 4);
    hd_9p_put_at(&rogue_out, 0, rogue_out.len, 4);
    frontend_send(&rogue_frontend, rogue_out.buf, 5);
    frontend_notify(&rogue_frontend);
    return rogue_ask_raw(rogue_out.buf + 5, rogue_out.len - 5);
}

static int a_request_that_is_cut(void)
{
    rogue_begin(CLUNK), rogue_put(0, 1);
    return rogue_ask();
}

static int a_request_with_more_behind_it(void)
{
    rogue_begin(CLUNK), rogue_put(0, 4), rogue_put(0, 8);
    return rogue_ask();
}

static int a_type_that_is_none(void)
{
    return rogue_ask_fid(255, 0);
}

static int a_reply_as_a_request(void)
{
    return rogue_ask_fid(RLERROR, 0);
}

static int authentication(void)
{
    rogue_begin(AUTH), rogue_put(1, 4), rogue_put_text("root"),
        rogue_put_text(""), rogue_put(0, 4);
    return rogue_ask();
}

static int a_version_that_is_none(void)
{
    int rc = rogue_version(HD_9P_MSIZE, "9P1999");

    rogue_put_attach(0);
    return rc ? rc : rogue_ask();
}

static int a_version_of_small_messages(void)
{
    return rogue_version(100, "9P2000.L");
}

static int a_version_of_messages_of_4_gib(void)
{
    int rc = rogue_version(UINT32_MAX, "9P2000.L");

    return rc ? rc : hd_9p_get(&rogue_in, 4) == HD_9P_MSIZE ? 0 : EMSGSIZE;
}

static int two_requests_with_one_tag(void)
{
    int first;

    rogue_begin(GETATTR), rogue_put(0, 4), rogue_put(0x7ff, 8);
    rogue_send_all();
    rogue_begin(CLUNK), rogue_put(0, 4);
    rogue_send_all();
    frontend_notify(&rogue_frontend);
    first = rogue_hear();
    return first ? first : rogue_hear();
}

const struct attack rogue_messages[] = {
    ATTACK(no_size, ROGUE_ENDED),
    ATTACK(a_size_below_a_header, ROGUE_ENDED),
    ATTACK(a_size_above_a_message, ROGUE_ENDED),
    ATTACK(the_largest_size, ROGUE_ENDED),
    ATTACK(half_a_message_and_later_the_rest, 0),
    ATTACK(a_request_that_is_cut, EPROTO),
    ATTACK(a_request_with_more_behind_it, EPROTO),
    ATTACK(a_type_that_is_none, EOPNOTSUPP),
    ATTACK(a_reply_as_a_request, EOPNOTSUPP),
    ATTACK(authentication, EOPNOTSUPP),
    ATTACK(a_version_that_is_none, EPROTO),
    ATTACK(a_version_of_small_messages, EPROTO),
    ATTACK(a_version_of_messages_of_4_gib, 0),
    ATTACK(two_requests_with_one_tag, 0),
    {NULL},
};
